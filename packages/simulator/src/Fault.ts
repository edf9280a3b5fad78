/**
 * A fault: which operation it affects, how often, and what goes wrong. Plain data with a schema, and a text form for the command
 * line.
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
import { FaultSyntaxError } from "./FaultSyntaxError.ts"
import * as Grammar from "./internal/faultGrammar.ts"
import * as Model from "./internal/faultModel.ts"

/**
 * The schema of a fault.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Fault: typeof Model.Fault = Model.Fault

/**
 * @since 0.1.0
 * @category models
 */
export interface Fault extends Model.Fault {}

/**
 * Parses the text form. The header of this module has the grammar.
 *
 * **Errors**: `FaultSyntaxError`, which names the part that cannot be parsed.
 *
 * @example
 * ```ts
 * import * as Fault from "@privx-kit/simulator/Fault"
 *
 * const fault = Fault.parse("createSession:503/MAX_LOAD*2,retry-after=1")
 * ```
 *
 * @since 0.1.0
 * @category text
 */
export const parse = (text: string): Result.Result<Fault, FaultSyntaxError> =>
  Result.mapError(Grammar.parse(text), (problem) => new FaultSyntaxError({ text, ...problem }))

/**
 * Writes the text form: `parse(format(fault))` is the same fault.
 *
 * @example
 * ```ts
 * import * as Fault from "@privx-kit/simulator/Fault"
 * import * as Result from "effect/Result"
 *
 * const fault = Fault.parse("createSession:503/MAX_LOAD*2")
 * const text = Result.isSuccess(fault) ? Fault.format(fault.success) : fault.failure.message
 * ```
 *
 * @since 0.1.0
 * @category text
 */
export const format: (fault: Fault) => string = Grammar.format
