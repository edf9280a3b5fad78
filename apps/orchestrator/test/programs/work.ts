/**
 * A worker of a cluster, against one PrivX: `work.ts DATABASE_URL TARGET KEY_FOLDER [CONCURRENCY [POINT NTH [SIGNAL]]]`,
 * with the token in `TOKEN`. Prints `ready` when it is working. When it passes a crash point for the n-th time, it kills
 * itself, as by `kill -9`, or stops with another signal.
 */
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
import * as ClusterWorker from "../../src/worker/ClusterWorker.ts"
import * as CrashPoints from "@privx-kit/durable/CrashPoints"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"

const [databaseUrl = "", url = "", keyDirectory = "", concurrency = "64", point = "-", nth = "1", signal = "SIGKILL"] =
  process.argv.slice(2)
const target = new URL(url)

let passed = 0
const points = CrashPoints.make((reached) => {
  // A signal to the own process is delivered before the call returns: nothing runs after this line.
  if (reached === point && ++passed === Number(nth)) process.kill(process.pid, signal)
})

Effect.andThen(Console.log("ready "), ClusterWorker.work({ concurrency: Number(concurrency) })).pipe(
  Effect.provide(
    ClusterWorker.layer({
      databaseUrl: Redacted.make(databaseUrl),
      host: "127.0.0.1",
      concurrency: Number(concurrency),
      keyDirectory
    }).pipe(
      Layer.provide(PrivxHosts.single(target)),
      Layer.provide(DomainList.layer(builtIn)),
      Layer.provide(
        Transport.layer.pipe(
          Layer.provideMerge(TokenProvider.layerStatic(Redacted.make(process.env["TOKEN"] ?? ""))),
          Layer.provideMerge(Connection.layer({ baseUrl: target }))
        )
      ),
      Layer.provide(point === "-" ? Layer.empty : Layer.succeed(CrashPoints.CrashPoints, points)),
      Layer.provide(
        Layer.succeed(RetryPolicy.RetryPolicy, {
          ...RetryPolicy.defaults,
          // Up to two thirds of the calls fail in the suites that start this program.
          attempts: 30,
          base: Duration.millis(2),
          cap: Duration.millis(20)
        })
      )
    )
  ),
  NodeRuntime.runMain
)
