/**
 * A worker of a cluster, against one PrivX: `work.ts DATABASE_URL TARGET KEY_FOLDER [CONCURRENCY [POINT NTH]]`, with the
 * token in `TOKEN`. Prints `ready` when it works, and dies, as by `kill -9`, when it passes a crash point for the n-th time.
 */
import { Connection } from "@privx-kit/http/Connection"
import * as RetryPolicy from "@privx-kit/http/RetryPolicy"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Worker from "../../src/cluster/Worker.ts"
import * as CrashPoints from "../../src/runs/CrashPoints.ts"
import { Targets } from "../../src/Targets.ts"

const [databaseUrl = "", url = "", keyFolder = "", concurrency = "64", point = "-", nth = "1"] = process.argv.slice(2)
const target = new URL(url)

let passed = 0
const points = CrashPoints.make((reached) => {
  // A signal to oneself is delivered before the call returns: nothing runs after this line.
  if (reached === point && ++passed === Number(nth)) process.kill(process.pid, "SIGKILL")
})

Effect.andThen(Console.log("ready "), Worker.work({ concurrency: Number(concurrency) })).pipe(
  Effect.provide(
    Worker.layer({
      databaseUrl: Redacted.make(databaseUrl),
      host: "127.0.0.1",
      concurrency: Number(concurrency),
      keyFolder
    }).pipe(
      Layer.provide(Targets.single(target)),
      Layer.provide(Ueba.layer()),
      Layer.provide(Transport.layer),
      Layer.provide(TokenProvider.layerStatic(Redacted.make(process.env["TOKEN"] ?? ""))),
      Layer.provide(Connection.layer({ baseUrl: target })),
      Layer.provide(point === "-" ? Layer.empty : Layer.succeed(CrashPoints.CrashPoints, points)),
      Layer.provide(
        Layer.succeed(RetryPolicy.RetryPolicy, {
          ...RetryPolicy.defaults,
          base: Duration.millis(2),
          cap: Duration.millis(20)
        })
      )
    )
  ),
  NodeRuntime.runMain
)
