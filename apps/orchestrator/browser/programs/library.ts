/** What a page of somebody else does with the packages: it is bundled for browsers. */
import { Connection, type Options } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Playback } from "@privx-kit/playback/Playback"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as SessionId from "@privx-kit/core/SessionId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

export interface Input {
  readonly baseUrl: string
  readonly apiClient: Readonly<Record<"clientId" | "clientSecret" | "oauthClientId" | "oauthClientSecret", string>>
  readonly playback: string
  readonly ended: string
}

const program = Effect.fnUntraced(function* ({ ended, playback }: Input) {
  const ueba = yield* Ueba
  const session = yield* ueba.createSession
  const script = yield* ueba.downloadSetupScript(session.id).pipe(
    Stream.runFold(
      () => 0,
      (bytes, chunk) => bytes + chunk.byteLength
    )
  )
  const sessions = yield* Playback
  const id = Schema.decodeUnknownSync(SessionId.PlaybackSessionId)
  yield* sessions.reauthenticate(id(playback))
  const failure = yield* Effect.flip(sessions.reauthenticate(id(ended)))
  return { script, failure: `${failure._tag} ${"status" in failure ? failure.status : ""}`.trim() }
})

const refusal = (options: Options) =>
  Effect.flatMap(Ueba, (ueba) => Effect.flip(ueba.createSession)).pipe(
    Effect.map((failure) => failure.message),
    Effect.provide(layer(options, TokenProvider.layerStatic(Redacted.make("none"))))
  )

const layer = (options: Options, tokens: Layer.Layer<TokenProvider, never, Connection>) =>
  Layer.mergeAll(Ueba.layer(), Playback.layer()).pipe(
    Layer.provide(Transport.layer),
    Layer.provide(tokens),
    Layer.provide(Connection.layer(options))
  )

Object.assign(globalThis, {
  privx: (input: Input) => {
    const { clientId, clientSecret, oauthClientId, oauthClientSecret } = input.apiClient
    const tokens = TokenProvider.layerApiClient({
      clientId,
      clientSecret: Redacted.make(clientSecret),
      oauthClientId,
      oauthClientSecret: Redacted.make(oauthClientSecret)
    })
    const baseUrl = new URL(input.baseUrl)
    return Effect.runPromise(
      Effect.all({
        done: Effect.provide(program(input), layer({ baseUrl }, tokens)),
        pins: refusal({ baseUrl, pins: ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] }),
        proxy: refusal({ baseUrl, proxy: "http://127.0.0.1:1" }),
        sockets: refusal({ baseUrl, via: "sockets" })
      })
    )
  }
})
