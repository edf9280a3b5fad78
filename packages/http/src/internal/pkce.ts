/** Proof that the client that redeems an authorization code is the one that requested it (RFC 7636, S256). */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash, randomBytes } from "node:crypto"

export interface Pkce {
  /** Sent only to the token endpoint. */
  readonly verifier: Redacted.Redacted<string>
  readonly challenge: string
  /** Ties the redirect to this login. */
  readonly state: string
}

/** 256 random bits each for verifier and state. */
export const make: Effect.Effect<Pkce> = Effect.sync(() => {
  const verifier = random()
  return {
    verifier: Redacted.make(verifier, { label: "code verifier" }),
    challenge: createHash("sha256").update(verifier).digest("base64url"),
    state: random()
  }
})

const random = (): string => randomBytes(32).toString("base64url")
