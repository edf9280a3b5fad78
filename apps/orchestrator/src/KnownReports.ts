/**
 * Verifies a script, or knows the outcome from a moment ago. The hosts of a fleet mostly hand out the same script, and what
 * is found depends on nothing but its bytes, on what it is held to, and, for certificates, on the day.
 */
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { type Options, verifySetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** So long a script that passed passes again, in milliseconds: a certificate may run out. */
const knownFor = 60_000

const mostKnown = 64

const known = new Map<string, { readonly report: VerificationReport; readonly until: number }>()

/**
 * @param sha256 of the bytes, as they have just been read
 */
export const verify = Effect.fnUntraced(function* (
  sha256: string,
  bytes: Uint8Array,
  options: Options
): Effect.fn.Return<VerificationReport, VerificationFailed> {
  const key = `${sha256} ${JSON.stringify(options)}`
  const now = yield* Clock.currentTimeMillis
  const found = known.get(key)
  if (found !== undefined && now < found.until) return found.report
  // What does not pass is looked at again each time: a check may only have taken too long.
  const report = yield* verifySetupScript(bytes, options)
  known.delete(key)
  known.set(key, { report, until: now + knownFor })
  const [oldest] = known.size > mostKnown ? known.keys() : []
  if (oldest !== undefined) known.delete(oldest)
  return report
})
