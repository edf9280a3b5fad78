/**
 * The tokens that the simulator has issued. They are opaque and random. All tokens of a login, including refreshed
 * ones, belong to one session, and a logout revokes all of them.
 */
import type * as Scope from "@privx-kit/core/Scope"
import { randomBytes } from "node:crypto"
import { Expiring } from "./expiring.ts"

export interface Grant {
  readonly accessToken: string
  readonly refreshToken: string
  /** Seconds. */
  readonly expiresIn: number
  readonly scopes: Scopes
}

export type Scopes = ReadonlyArray<Scope.Scope>

interface Session {
  readonly scopes: Scopes
  /** The OAuth client that logged in. */
  readonly client: string
  hasEnded: boolean
}

export class Tokens {
  readonly #access = new Expiring<Session>()
  readonly #refresh = new Expiring<Session>()
  readonly #scopes: Scopes
  readonly #lifetime: number

  /** @param lifetime of an access token, in milliseconds; that of a refresh token is ten times as long */
  constructor(scopes: Scopes, lifetime: number) {
    this.#scopes = scopes
    this.#lifetime = lifetime
  }

  issue(now: number, client: string, scopes = this.#scopes, lifetime = this.#lifetime): Grant {
    return this.#issue(now, { scopes, client, hasEnded: false }, lifetime)
  }

  /** A refresh token can be used once, by the client that it was issued to; the response contains the next one. */
  refresh(token: string, client: string, now: number): Grant | undefined {
    const session = this.#refresh.get(token, now)
    if (session === undefined || session.hasEnded || session.client !== client) return undefined
    this.#refresh.delete(token)
    return this.#issue(now, session, this.#lifetime)
  }

  /** The scopes of a token, or `undefined` if it is unknown, expired or revoked. */
  scopesOf(token: string, now: number): Scopes | undefined {
    const session = this.#access.get(token, now)
    return session === undefined || session.hasEnded ? undefined : session.scopes
  }

  /** Ends the session of an access token. */
  end(token: string, now: number): void {
    const session = this.#access.get(token, now)
    if (session !== undefined) session.hasEnded = true
  }

  revokeAll(): void {
    this.#access.clear()
    this.#refresh.clear()
  }

  #issue(now: number, session: Session, lifetime: number): Grant {
    const accessToken = secret()
    const refreshToken = secret()
    this.#access.set(accessToken, session, now, lifetime)
    this.#refresh.set(refreshToken, session, now, lifetime * 10)
    const expiresIn = Math.min(Math.floor(lifetime / 1_000), 2 ** 31 - 1)
    return { accessToken, refreshToken, expiresIn, scopes: session.scopes }
  }
}

/** 256 random bits, valid in forms and headers without encoding. */
export const secret = (): string => randomBytes(32).toString("base64url")
