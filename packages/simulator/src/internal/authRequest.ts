/** Parses the requests of the authentication endpoints: forms, JSON, Basic credentials and the cookie of a node. */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as OAuthRefusal from "./oauthRefusal.ts"

export interface Fields {
  readonly get: (name: string) => string | undefined
  /** Fails with `invalid_request` if the field is absent or empty. */
  readonly require: (name: string) => Effect.Effect<string, OAuthRefusal.OAuthRefusal>
}

const fieldsOf = (get: (name: string) => string | undefined): Fields => ({
  get,
  require: (name) => {
    const value = get(name)
    return value === undefined || value === ""
      ? Effect.fail(OAuthRefusal.invalidRequest(`${name} is required`))
      : Effect.succeed(value)
  }
})

type Request = HttpServerRequest.HttpServerRequest

export const form = Effect.fnUntraced(function* (
  request: Request
): Effect.fn.Return<Fields, OAuthRefusal.OAuthRefusal> {
  const contentType = request.headers["content-type"] ?? ""
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(contentType)) {
    return yield* Effect.fail(OAuthRefusal.invalidRequest("the body must be a form"))
  }
  const params = yield* Effect.orDie(request.urlParamsBody)
  return fieldsOf((name) => Option.getOrUndefined(UrlParams.getFirst(params, name)))
})

export const json = Effect.fnUntraced(function* (
  request: Request
): Effect.fn.Return<Fields, OAuthRefusal.OAuthRefusal> {
  const body: unknown = yield* Effect.mapError(request.json, () => OAuthRefusal.invalidRequest("the body must be JSON"))
  if (typeof body !== "object" || body === null) {
    return yield* Effect.fail(OAuthRefusal.invalidRequest("the body must be an object"))
  }
  const entries = new Map(Object.entries(body))
  return fieldsOf((name) => {
    const value: unknown = entries.get(name)
    return typeof value === "string" ? value : undefined
  })
})

export const query = (request: Request): Fields => {
  const { searchParams } = new URL(request.url, "http://localhost")
  return fieldsOf((name) => searchParams.get(name) ?? undefined)
}

/** Id and secret of an `Authorization: Basic` header. */
export const basic = ({ headers }: Request): { readonly id: string; readonly secret: string } | undefined => {
  const [, encoded] = /^Basic +(\S+)$/i.exec(headers["authorization"] ?? "") ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, "base64").toString()
  const colon = text.indexOf(":")
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

export const nodeCookie = "privx-node"

/** The node that a request is pinned to. */
export const node = ({ headers }: Request): number | undefined => {
  const [, number] = new RegExp(`(?:^|; *)${nodeCookie}=(\\d+)(?:;|$)`).exec(headers["cookie"] ?? "") ?? []
  return number === undefined ? undefined : Number(number)
}
