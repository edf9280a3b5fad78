/**
 * The peer of a download, as the transport in `@privx-kit/http` reports it. The test is here because this package can
 * make certificates.
 */
import { assert, describe, it } from "@effect/vitest"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import { Simulator } from "@privx-kit/simulator"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { connect } from "node:tls"

const ueba = (simulator: Simulator["Service"]) =>
  Effect.flatMap(simulator.issueToken(), (token) =>
    Effect.map(
      Layer.build(
        Ueba.layer().pipe(
          Layer.provide(Transport.layer),
          Layer.provide(TokenProvider.layerStatic(token)),
          Layer.provide(Connection.layer({ baseUrl: simulator.url, ca: simulator.ca }))
        )
      ),
      (context) => Effect.provideContext(Ueba, context)
    )
  ).pipe(Effect.flatten)

const download = (service: Ueba["Service"]) =>
  Effect.gen(function* () {
    const { id } = yield* service.createSession
    const answer = yield* service.openSetupScript(id)
    yield* Stream.runDrain(answer.stream)
    return answer
  }).pipe(Effect.scoped)

/** The certificate that another client receives. */
const shownTo = (url: URL) =>
  Effect.callback<string>((resume) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      resume(Effect.succeed(fingerprint256.replaceAll(":", "").toLowerCase()))
    })
  })

describe("the peer of a download", () => {
  it.live("is the certificate that the server shows, with its issuer and validity", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      const { etag, peer } = yield* download(yield* ueba(simulator))
      assert.match(peer?.protocol ?? "", /^TLSv1\.[23]$/)
      const [own, issuer] = peer?.certificates ?? []
      assert.strictEqual(own?.sha256, yield* shownTo(simulator.url))
      assert.strictEqual(own?.issuer, issuer?.subject)
      assert.isTrue(own !== undefined && own.validFrom.getTime() < Date.now() && own.validTo.getTime() > Date.now())
      assert.include(own?.names ?? [], "DNS:localhost")
      assert.strictEqual(etag, `"${simulator.scriptSha256}"`)
    })
  )

  it.live("is reported for each of many connections, and again for each new socket", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ tls: true })
      const service = yield* ueba(simulator)
      const own = yield* shownTo(simulator.url)
      for (let round = 0; round < 2; round++) {
        const answers = yield* Effect.all(
          Array.from({ length: 8 }, () => download(service)),
          { concurrency: 8 }
        )
        for (const { peer } of answers) assert.strictEqual(peer?.certificates[0]?.sha256, own)
      }
    })
  )

  it.live("is not there without TLS", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const { peer } = yield* download(yield* ueba(simulator))
      assert.isUndefined(peer)
    })
  )
})
