import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
import { verifySetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** The script's bytes, verified; `pin` is the digest of the script that was approved. */
export const setup = Effect.fn("setup")(
  function* (pin: Sha256 | undefined) {
    const ueba = yield* Ueba
    const session = yield* ueba.createSession
    const { contentLength, delimitedBy, stream } = yield* ueba.openSetupScript(session.id)
    const script = Buffer.concat(yield* Stream.runCollect(stream))
    const announcedLength = delimitedBy === "connection" ? "unknown" : contentLength
    const report = yield* verifySetupScript(script, { announcedLength, sha256: pin })
    yield* Console.log(VerificationReport.render(report))
    return script
  },
  Effect.scoped,
  Effect.tapErrorTag("VerificationFailed", ({ report }) => Console.error(VerificationReport.render(report)))
)

/** The PrivX host and the credentials, from the environment. */
export const privx = Layer.unwrap(
  Effect.gen(function* () {
    const baseUrl = yield* Config.URL("PRIVX_API_BASE_URL")
    const client = yield* Config.all({
      clientId: Config.String("PRIVX_API_CLIENT_ID"),
      clientSecret: Config.Redacted("PRIVX_API_CLIENT_SECRET"),
      oauthClientSecret: Config.Redacted("PRIVX_API_OAUTH_CLIENT_SECRET")
    })
    return Ueba.layer().pipe(
      Layer.provide(Transport.layer),
      Layer.provide(TokenProvider.layerApiClient(client)),
      Layer.provide(Connection.layer({ baseUrl }))
    )
  })
)
