import { assert, describe, it } from "@effect/vitest"
import * as SecureContexts from "@privx-kit/http/SecureContexts"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Certificates from "./field/Certificates.ts"

const contexts = Effect.service(SecureContexts.SecureContexts)

const root = (name: string) => Effect.promise(() => Certificates.make({ name, ca: true }))

describe("SecureContexts", () => {
  it.effect("shares a context among connections that trust the same, and with no others", () =>
    Effect.gen(function* () {
      const { get } = yield* contexts
      const [one, other] = [(yield* root("one")).pem, (yield* root("other")).pem]
      assert.strictEqual(get({ ca: [one] }), get({ ca: [{ pem: one, source: "/etc/ca.pem" }] }))
      assert.notStrictEqual(get({ ca: [one] }), get({ ca: [other] }))
      assert.notStrictEqual(get({ ca: [one] }), get({ ca: [one], onlyCa: true }))
    }).pipe(Effect.provide(SecureContexts.layer))
  )

  it.effect("keeps the four that were used last", () =>
    Effect.gen(function* () {
      const { get } = yield* contexts
      const cas = yield* Effect.forEach(["1", "2", "3", "4", "5"], (name) => Effect.map(root(name), ({ pem }) => [pem]))
      const [first, second] = [get({ ca: cas[0]!, onlyCa: true }), get({ ca: cas[1]!, onlyCa: true })]
      get({ ca: cas[2]!, onlyCa: true })
      get({ ca: cas[3]!, onlyCa: true })
      assert.strictEqual(get({ ca: cas[0]!, onlyCa: true }), first)
      get({ ca: cas[4]!, onlyCa: true })
      assert.strictEqual(get({ ca: cas[0]!, onlyCa: true }), first)
      assert.notStrictEqual(get({ ca: cas[1]!, onlyCa: true }), second)
    }).pipe(Effect.provide(SecureContexts.layer))
  )

  it.effect("makes one for each connection with a client certificate, so that no private key is kept", () =>
    Effect.gen(function* () {
      const { get } = yield* contexts
      const client = yield* Effect.promise(() => Certificates.make({ name: "client" }))
      const key = Redacted.make(yield* Effect.promise(() => Certificates.keyOf(client)))
      const options = { ca: [client.pem], onlyCa: true, clientCertificate: { cert: client.pem, key } }
      assert.notStrictEqual(get(options), get(options))
    }).pipe(Effect.provide(SecureContexts.layer))
  )

  it.effect("are the process's own without a layer, and the layer's own with one", () =>
    Effect.gen(function* () {
      const shared = yield* contexts
      assert.strictEqual(yield* contexts, shared)
      assert.notStrictEqual(yield* Effect.provide(contexts, SecureContexts.layer), shared)
    })
  )
})
