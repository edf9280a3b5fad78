/**
 * Decides about a redirect. Within the origin it is followed if that is safe; any other redirect is refused. No
 * request, and so no credential, is ever sent to another origin.
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Redaction from "@privx-kit/core/Redaction"
import { TransportError } from "../TransportError.ts"
import type * as ResponseFailure from "../ResponseFailure.ts"

const maxHops = 5

export type Redirect =
  | { readonly _tag: "Followed"; readonly path: string }
  | { readonly _tag: "Refused"; readonly failure: TransportError }

export interface From {
  readonly origin: string
  /** Prefix of the path of each endpoint. */
  readonly pathPrefix: string
  /** The requested path and query. */
  readonly path: string
  readonly method: string
  readonly hops: number
}

/** `undefined` if the response is not a redirect. */
export const follow = (answer: ResponseFailure.Answer, from: From): Redirect | undefined => {
  const location = answer.headers.location
  if (answer.status < 300 || answer.status > 399 || typeof location !== "string") return undefined
  const redact = Redaction.redactor(answer.secrets ?? [])
  const refused = (detail: string, advice?: string): Redirect => ({
    _tag: "Refused",
    failure: new TransportError({
      operation: answer.operation,
      origin: from.origin,
      reason: "redirectRefused",
      detail: `${answer.status}, ${redact(detail)}`,
      ...(advice === undefined ? undefined : { advice: redact(advice) })
    })
  })
  if (!URL.canParse(location, from.origin + from.path)) return refused("to something that is not a URL")
  const target = new URL(location, from.origin + from.path)
  const shown = addressOf(target)
  if (target.origin !== from.origin) return refused(`to ${shown}`, adviceFor(target, from))
  if (from.hops >= maxHops) return refused(`more than ${maxHops} consecutive redirects, the last one to ${shown}`)
  const keepsMethod = answer.status === 307 || answer.status === 308 || from.method === "GET" || from.method === "HEAD"
  if (!keepsMethod) return refused(`to ${shown}, would turn ${from.method} into GET`, adviceFor(target, from))
  return { _tag: "Followed", path: target.pathname + target.search }
}

/** Without user, query and fragment, which may contain secrets. */
const addressOf = (target: URL): string =>
  Failure.singleLine(/^https?:$/.test(target.protocol) ? target.origin + target.pathname : target.protocol, 300)

/** If the server only moved, the text before the requested path is the new base URL. */
const adviceFor = (target: URL, { origin, path, pathPrefix }: From): string | undefined => {
  const endpoint = (path.split("?", 1)[0] ?? "").slice(pathPrefix.length)
  const isMoved = /^https?:$/.test(target.protocol) && endpoint.length > 1 && target.pathname.endsWith(endpoint)
  const base = target.origin + target.pathname.slice(0, -endpoint.length)
  if (!isMoved || base === origin + pathPrefix) return undefined
  return `If this is the same PrivX, use ${base} as the base URL: credentials are not sent to another origin.`
}
