/**
 * Executes some setups and kills itself, as by `kill -9`, when it passes a crash point for the n-th time.
 *
 * `crash-setups.ts DATA_DIR TARGET OUTPUT KEYS POINT NTH`, with the token in `TOKEN`; `-` means no point. Prints `ready`
 * before it starts, and `result` for each run. If it completes, it prints `passed` with the passed points.
 */
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import { Connection } from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as DomainList from "../../src/domain/DomainList.ts"
import { builtIn } from "../../src/Domains.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as path from "node:path"
import * as CrashPoints from "@privx-kit/durable/CrashPoints"
import { Setups } from "../../src/setup/Setups.ts"

const [dataDir = "", url = "", output = "", keys = "", point = "-", nth = "1"] = process.argv.slice(2)
const target = new URL(url)

const passed = new Map<string, number>()
const points = CrashPoints.make((reached) => {
  const times = (passed.get(reached) ?? 0) + 1
  passed.set(reached, times)
  // A signal to the own process is delivered before the call returns: nothing runs after this line.
  if (reached === point && times === Number(nth)) process.kill(process.pid, "SIGKILL")
})

const print = (word: string, value: unknown) => Console.log(`${word} ${JSON.stringify(value)}`)

Effect.gen(function* () {
  yield* print("ready", {})
  const setups = yield* Setups
  yield* Effect.forEach(
    keys.split(","),
    (key) =>
      Effect.flatMap(setups.run({ target, idempotencyKey: key, output: path.join(output, key) }), (result) =>
        print("result", { key, runId: result.runId })
      ),
    { concurrency: "unbounded" }
  )
  yield* print("passed", [...passed.keys()])
}).pipe(
  Effect.provide(
    EmbeddedRuntime.layerSetups({ dataDir, target }).pipe(
      Layer.provide(DomainList.layer(builtIn)),
      Layer.provide(
        Transport.layer.pipe(
          Layer.provideMerge(TokenProvider.layerStatic(Redacted.make(process.env["TOKEN"] ?? ""))),
          Layer.provideMerge(Connection.layer({ baseUrl: target }))
        )
      ),
      Layer.provide(
        Layer.mergeAll(
          Layer.succeed(CrashPoints.CrashPoints, points),
          Layer.succeed(RetryPolicy.RetryPolicy, {
            ...RetryPolicy.defaults,
            base: Duration.millis(2),
            cap: Duration.millis(20)
          })
        )
      )
    )
  ),
  Effect.catch((failure) => print("failed", failure)),
  NodeRuntime.runMain
)
