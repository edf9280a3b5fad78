/** The settings of the environment and the config file, and the client that is made from them, with the simulator instead of a PrivX host. */
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import { Simulator } from "@privx-kit/simulator/Simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

// #region client
const flags: Settings.Flags = {
  baseUrl: undefined,
  caFiles: [],
  insecureHttp: false,
  config: undefined,
  dataDir: undefined
}

/** Fails with everything that is wrong with the settings, and where they were looked for. */
const uebaOf = (host: Settings.Host) =>
  Layer.unwrap(
    Effect.map(Settings.resolve(flags, host), ({ settings }) =>
      Ueba.layer().pipe(Layer.provide(PrivxClient.layer(settings, { timeout: undefined, deadline: undefined })))
    )
  )
// #endregion

const program = Effect.gen(function* () {
  const simulator = yield* Simulator.make({})
  const { clientId, clientSecret, oauthClientSecret } = simulator.apiClient
  const environment = {
    PRIVX_API_BASE_URL: simulator.url.href,
    PRIVX_API_CLIENT_ID: clientId,
    PRIVX_API_CLIENT_SECRET: Redacted.value(clientSecret),
    PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(oauthClientSecret)
  }
  const createSession = Effect.flatMap(Ueba, (ueba) => ueba.createSession)
  const session = yield* Effect.provide(createSession, uebaOf({ environment, home: "/nonexistent" }))
  yield* Console.log(`A session was created: ${Redacted.isRedacted(session.id)}`)
  const missing = yield* Effect.flip(Effect.provide(createSession, uebaOf({ environment: {}, home: "/nonexistent" })))
  yield* Console.log(missing.message)
})

await Effect.runPromise(Effect.scoped(program))
