/** Opens a data directory, prints the outcome, and holds the directory until it is killed. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DataDirectory } from "../../src/DataDirectory.ts"

const [directory = ""] = process.argv.slice(2)

Layer.build(DataDirectory.layer(directory)).pipe(
  Effect.andThen(Console.log("held")),
  Effect.andThen(Effect.never),
  Effect.scoped,
  Effect.catch((failure) => Console.log(`${failure._tag} ${JSON.stringify(failure)}`)),
  Effect.runFork
)
setInterval(() => undefined, 60_000)
