/**
 * Executes a bootstrap and kills itself, as by `kill -9`, at a crash point.
 *
 * `crash-bootstrap.ts DATA_DIR TARGET POINT`, with the token in `TOKEN` and the inputs as JSON in `INPUTS`; `-` means no
 * point. If it completes, it prints `result`, and then `passed` with the passed points.
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
import * as Schema from "effect/Schema"
import * as CrashPoints from "@privx-kit/durable/CrashPoints"
import { RunExecutor } from "@privx-kit/runs/RunExecutor"
import { nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { BootstrapRun } from "../../src/bootstrap/BootstrapRun.ts"

const [dataDir = "", url = "", point = "-"] = process.argv.slice(2)
const target = new URL(url)

const passed = new Set<string>()
const points = CrashPoints.make((reached) => {
  passed.add(reached)
  // A signal to the own process is delivered before the call returns: nothing runs after this line.
  if (reached === point) process.kill(process.pid, "SIGKILL")
})

const print = (word: string, value: unknown) => Console.log(`${word} ${JSON.stringify(value)}`)

Effect.gen(function* () {
  const executor = yield* RunExecutor
  const inputs = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(BootstrapRun.inputs))(process.env["INPUTS"])
  yield* print("result", yield* executor.run(BootstrapRun, { target: nameOf(target), inputs }))
  yield* print("passed", [...passed])
}).pipe(
  Effect.provide(
    EmbeddedRuntime.layer({ dataDir }).pipe(
      Layer.provide(DomainList.layer(builtIn)),
      Layer.provide(PrivxHosts.single(target)),
      Layer.provide(
        Transport.layer.pipe(
          Layer.provideMerge(TokenProvider.layerStatic(Redacted.make(process.env["TOKEN"] ?? ""))),
          Layer.provideMerge(Connection.layer({ baseUrl: target }))
        )
      ),
      Layer.provide(Layer.succeed(CrashPoints.CrashPoints, points)),
      Layer.provide(
        Layer.succeed(RetryPolicy.RetryPolicy, {
          ...RetryPolicy.defaults,
          base: Duration.millis(2),
          cap: Duration.millis(20)
        })
      )
    )
  ),
  Effect.catch((failure) => print("failed", failure)),
  NodeRuntime.runMain
)
