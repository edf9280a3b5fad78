/** Field conditions: certificates and handshakes as they occur, and the message of each failure. */
import { assert, describe, it } from "@effect/vitest"
import * as CertificateDiagnosis from "@privx-kit/http/CertificateDiagnosis"
import type { Options } from "@privx-kit/http/Connection"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createPrivateKey } from "node:crypto"
import * as TestApi from "../TestApi.ts"
import * as Certificates from "./Certificates.ts"

const made = (options: Parameters<typeof Certificates.make>[0]) => Effect.promise(() => Certificates.make(options))

const read = (url: URL, options: Omit<Options, "baseUrl">) =>
  Effect.provide(TestApi.read(), TestApi.layer(url, options))

/**
 * The failure of a request. Dies with a message if the request succeeds, because its value would be reported as an
 * unnamed error.
 */
const refusal = (url: URL, options: Omit<Options, "baseUrl">) =>
  Effect.flatMap(Effect.result(read(url, options)), (result) =>
    Result.isFailure(result) ? Effect.succeed(result.failure) : Effect.die(new Error("the request succeeded"))
  )

/** By default, OpenSSL would not even serve some of these certificates. */
const weak = { ciphers: "DEFAULT@SECLEVEL=0" }

/** Sets environment variables until the end of the test. */
const environment = (variables: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      Object.assign(process.env, variables)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        process.env = before
      })
  )

interface Condition {
  readonly condition: string
  readonly root?: Partial<Parameters<typeof Certificates.make>[0]>
  readonly leaf?: Partial<Parameters<typeof Certificates.make>[0]>
  readonly code: string
  readonly says: ReadonlyArray<string>
}

const conditions: ReadonlyArray<Condition> = [
  {
    condition: "the server's certificate has expired",
    leaf: { from: -60, to: -3 },
    code: "CERT_HAS_EXPIRED",
    says: ['subject "CN=leaf"', "sent by the server"]
  },
  {
    condition: "the root in the bundle has expired, and the server is right",
    root: { from: -60, to: -5 },
    code: "CERT_HAS_EXPIRED",
    says: ['subject "CN=root"', "certificate 2 of /etc/ca.pem"]
  },
  { condition: "it is not valid yet", leaf: { from: 3 }, code: "CERT_NOT_YET_VALID", says: ['subject "CN=leaf"'] },
  {
    condition: "it is for clients, not for servers",
    leaf: { usage: Certificates.clientAuth },
    code: "INVALID_PURPOSE",
    says: ["serverAuth", 'subject "CN=leaf"']
  },
  {
    condition: "its RSA key has 1024 bits",
    leaf: { rsa: 1024 },
    code: "EE_KEY_TOO_SMALL",
    says: ["too short", "CN=leaf"]
  },
  {
    condition: "the RSA key of its CA has 1024 bits",
    root: { rsa: 1024 },
    code: "CA_KEY_TOO_SMALL",
    says: ["too short", "CN=root"]
  },
  { condition: "it is signed with SHA-1", leaf: { hash: "SHA-1" }, code: "CA_MD_TOO_WEAK", says: ["SHA-1"] },
  {
    condition: "it is for another host",
    leaf: { hosts: ["wrong.invalid"] },
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    says: ["not for 127.0.0.1, but for wrong.invalid"]
  }
]

describe("a certificate that is not to be trusted", () => {
  it.live.each(conditions)("$condition: said once, with its reason and the certificate", ({ code, leaf, root, says }) =>
    Effect.gen(function* () {
      const other = yield* made({ name: "other", ca: true })
      const issuer = yield* made({ name: "root", ca: true, ...root })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer, ...leaf })], weak)
      const ca = [{ pem: other.pem + issuer.pem, source: "/etc/ca.pem" }]
      const failure = yield* refusal(server.url, { ca, onlyCa: true })
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls", code })
      for (const text of says) assert.include(failure.message, text)
      assert.notStrictEqual(failure.hint, "")
      // One attempt, and one more connection to find the reason; no request over either.
      assert.isAtMost(server.seen.connections, 2)
      assert.strictEqual(server.seen.requests, 0)
    })
  )

  it.live("the server leaves its intermediate CA out: the advice leads to it, not in a circle", () =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const between = yield* made({ name: "between", ca: true, issuer: root })
      const leaf = yield* made({ name: "leaf", issuer: between })
      const server = yield* Certificates.serve([leaf])

      const withRoot = yield* refusal(server.url, { ca: [root.pem], onlyCa: true })
      assert.include(withRoot.message, 'the issuer "CN=between" is unknown')
      assert.include(withRoot.hint, "intermediate CA")

      // Trusting only the intermediate certificate is not enough; the advice then names the root.
      const withBetween = yield* refusal(server.url, { ca: [between.pem], onlyCa: true })
      assert.include(withBetween.hint, 'Add the certificate of "CN=root"')

      yield* read(server.url, { ca: [between.pem, root.pem], onlyCa: true })
    })
  )

  it.live("an untrusted private CA is named", () =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root }), root])
      const failure = yield* refusal(server.url, {})
      assert.deepInclude(failure, { reason: "tls", code: "SELF_SIGNED_CERT_IN_CHAIN" })
      assert.include(failure.message, "unknown CA")
      assert.include(failure.message, 'subject "CN=root"')
    })
  )
})

describe("the environment", () => {
  it.live("NODE_TLS_REJECT_UNAUTHORIZED=0 lets neither unknown CAs nor wrong pins through", () =>
    Effect.gen(function* () {
      yield* environment({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })
      const warnings: Array<string> = []
      const listen = (warning: Error) => warnings.push(warning.message)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("warning", listen)),
        () => Effect.sync(() => process.off("warning", listen))
      )
      const root = yield* made({ name: "root", ca: true })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root })])
      for (const options of [{}, { ca: [root.pem], pins: ["other"] }]) {
        const failure = yield* refusal(server.url, options)
        assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
      }
      assert.strictEqual(server.seen.requests, 0)
      assert.strictEqual(warnings.filter((text) => text.includes("has no effect here")).length, 1)
    })
  )
})

describe("a client certificate", () => {
  it.live.each(["TLSv1.2", "TLSv1.3"] as const)("is demanded and none is given: said once (%s)", (version) =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root })], {
        requestCert: true,
        rejectUnauthorized: true,
        ca: root.pem,
        minVersion: version,
        maxVersion: version
      })
      const failure = yield* refusal(server.url, { ca: [root.pem] })
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
      assert.include(failure.message + failure.hint, "client certificate")
      assert.strictEqual(server.seen.requests, 0)
    })
  )

  it.live("of another CA is refused by the server", () =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const strange = yield* made({ name: "strange", usage: Certificates.clientAuth })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root })], {
        requestCert: true,
        rejectUnauthorized: true,
        ca: root.pem
      })
      const key = Redacted.make(yield* Effect.promise(() => Certificates.keyOf(strange)))
      const failure = yield* refusal(server.url, { ca: [root.pem], clientCertificate: { cert: strange.pem, key } })
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
    })
  )

  it.live(
    "has an encrypted key: the right passphrase opens it, a wrong or a missing one is a failure, not a defect",
    () =>
      Effect.gen(function* () {
        const root = yield* made({ name: "root", ca: true })
        const mine = yield* made({ name: "client", issuer: root, usage: Certificates.clientAuth })
        const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root })], {
          requestCert: true,
          rejectUnauthorized: true,
          ca: root.pem
        })
        const pem = createPrivateKey(yield* Effect.promise(() => Certificates.keyOf(mine))).export({
          type: "pkcs8",
          format: "pem",
          cipher: "aes-256-cbc",
          passphrase: "right"
        })
        const key = Redacted.make(String(pem))
        const client = { cert: mine.pem, key }
        const ca = [root.pem]
        yield* read(server.url, { ca, clientCertificate: { ...client, passphrase: Redacted.make("right") } })
        for (const clientCertificate of [client, { ...client, passphrase: Redacted.make("wrong") }]) {
          const failure = yield* refusal(server.url, { ca, clientCertificate })
          assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
          assert.match(failure.hint, /passphrase/i)
          assert.notInclude(failure.message + failure.hint, "wrong")
        }
        const other = yield* Effect.promise(() => Certificates.keyOf(root))
        const mismatch = yield* refusal(server.url, {
          ca,
          clientCertificate: { cert: mine.pem, key: Redacted.make(other) }
        })
        assert.deepInclude(mismatch, { _tag: "TransportError", reason: "tls" })
      })
  )
})

describe("PEM", () => {
  it.live.each([
    { condition: "indented, as from YAML", change: (pem: string) => pem.replaceAll(/^/gm, "    ") },
    { condition: "with Windows line ends", change: (pem: string) => pem.replaceAll("\n", "\r\n") },
    { condition: "between other text", change: (pem: string) => `# our CA\n${pem}\nthat was it` }
  ])("is read $condition", ({ change }) =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const server = yield* Certificates.serve([yield* made({ name: "leaf", issuer: root })])
      yield* read(server.url, { ca: [change(root.pem)], onlyCa: true })
    })
  )

  it.live.each([
    { condition: "no certificate at all", pem: "nothing" },
    { condition: "a damaged certificate", pem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }
  ])("that cannot be used is a failure, not a defect: $condition", ({ pem }) =>
    Effect.gen(function* () {
      const failure = yield* refusal(new URL("https://127.0.0.1:1"), { ca: [pem] })
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tls" })
    })
  )
})

describe("CertificateDiagnosis", () => {
  it.live("trusts what the transport trusts, and returns the chain", () =>
    Effect.gen(function* () {
      const root = yield* made({ name: "root", ca: true })
      const server = yield* Certificates.serve([
        yield* made({ name: "leaf", issuer: root, hosts: ["127.0.0.1", "privx.invalid"] })
      ])
      const diagnosis = yield* Effect.promise(() =>
        CertificateDiagnosis.examine({ url: server.url, ca: [{ pem: root.pem, source: "ca.pem" }] })
      )
      assert.deepInclude(diagnosis, { _tag: "Trusted", names: ["127.0.0.1", "privx.invalid"] })
      assert.deepStrictEqual(
        diagnosis._tag === "Trusted" ? diagnosis.chain.map(({ location, subject }) => [subject, location]) : [],
        [
          ["CN=leaf", "sent by the server"],
          ["CN=root", "certificate 1 of ca.pem"]
        ]
      )
    })
  )

  it.live("says that nothing answers, and that what answers speaks no TLS", () =>
    Effect.gen(function* () {
      const nothing = yield* Effect.promise(() => CertificateDiagnosis.examine({ url: new URL("https://127.0.0.1:1") }))
      assert.strictEqual(nothing._tag, "Unreachable")
    })
  )
})
