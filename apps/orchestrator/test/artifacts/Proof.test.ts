/** Manifest, attestation and `privx-kit verify`, as whoever has to answer for a script would use them. */
import { assert, describe, it } from "@effect/vitest"
import { dsse } from "@sigstore/core"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { connect } from "node:tls"
import * as Manifest from "../../src/artifacts/Manifest.ts"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "../support/temporary.ts"

/** A finished set-up with an output folder. */
const delivered = Effect.fnUntraced(function* (...flags: ReadonlyArray<string>) {
  const { config, home, simulator } = yield* simulated.start()
  const data = path.join(home, "data")
  const out = path.join(home, "out")
  const ended = yield* inProcess.run(
    ["ueba", "setup", "--json", "--config", config, "--data-dir", data, "--output", out].concat(flags)
  )
  assert.strictEqual(ended.code, 0, ended.stdout + ended.stderr)
  return {
    simulator,
    home,
    data,
    script: path.join(out, "privx-ueba-setup.sh"),
    manifest: path.join(out, "privx-ueba-setup.manifest.json"),
    attestation: path.join(out, "privx-ueba-setup.intoto.jsonl"),
    publicKey: path.join(out, "privx-ueba-setup.pub.pem"),
    result: cli.json(ended).result as { readonly runId: string }
  }
})

interface Verified {
  readonly matches: boolean
  readonly findings: ReadonlyArray<{ readonly name: string; readonly outcome: string; readonly detail: string }>
}

const verify = Effect.fnUntraced(function* (file: string, ...flags: ReadonlyArray<string>) {
  const ended = yield* inProcess.run(["verify", file, "--json", ...flags])
  const verified = cli.json(ended).result as Verified
  const named = (outcome: string) => verified.findings.filter((one) => one.outcome === outcome).map(({ name }) => name)
  return { code: ended.code, verified, failed: named("failed"), warned: named("warned"), passed: named("passed") }
})

const nowhere = ["--data-dir", "/nonexistent"]

const edit = (file: string, change: (json: Record<string, unknown>) => void) => {
  const json = JSON.parse(fs.readFileSync(file, "utf8"))
  change(json)
  fs.writeFileSync(file, JSON.stringify(json))
}

describe("the proof of a set-up", () => {
  it.live("says what came from whom, what was found, who did it and where it went", () =>
    Effect.gen(function* () {
      const { manifest, result, script, simulator } = yield* delivered("--operator", "change 4711", "--mode", "0750")
      const found = JSON.parse(fs.readFileSync(manifest, "utf8"))
      const server = new crypto.X509Certificate(yield* certificateOf(simulator.url))
      assert.deepInclude(found, { version: 1, runId: result.runId, target: simulator.url.origin })
      assert.deepInclude(found.operator, { name: "change 4711", host: os.hostname() })
      assert.strictEqual(found.script.sha256, simulator.scriptSha256)
      assert.strictEqual(found.script.sha512, crypto.hash("sha512", simulator.script, "hex"))
      const [own, issuer] = found.source.tls.certificates
      assert.strictEqual(own.sha256, server.fingerprint256.replaceAll(":", "").toLowerCase())
      assert.strictEqual(own.issuer, issuer.subject)
      assert.strictEqual(found.source.etag, `"${simulator.scriptSha256}"`)
      assert.strictEqual(found.expected.checks.shellSyntax, "required")
      assert.isTrue(found.verification.verified)
      const [handedOver] = found.handedOver
      assert.deepInclude(handedOver, { to: "file", path: script, mode: "0750", owner: null })
      assert.strictEqual(temporary.modeOf(script), "750")
    })
  )

  it.live("is verified offline, with a key that came another way", () =>
    Effect.gen(function* () {
      const { data, publicKey, script } = yield* delivered()
      const given = yield* verify(script, "--key", publicKey, ...nowhere)
      assert.deepStrictEqual([given.code, given.failed], [0, []])
      assert.includeMembers(given.passed, ["size", "sha256", "sha512", "signature", "manifest", "certificate:0"])
      assert.include(given.passed, "check:shellSyntax")
      const own = yield* verify(script, "--data-dir", data)
      assert.deepStrictEqual([own.code, own.passed.includes("signature")], [0, true])
      // What lies beside the manifest can be as false as the manifest.
      const beside = yield* verify(script, ...nowhere)
      assert.deepStrictEqual([beside.code, beside.warned], [0, ["signature"]])
    })
  )

  it.live(
    "is a DSSE envelope that others can check: openssl, with the bytes that the specification says are signed",
    () =>
      Effect.gen(function* () {
        const { attestation, home, publicKey, simulator } = yield* delivered()
        const envelope = JSON.parse(fs.readFileSync(attestation, "utf8"))
        const payload = Buffer.from(envelope.payload, "base64")
        const statement = JSON.parse(payload.toString())
        assert.deepInclude(statement, { _type: "https://in-toto.io/Statement/v1", predicateType: Manifest.type })
        assert.strictEqual(statement.subject[0].digest.sha256, simulator.scriptSha256)
        const signed = path.join(home, "signed")
        const signature = path.join(home, "signature")
        const head = `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `
        fs.writeFileSync(signed, Buffer.concat([Buffer.from(head), payload]))
        fs.writeFileSync(signature, Buffer.from(envelope.signatures[0].sig, "base64"))
        assert.isTrue(fs.readFileSync(signed).equals(dsse.preAuthEncoding(envelope.payloadType, payload)))
        const args = [
          "pkeyutl",
          "-verify",
          "-pubin",
          "-rawin",
          "-inkey",
          publicKey,
          "-sigfile",
          signature,
          "-in",
          signed
        ]
        assert.include(execFileSync("openssl", args, { encoding: "utf8" }), "Verified Successfully")
      })
  )

  it.live("says exactly what does not match: the script, the manifest, the signature, the key", () =>
    Effect.gen(function* () {
      const { attestation, home, manifest, publicKey, script } = yield* delivered()
      const whole = fs.readFileSync(script)
      const key = ["--key", publicKey, ...nowhere]

      fs.writeFileSync(script, whole.subarray(0, whole.length - 30))
      const cut = yield* verify(script, ...key)
      assert.strictEqual(cut.code, 22)
      assert.includeMembers(cut.failed, ["size", "sha256", "sha512", "check:announcedLength"])
      assert.notInclude(cut.failed, "signature")

      fs.writeFileSync(script, Buffer.concat([whole.subarray(0, -1), Buffer.from(" ")]))
      const flipped = yield* verify(script, ...key)
      assert.includeMembers(flipped.failed, ["sha256", "sha512"])
      assert.notInclude(flipped.failed, "size")
      fs.writeFileSync(script, whole)

      const before = fs.readFileSync(manifest)
      edit(manifest, (json) => {
        json["operator"] = { name: "somebody else", account: "x", host: "y" }
      })
      const changed = yield* verify(script, ...key)
      assert.deepStrictEqual(changed.failed, ["manifest"])
      const detail = changed.verified.findings.find(({ name }) => name === "manifest")?.detail ?? ""
      assert.match(detail, /operator\.name, operator\.account, operator\.host$/)
      fs.writeFileSync(manifest, before)

      const signed = fs.readFileSync(attestation, "utf8")
      edit(attestation, (json) => {
        const payload = Buffer.from(String(json["payload"]), "base64").toString()
        json["payload"] = Buffer.from(payload.replace('"verified":true', '"verified":false')).toString("base64")
      })
      assert.includeMembers((yield* verify(script, ...key)).failed, ["signature", "manifest"])
      fs.writeFileSync(attestation, signed)

      const other = path.join(home, "other.pem")
      fs.writeFileSync(other, crypto.generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }))
      assert.deepStrictEqual((yield* verify(script, "--key", other)).failed, ["signature"])

      fs.rmSync(attestation)
      assert.deepStrictEqual((yield* verify(script, ...key)).failed, ["signature"])
    })
  )

  it.live("is signed with a given key, and with nothing that is no Ed25519 key", () =>
    Effect.gen(function* () {
      const { config, home, simulator } = yield* simulated.start()
      const pem = (key: crypto.KeyObject) => key.export({ type: "pkcs8", format: "pem" })
      const rsa = path.join(home, "rsa.pem")
      fs.writeFileSync(rsa, pem(crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey))
      const setup = (key: string) =>
        inProcess.run(
          ["ueba", "setup", "--json", "--config", config, "--data-dir", path.join(home, "data")].concat([
            "--output",
            path.join(home, "out"),
            "--signing-key",
            key
          ])
        )
      const refused = yield* setup(rsa)
      assert.strictEqual(refused.code, 3, refused.stderr)
      assert.deepInclude(cli.json(refused).error, { tag: "KeyUnusable", path: rsa })
      assert.deepStrictEqual(yield* simulator.requests, [], "nothing was begun")

      const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519")
      const own = path.join(home, "own.pem")
      const pub = path.join(home, "own.pub.pem")
      fs.writeFileSync(own, pem(privateKey), { mode: 0o600 })
      fs.writeFileSync(pub, publicKey.export({ type: "spki", format: "pem" }))
      assert.strictEqual((yield* setup(own)).code, 0)
      const verified = yield* verify(path.join(home, "out", "privx-ueba-setup.sh"), "--key", pub, ...nowhere)
      assert.deepStrictEqual([verified.code, verified.failed], [0, []])
      assert.isFalse(fs.existsSync(path.join(home, "data", "keys")), "no other key was made")
    })
  )

  it.live("keeps the data folder's own key private, and signs nothing with one that others could have read", () =>
    Effect.gen(function* () {
      const { config, home } = yield* simulated.start()
      const data = path.join(home, "data")
      const setup = inProcess.run(["ueba", "setup", "--json", "--new", "--config", config, "--data-dir", data])
      assert.strictEqual((yield* setup).code, 0)
      const key = path.join(data, "keys", "attestation.pem")
      assert.strictEqual(temporary.modeOf(key), "600")
      fs.chmodSync(key, 0o644)
      const refused = yield* setup
      assert.strictEqual(refused.code, 14)
      assert.include(refused.stderr, "others may read this key")
    })
  )

  it("has the JSON Schema that is published: node scripts/schema.ts writes it", () => {
    const file = path.join(import.meta.dirname, "..", "..", "schemas", "manifest.schema.json")
    assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), Manifest.jsonSchema())
  })
})

/** What another client is shown. */
const certificateOf = (url: URL) =>
  Effect.callback<Uint8Array>((resume) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate()
      socket.destroy()
      resume(Effect.succeed(raw))
    })
  })
