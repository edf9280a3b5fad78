/** The caller: name and role of the token, as determined by the guard of each endpoint. */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as Problem from "./Problem.ts"
import type { Role } from "./Role.ts"

export class Principal extends Context.Service<
  Principal,
  {
    /** Recorded as `by`. */
    readonly name: string
    /** The display name, if it differs from the name. */
    readonly displayName?: string | undefined
    readonly role: Role
    /** Whether the name identifies a caller, which it does not without authentication. */
    readonly known: boolean
  }
>()("privx-kit/server/Principal") {}

/** Verifies the token of a request, and that its role allows the endpoint. */
export class Guard extends HttpApiMiddleware.Service<Guard, { provides: Principal }>()("privx-kit/server/Guard", {
  security: { bearer: HttpApiSecurity.bearer },
  error: [Problem.Unauthorized, Problem.Forbidden, Problem.TooMany]
}) {}

/** Responds to a request that does not match its schema. */
export class Shape extends HttpApiMiddleware.Service<Shape>()("privx-kit/server/Shape", {
  error: Problem.BadRequest
}) {}
