/** The vault of a simulated PrivX. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import { SecretsApi } from "./SecretsApi.ts"

export const secretsSimulator = Layer.suspend(() => {
  const secrets = new Map<string, { readonly name: string }>()
  return HttpApiBuilder.layer(SecretsApi).pipe(
    Layer.provide(
      HttpApiBuilder.group(SecretsApi, "secrets", (handlers) =>
        handlers
          .handle("list", () => Effect.sync(() => ({ count: secrets.size, items: [...secrets.values()] })))
          .handle("create", ({ payload }) => Effect.sync(() => (secrets.set(payload.name, payload), payload)))
      )
    )
  )
})
