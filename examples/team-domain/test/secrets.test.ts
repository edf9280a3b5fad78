/** The domain against a simulated PrivX: over real sockets, with nothing but the published packages. */
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as Simulator from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, it } from "vitest"
import { Secrets } from "../src/SecretsApi.ts"
import { secretsSimulator } from "../src/SecretsSimulator.ts"

const withVault = <A, E>(use: Effect.Effect<A, E, Secrets>, scopes: ReadonlyArray<"admin" | "user">) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const simulator = yield* Simulator.Simulator.make({ domains: [secretsSimulator] })
        const token = yield* simulator.issueToken({ scopes })
        return yield* use.pipe(
          Effect.provide(
            Secrets.layer.pipe(
              Layer.provide(Transport.layer),
              Layer.provide(TokenProvider.layerStatic(token)),
              Layer.provide(Connection.layer({ baseUrl: simulator.url }))
            )
          )
        )
      })
    )
  )

describe("Secrets", () => {
  it("creates and lists", async () => {
    const list = await withVault(
      Secrets.use(({ create, list }) => Effect.andThen(create("db"), list)),
      ["admin"]
    )
    assert.deepStrictEqual(list, { count: 1, items: [{ name: "db" }] })
  })

  it("is refused without its scope, as a typed failure", async () => {
    const failure = await withVault(Effect.flip(Secrets.use(({ list }) => list)), ["user"])
    assert.strictEqual(failure._tag, "PermissionDenied")
  })
})
