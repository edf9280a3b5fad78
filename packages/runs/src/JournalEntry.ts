/** The schema of the journal entry of an activity. */
import * as Schema from "effect/Schema"
import { RunStep } from "./Run.ts"

/** The journal entry of an activity: its value and the steps so far. */
export const journaled = <A, I>(success: Schema.Codec<A, I>) => {
  const known = journalSchemas.get(success) as ReturnType<typeof journalSchema<A, I>> | undefined
  const schema = known ?? journalSchema(success)
  if (known === undefined) journalSchemas.set(success, schema)
  return schema
}

const journalSchema = <A, I>(value: Schema.Codec<A, I>) => Schema.Struct({ value, steps: Schema.Array(RunStep) })

/** One for each schema, so that Effect compiles it once. */
const journalSchemas = new WeakMap<object, unknown>()
