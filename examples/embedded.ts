/**
 * The durable jobs of privx-kit in a program of your own, without the command line: starts a setup run, follows it, reads its
 * result, and would resume it after a crash. A simulator stands in for PrivX.
 */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import { Runs } from "@privx-kit/runs/Runs"
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as DomainList from "privx-kit/DomainList"
import { uebaDomain } from "privx-kit/Domains"
import * as EmbeddedRuntime from "privx-kit/EmbeddedRuntime"
import { Setups } from "privx-kit/Setups"

// #region embedded
/** Joins the unfinished run of these inputs if an earlier process died, otherwise starts one. */
const setup = Effect.fn("setup")(function* (target: URL, output: string) {
  const { manifest, report, runId } = yield* Setups.use((setups) => setups.run({ target, output }))
  const run = yield* Runs.use((runs) => runs.get(runId))
  yield* Console.log(`Run ${run?.status}: ${report.checks.length} checks, manifest at ${path.basename(manifest)}`)
})

const runtime = (dataDir: string, target: URL) =>
  EmbeddedRuntime.layerSetups({ dataDir, target }).pipe(
    Layer.provide(DomainList.layer([uebaDomain])),
    Layer.provide(
      Layer.succeed(RunEvents, (event) =>
        event._tag === "StepCompleted" ? Console.log(`${event.title}: ${event.summary}`) : Effect.void
      )
    )
  )
// #endregion

const program = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-example-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
  )
  const simulator = yield* Simulator.make()
  const privx = Transport.layer.pipe(
    Layer.provideMerge(TokenProvider.layerApiClient(simulator.apiClient)),
    Layer.provideMerge(Connection.layer({ baseUrl: simulator.url }))
  )
  yield* setup(simulator.url, path.join(directory, "out")).pipe(
    Effect.provide(runtime(path.join(directory, "data"), simulator.url).pipe(Layer.provide(privx)))
  )
})

await Effect.runPromise(Effect.scoped(program))
