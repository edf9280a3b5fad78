/**
 * The tokens that the simulator has given out. Opaque and random, as a client has to treat them.
 */
import type * as Scope from "@privx-kit/core/Scope"
import { randomBytes } from "node:crypto"
import { Expiring } from "./expiring.ts"

export interface Grant {
  readonly accessToken: string
  readonly refreshToken: string
  /** Seconds. */
  readonly expiresIn: number
}

export type Scopes = ReadonlyArray<Scope.Scope>

export class Tokens {
  readonly #access = new Expiring<Scopes>()
  readonly #refresh = new Expiring<Scopes>()
  readonly #scopes: Scopes
  readonly #lifetime: number

  /** @param lifetime of an access token, in milliseconds; a refresh token lives ten times as long */
  constructor(scopes: Scopes, lifetime: number) {
    this.#scopes = scopes
    this.#lifetime = lifetime
  }

  issue(now: number, scopes = this.#scopes, lifetime = this.#lifetime): Grant {
    const accessToken = secret()
    const refreshToken = secret()
    this.#access.set(accessToken, scopes, now, lifetime)
    this.#refresh.set(refreshToken, scopes, now, lifetime * 10)
    return { accessToken, refreshToken, expiresIn: Math.min(Math.floor(lifetime / 1_000), 2 ** 31 - 1) }
  }

  /** A refresh token works once: its answer holds the next one. */
  refresh(token: string, now: number): Grant | undefined {
    const scopes = this.#refresh.get(token, now)
    if (scopes === undefined) return undefined
    this.#refresh.delete(token)
    return this.issue(now, scopes)
  }

  /** The scopes of a token, or `undefined` when it is unknown, expired or revoked. */
  scopesOf(token: string, now: number): Scopes | undefined {
    return this.#access.get(token, now)
  }

  revokeAll(): void {
    this.#access.clear()
    this.#refresh.clear()
  }
}

/** 256 random bits, legible in a form and in a header. */
export const secret = (): string => randomBytes(32).toString("base64url")
