/**
 * Verifies a script, or reuses a recent outcome. The hosts of a fleet usually serve the same script, and the findings
 * depend only on its bytes, the requirements and, for certificates, the date.
 *
 * @since 0.1.0
 */
import type { VerificationFailed } from "@privx-kit/ueba/VerificationFailed"
import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { type Options, verifySetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** How long a passed verification is reused, in milliseconds; not longer, because a certificate may expire. */
const knownFor = 60_000

const mostKnown = 64

/**
 * The outcomes that are reused. By default a process has one cache, in which all its runs share; a program that
 * provides a map of its own has a cache of its own.
 *
 * @since 0.1.0
 * @category references
 */
export const RecentReports = Context.Reference<
  Map<string, { readonly report: VerificationReport; readonly until: number }>
>("@privx-kit/ueba/VerificationCache/RecentReports", { defaultValue: () => new Map() })

/**
 * Verifies a script, or returns the report of the same verification.
 *
 * **When to use**: for the scripts of many hosts. `VerifySetupScript.verifySetupScript` always verifies.
 *
 * **Details**: a report is reused for one minute, for the same digest and the same options; the 64 latest ones are
 * kept. A failed verification is not reused.
 *
 * **Gotchas**: the digest is not compared with the bytes. Compute it from the bytes that you pass.
 *
 * **Errors**: `VerificationFailed`, with the report, if a check fails.
 *
 * @param sha256 of the bytes that have just been read
 *
 * @example
 * ```ts
 * import * as Sha256 from "@privx-kit/ueba/Sha256"
 * import * as VerificationCache from "@privx-kit/ueba/VerificationCache"
 *
 * export const report = (script: Uint8Array) =>
 *   VerificationCache.verify(Sha256.of(script), script, { maxBytes: 1024 * 1024 })
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const verify = Effect.fnUntraced(function* (
  sha256: string,
  bytes: Uint8Array,
  options: Options
): Effect.fn.Return<VerificationReport, VerificationFailed> {
  const key = `${sha256} ${JSON.stringify(options)}`
  const known = yield* RecentReports
  const now = yield* Clock.currentTimeMillis
  const found = known.get(key)
  if (found !== undefined && now < found.until) return found.report
  // A failed verification is not reused: a check may only have taken too long.
  const report = yield* verifySetupScript(bytes, options)
  known.delete(key)
  known.set(key, { report, until: now + knownFor })
  const [oldest] = known.size > mostKnown ? known.keys() : []
  if (oldest !== undefined) known.delete(oldest)
  return report
})
