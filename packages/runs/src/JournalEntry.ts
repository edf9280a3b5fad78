/**
 * The schema of the journal entry of an activity.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { RunStep } from "./Run.ts"

/**
 * Returns the schema of the journal entry of an activity: its value, and the steps so far.
 *
 * **Details**: one for each schema, so that Effect compiles it once.
 *
 * @example
 * ```ts
 * import * as JournalEntry from "@privx-kit/runs/JournalEntry"
 * import * as Schema from "effect/Schema"
 *
 * export const entry = JournalEntry.journaled(Schema.Int)
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const journaled = <A, I>(success: Schema.Codec<A, I>) => {
  const known = journalSchemas.get(success) as ReturnType<typeof journalSchema<A, I>> | undefined
  const schema = known ?? journalSchema(success)
  if (known === undefined) journalSchemas.set(success, schema)
  return schema
}

const journalSchema = <A, I>(value: Schema.Codec<A, I>) => Schema.Struct({ value, steps: Schema.Array(RunStep) })

/** One for each schema, so that Effect compiles it once. */
const journalSchemas = new WeakMap<object, unknown>()
