/**
 * What to do with a redirect: within the origin it is followed where that is safe, anything else is refused. Nothing is
 * ever sent to another origin, so no credential can be.
 */
import { TransportError } from "../TransportError.ts"
import type * as ResponseFailure from "../ResponseFailure.ts"

const maxHops = 5

export type Redirect =
  | { readonly _tag: "Followed"; readonly path: string }
  | { readonly _tag: "Refused"; readonly failure: TransportError }

/** `undefined` when the answer is no redirect. */
export const follow = (
  answer: ResponseFailure.Answer,
  from: { readonly origin: string; readonly path: string; readonly method: string; readonly hops: number }
): Redirect | undefined => {
  const location = answer.headers.location
  if (answer.status < 300 || answer.status > 399 || typeof location !== "string") return undefined
  const refused = (detail: string): Redirect => ({
    _tag: "Refused",
    failure: new TransportError({ operation: answer.operation, origin: from.origin, reason: "redirectRefused", detail })
  })
  if (!URL.canParse(location, from.origin + from.path)) return refused("to something that is no URL")
  const target = new URL(location, from.origin + from.path)
  if (target.origin !== from.origin) return refused(`to ${target.origin}`)
  if (from.hops >= maxHops) return refused(`more than ${maxHops} in a row`)
  const keepsMethod = answer.status === 307 || answer.status === 308 || from.method === "GET" || from.method === "HEAD"
  if (!keepsMethod) return refused(`${answer.status} would turn ${from.method} into GET`)
  return { _tag: "Followed", path: target.pathname + target.search }
}
