/** The schema of a fault. `Fault` documents it; it is in this module so that the parser can use it. */
import * as Schema from "effect/Schema"
import { FaultAction } from "../FaultAction.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }))

export const Fault = Schema.Struct({
  /**
   * `*`, the name of an operation (`Ueba.createSession`), or the name of its endpoint (`createSession`). Requests to
   * unknown paths are not affected by faults.
   */
  operation: Schema.String.check(Schema.isPattern(/^(\*|[A-Za-z][A-Za-z0-9_.-]*)$/)),
  action: FaultAction,
  /** How often it occurs. Absent: always. */
  times: Schema.optionalKey(Count),
  /** Number of matching requests before the fault occurs. */
  skip: Schema.optionalKey(Count),
  /** The percentage of matching requests that it affects. Absent: all of them. */
  percent: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
  /** Seed of the generator for `percent`. Absent: derived from the seed of the simulator. */
  seed: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 32 - 1 })))
}).annotate({ identifier: "Fault" })

export interface Fault extends Schema.Schema.Type<typeof Fault> {}
