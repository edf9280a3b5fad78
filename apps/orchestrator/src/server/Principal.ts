/** Who asks: the token's name and role, as the guard in front of each endpoint found them. */
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
    /** What people are shown, where it is not the name. */
    readonly displayName?: string | undefined
    readonly role: Role
    /** Whether the name identifies a caller: without authentication it does not. */
    readonly known: boolean
  }
>()("privx-kit/server/Principal") {}

/** Looks at the token of a request, and at what its role allows. */
export class Guard extends HttpApiMiddleware.Service<Guard, { provides: Principal }>()("privx-kit/server/Guard", {
  security: { bearer: HttpApiSecurity.bearer },
  error: [Problem.Unauthorized, Problem.Forbidden, Problem.TooMany]
}) {}

/** Says what is wrong with a request that does not fit its schema. */
export class Shape extends HttpApiMiddleware.Service<Shape>()("privx-kit/server/Shape", {
  error: Problem.BadRequest
}) {}
