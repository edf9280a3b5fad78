/**
 * Executes one setup in a separate process, and prints each event and the result as lines.
 *
 * `run-setup.ts DATA_DIR TARGET OUTPUT`, with the token in `TOKEN`.
 */
import * as EmbeddedRuntime from "../../src/EmbeddedRuntime.ts"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as DomainList from "../../src/domain/DomainList.ts"
import { builtIn } from "../../src/Domains.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { RunEvents } from "@privx-kit/runs/RunEvents"
import { Setups } from "../../src/setup/Setups.ts"

const [dataDir = "", url = "", output = ""] = process.argv.slice(2)
const target = new URL(url)

const print = (word: string, value: unknown) => Console.log(`${word} ${JSON.stringify(value)}`)

Effect.flatMap(Setups, (setups) => setups.run({ target, output })).pipe(
  Effect.flatMap((result) => print("result", result)),
  Effect.provide(
    EmbeddedRuntime.layerSetups({ dataDir, target }).pipe(
      Layer.provide(DomainList.layer(builtIn)),
      Layer.provide(
        Transport.layer.pipe(
          Layer.provideMerge(TokenProvider.layerStatic(Redacted.make(process.env["TOKEN"] ?? ""))),
          Layer.provideMerge(Connection.layer({ baseUrl: target }))
        )
      ),
      Layer.provide(Layer.succeed(RunEvents, (event) => print(event._tag, event)))
    )
  ),
  Effect.catch((failure) => print("failed", failure)),
  NodeRuntime.runMain
)
