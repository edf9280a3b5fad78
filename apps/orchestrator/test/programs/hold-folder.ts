/** Opens a data folder, says how that went, and holds it until it is killed. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataFolder } from "../../src/DataFolder.ts"
import * as Storage from "../../src/Storage.ts"

const [folder = ""] = process.argv.slice(2)

Storage.layer.pipe(
  Layer.provide(DataFolder.layer(folder)),
  Layer.build,
  Effect.andThen(Console.log("held")),
  Effect.andThen(Effect.never),
  Effect.scoped,
  Effect.catch((failure) => Console.log(`${failure._tag} ${JSON.stringify(failure)}`)),
  Effect.runFork
)
setInterval(() => undefined, 60_000)
