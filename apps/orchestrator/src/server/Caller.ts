/** Who asks: the token's name and role, as the guard in front of each endpoint found them. */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as Problem from "./Problem.ts"
import type { Role } from "./Role.ts"

export class Caller extends Context.Service<
  Caller,
  {
    /** Recorded as `by`. */
    readonly name: string
    readonly role: Role
    /** Whether the name stands for somebody: without authentication it does not. */
    readonly known: boolean
  }
>()("privx-kit/server/Caller") {}

/** Looks at the token of a request, and at what its role allows. */
export class Guard extends HttpApiMiddleware.Service<Guard, { provides: Caller }>()("privx-kit/server/Guard", {
  security: { bearer: HttpApiSecurity.bearer },
  error: [Problem.Unauthorized, Problem.Forbidden, Problem.TooMany]
}) {}

/** Says what is wrong with a request that does not fit its schema. */
export class Shape extends HttpApiMiddleware.Service<Shape>()("privx-kit/server/Shape", {
  error: Problem.BadRequest
}) {}
