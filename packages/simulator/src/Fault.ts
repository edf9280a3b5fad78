/**
 * A fault: which operation it meets, how often, and what then goes wrong. Plain data with a schema, and a text form for
 * the command line.
 *
 * ```text
 * fault      = operation ":" action *occurrence *( "," modifier )
 * operation  = "*" / name                  ; createSession, Ueba.createSession, token, … "*": every known operation
 * action     = status "/" code             ; 503/MAX_LOAD     error body, any status with any code
 *            / "empty/" status             ; empty/503        no body
 *            / "html/" status              ; html/502         a proxy's page
 *            / "malformed/" status         ; malformed/200    JSON that breaks off
 *            / "json/" status              ; json/502         JSON of another shape
 *            / "redirect/" status          ; redirect/307,location=https://elsewhere.example/
 *            / "delay=" duration           ; delay=2s         the right answer, later
 *            / "stall" [ "@" bytes ]       ; stall@100        silence, behind 100 bytes of the body
 *            / "reset" [ "@" bytes ]       ; reset            TCP reset before the head
 *            / "truncate@" bytes           ; truncate@1000    full Content-Length announced, closed behind 1000 bytes
 *            / "truncate-chunked@" bytes   ;                  chunked, closed without the terminating chunk
 *            / "shorter=" bytes            ; shorter=10       announces 10 bytes less than it sends
 *            / "longer=" bytes             ; longer=10        announces 10 bytes more than it sends
 *            / "slow=" bytes "/" duration  ; slow=1000/50ms   1000 bytes at a time, 50 ms apart
 *            / "close" [ "@" bytes ]       ; close            no length at all, ended by closing the connection
 * occurrence = "*" times                   ; *2     the first two matches only; without it: every match
 *            / "%" percent                 ; %33    a third of the matches, by a seeded generator
 *            / "+" skip                    ; +5     not the first five matches
 * modifier   = "retry-after=" seconds      ; retry-after=2       (answers with a status)
 *            / "retry-after=date+" seconds ; retry-after=date+2  as the HTTP date two seconds ahead
 *            / "message=" text / "property=" text / "details=" json / "code=" text   ; of an error body
 *            / "body=" text-or-json        ; of html/ and json/
 *            / "location=" uri             ; of redirect/
 *            / "seed=" integer             ; of %
 * duration   = digits ( "ms" / "s" / "m" )
 * ```
 *
 * Within the value of a modifier `%` and `,` are written `%25` and `%2C`, and any character may be (`%0A`).
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { FaultAction } from "./FaultAction.ts"
import { FaultSyntaxError } from "./FaultSyntaxError.ts"
import * as Grammar from "./internal/faultGrammar.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 31 - 1 }))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Fault = Schema.Struct({
  /**
   * `*`, the name of an operation (`Ueba.createSession`), or the name of its endpoint (`createSession`). A request that no
   * endpoint is there for meets no fault.
   */
  operation: Schema.String.check(Schema.isPattern(/^(\*|[A-Za-z][A-Za-z0-9_.-]*)$/)),
  action: FaultAction,
  /** How often it is played. Absent: always. */
  times: Schema.optionalKey(Count),
  /** How many matching requests pass before it begins. */
  skip: Schema.optionalKey(Count),
  /** The share of the matching requests that it is played for. Absent: all of them. */
  percent: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
  /** Seed of the generator behind `percent`. Absent: derived from the seed of the simulator. */
  seed: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 32 - 1 })))
}).annotate({ identifier: "Fault" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Fault extends Schema.Schema.Type<typeof Fault> {}

/**
 * Reads the text form; see the head of this module for its grammar.
 *
 * Fails with `FaultSyntaxError`, which names the part that was not understood.
 *
 * @since 0.1.0
 * @category text
 */
export const parse = (text: string): Result.Result<Fault, FaultSyntaxError> =>
  Result.mapError(Grammar.parse(text), (problem) => new FaultSyntaxError({ text, ...problem }))

/**
 * Writes the text form: `parse(format(fault))` is the same fault.
 *
 * @since 0.1.0
 * @category text
 */
export const format: (fault: Fault) => string = Grammar.format
