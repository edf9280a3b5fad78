/**
 * A proxy that validates requests and answers against the documents stands between the kit and the simulator, and reports
 * nothing. That it reports what is wrong is tried as well.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Playback } from "@privx-kit/playback/Playback"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as TimeRange from "@privx-kit/ueba/TimeRange"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import type { Name } from "../src/documents.ts"
import { home, workspace } from "../src/tools.ts"

const { close, document } = workspace()
afterAll(close)

const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** A proxy that answers 500 and more where a message does not fit the document. Its log is kept. */
const proxy = Effect.fnUntraced(function* (name: Name, upstream: URL) {
  const port = yield* freePort
  const log: Array<string> = []
  yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof spawn>>((resume) => {
      const child = spawn(
        path.join(home, "node_modules/.bin/prism"),
        ["proxy", document(name), upstream.origin, "--errors", "--port", String(port), "--host", "127.0.0.1"],
        { cwd: os.tmpdir(), env: { ...process.env, NO_COLOR: "1", CI: "true" } }
      )
      const read = (chunk: Buffer) => {
        log.push(chunk.toString())
        if (log.join("").includes("listening on")) resume(Effect.succeed(child))
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      child.once("exit", (code) => resume(Effect.die(new Error(`prism ended with ${code}: ${log.join("")}`))))
    }),
    (child) =>
      Effect.callback<void>((resume) => {
        child.removeAllListeners("exit")
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGTERM")
      })
  )
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    violations: Effect.sync(() =>
      log
        .join("")
        .split("\n")
        .filter((line) => /violation|error|✖|fail/i.test(line))
    )
  }
})

const privx = (baseUrl: URL, token: Redacted.Redacted<string>) =>
  Layer.mergeAll(Ueba.layer(), Playback.layer()).pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerStatic(token)),
    Layer.provide(Connection.layer({ baseUrl, proxy: false }))
  )

const everyCall = Effect.gen(function* () {
  const ueba = yield* Ueba
  const { id } = yield* ueba.createSession
  yield* Stream.runDrain(ueba.downloadSetupScript(id))
  const { address, trust_anchors } = yield* ueba.configuration
  yield* ueba.setConfiguration({ address, trust_anchors })
  yield* ueba.setAnomalySettings({ action: "AUDIT", threshold: (yield* ueba.anomalySettings).threshold ?? 0.5 })
  const time_range_settings = TimeRange.between(Date.now() - 30 * 86_400_000, Date.now())
  yield* ueba.countConnections({ ...time_range_settings, exclude: [] })
  const dataset = yield* ueba.createDataset({
    time_range_settings,
    comment: "c",
    use_for_inference_once_trained: false
  })
  yield* ueba.updateDataset(dataset.id, { time_range_settings })
  yield* ueba.trainDataset(dataset.id, { setActiveAfterTraining: false })
  yield* ueba.getDataset(dataset.id, { logs: true, binCount: 10 })
  yield* ueba.listDatasets({ logs: false })
  yield* ueba.startAnalyzing(dataset.id)
  yield* ueba.internalStatus
  yield* ueba.status
  yield* ueba.stopAnalyzing
  yield* ueba.deleteDataset(dataset.id)
  return yield* Effect.flip(ueba.getDataset(dataset.id))
})

describe("a validating proxy between the kit and the simulator", () => {
  it.live("reports nothing on any call of UEBA, refusals included", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ trainingDuration: 0 })
      const { url, violations } = yield* proxy("ueba", simulator.url)
      const token = yield* simulator.issueToken()
      const failure = yield* Effect.provide(everyCall, privx(url, token))
      assert.deepInclude(failure, { _tag: "GeneralError", status: 404 })
      const wrong = yield* Effect.flip(
        Effect.provide(
          Effect.flatMap(Ueba, (ueba) => ueba.status),
          privx(url, Redacted.make("wrong"))
        )
      )
      assert.deepInclude(wrong, { _tag: "PermissionDenied", status: 401 })
      assert.deepStrictEqual(yield* violations, [])
      assert.strictEqual(new Set((yield* simulator.requests).map(({ operation }) => operation)).size, 17)
    })
  )

  it.live("reports nothing on a re-authentication", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { url, violations } = yield* proxy("playback", simulator.url)
      const layer = privx(url, yield* simulator.issueToken())
      const id = yield* simulator.addPlaybackSession("a session/with signs")
      yield* Effect.flatMap(Playback, (playback) => playback.reauthenticate(id)).pipe(Effect.provide(layer))
      assert.deepStrictEqual(yield* violations, [])
    })
  )

  it.live("reports an answer that does not fit", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ faults: ['countConnections:json/200,body={"count":"many"}'] })
      const { url } = yield* proxy("ueba", simulator.url)
      const layer = privx(url, yield* simulator.issueToken())
      const failure = yield* Effect.flip(
        Effect.flatMap(Ueba, (ueba) => ueba.countConnections({})).pipe(Effect.provide(layer))
      )
      assert.strictEqual(failure._tag, "UnexpectedResponse")
      if (failure._tag === "UnexpectedResponse") assert.include(failure.excerpt, "VIOLATIONS")
    })
  )
})
