/** A workflow of two steps on the embedded engine, executed twice: the second process finds that it is over. */
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-durable-"))

// #region workflow
const Greeting = Workflow.make("Greeting", {
  payload: { name: Schema.String },
  idempotencyKey: ({ name }) => name,
  success: Schema.String
})

/** A step whose result is in the journal is not executed again, whenever the process dies. */
const greeting = Greeting.toLayer(
  Effect.fnUntraced(function* ({ name }) {
    const hour = yield* Activity.make({
      name: "look at the clock",
      success: Schema.Int,
      execute: Effect.as(Console.log("looking at the clock"), 9)
    })
    return `${hour < 12 ? "Good morning" : "Hello"}, ${name}`
  })
)

const engine = greeting.pipe(
  Layer.provideMerge(EmbeddedEngine.layer),
  Layer.provide(SqliteStorage.layer),
  Layer.provide(DataDirectory.layer(path.join(directory, "data")))
)
// #endregion

const executed = Greeting.execute({ name: "Mia" }).pipe(
  Effect.flatMap(Console.log),
  Effect.provide(Layer.fresh(engine))
)

await Effect.runPromise(Effect.andThen(executed, executed))
fs.rmSync(directory, { recursive: true })
