import { assert, describe, it } from "@effect/vitest"
import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"

const noise = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7919 + (at >> 3) * 104_729) & 0xff)
const gzip = gzipSync(noise)
const base64 = gzip.toString("base64").replace(/.{76}/g, "$&\n")
const head = (end = "exit 0\n") =>
  `#!/bin/sh\nset -e\ntail -n +6 "$0" | tar -xz -C /opt/ueba\n${end}__ARCHIVE_BELOW__\n`
const bytesOf = (...parts: ReadonlyArray<string | Uint8Array>) => Buffer.concat(parts.map((part) => Buffer.from(part)))

/** The relevant parts of the output of `makeself`. */
const makeself = (archive: Uint8Array) => {
  const crc = execFileSync("cksum", { input: archive, encoding: "utf8" }).split(" ")[0]
  const digest = (algorithm: string) => createHash(algorithm).update(archive).digest("hex")
  const lines = [
    "#!/bin/sh",
    "# This script was generated using Makeself 2.4.5",
    `CRCsum="${crc}"`,
    `MD5="${digest("md5")}"`,
    `SHA="${digest("sha256")}"`,
    `filesizes="${archive.length}"`,
    'skip="9"',
    'tail -n +10 "$0" | tar -xz -C /opt/ueba',
    "eval $finish; exit $res",
    ""
  ]
  return bytesOf(lines.join("\n"), archive)
}

const inspect = (bytes: Uint8Array) => VerifySetupScript.inspectSetupScript(bytes)
const payload = ({ checks }: VerificationReport.VerificationReport) => checks.find(({ name }) => name === "payload")!

describe("the payload of a self-extracting script", () => {
  it.effect.each<[string, Uint8Array, string]>([
    ["Makeself", makeself(gzip), `a Makeself archive, ${gzip.length} bytes (gzip), CRC, MD5, SHA-256 correct`],
    [
      "a binary tail",
      bytesOf(head(), gzip),
      `binary data after the script, ${gzip.length} bytes (gzip), gzip CRC correct`
    ],
    ["base64", bytesOf(head(), base64, "\n"), `base64 data after the script, ${base64.length + 1} bytes (gzip)`],
    [
      "a here-document",
      bytesOf("#!/bin/sh\nbase64 -d <<'END' | tar -xz -C /opt/ueba\n", base64, "\nEND\necho a\n"),
      `encoded data in a here-document, ${base64.length + 1} bytes (gzip), gzip CRC correct`
    ],
    [
      "uuencode",
      bytesOf(head(), "begin 644 a\n", ("M" + "=".repeat(60) + "\n").repeat(4), "`\nend\n"),
      "uuencoded data after the script, 266 bytes, no checksum in it"
    ]
  ])("is recognized, and warned of because no check looks inside: %s", ([, bytes, detail]) =>
    Effect.gen(function* () {
      const report = yield* inspect(bytes)
      assert.isTrue(report.verified, VerificationReport.render(report))
      assert.strictEqual(payload(report).outcome, "warned")
      assert.include(payload(report).detail, detail)
      // The head was checked as text.
      assert.deepStrictEqual(
        report.checks.filter(({ notLooked }) => notLooked === true),
        []
      )
    })
  )

  const changed = (bytes: Uint8Array) => {
    const copy = Uint8Array.from(bytes)
    copy[copy.length - 100]! ^= 1
    return copy
  }

  it.effect.each<[string, Uint8Array, RegExp]>([
    [
      "a Makeself archive that was cut off",
      makeself(gzip).subarray(0, -10),
      /has \d+ of the \d+ bytes that its header states/
    ],
    ["a Makeself archive that was changed", changed(makeself(gzip)), /does not match the CRC checksum.*MD5.*SHA-256/],
    ["a binary tail that was cut off", bytesOf(head(), gzip).subarray(0, -10), /gzip data is damaged or cut off/],
    ["a binary tail that was changed", changed(bytesOf(head(), gzip)), /gzip data is damaged or cut off/],
    ["base64 that was cut off", bytesOf(head(), base64.replaceAll("=", "").slice(0, 401)), /cut off/],
    ["a tail that the shell runs into", bytesOf(head(""), gzip), /no exit before it/],
    ["an exit that is conditional", bytesOf(head("false && exit 0\n"), gzip), /no exit before it/],
    ["an exit in one branch only", bytesOf(head("if a; then\n  exit 0\nfi\n"), gzip), /no exit before it/],
    ["an exit in the background", bytesOf(head("exit 0 &\n"), gzip), /no exit before it/],
    ["an exit that is a function", bytesOf(head("exit() { :; }\nexit 0\n"), gzip), /no exit before it/],
    ["an exit in a here-document", bytesOf(head("cat <<E\nexit 0\nE\n"), gzip), /no exit before it/]
  ])("is refused: %s", ([, bytes, detail]) =>
    Effect.gen(function* () {
      const report = yield* inspect(bytes)
      assert.strictEqual(payload(report).outcome, "failed")
      assert.match(payload(report).detail, detail)
    })
  )

  it.effect.each([
    "if a; then\n  exit 0\nelif b; then\n  exit 2\nelse\n  exit 1\nfi\n",
    "main() {\n  echo a\n  exit 0\n}\nmain\n",
    "{ echo a; exit $?; }\n",
    'exec "$dir/install.sh" "$@"\n',
    "echo a; exit\n"
  ])("may follow any end of the script: %j", (end) =>
    Effect.gen(function* () {
      const report = yield* inspect(bytesOf(head(end), gzip))
      assert.strictEqual(payload(report).outcome, "warned", payload(report).detail)
    })
  )

  it.effect("hides no command: what only looks like base64 is read unless the script has ended before", () =>
    Effect.gen(function* () {
      const report = yield* inspect(bytesOf("#!/bin/sh\necho a\n", base64, "\n"))
      assert.strictEqual(payload(report).outcome, "passed")
      const text = "#!/bin/sh\nrm -rf /usr\nexit 0\n__PAYLOAD__\n"
      const warned = yield* inspect(bytesOf(text, gzip))
      assert.strictEqual(warned.checks.find(({ name }) => name === "noBroadRemoval")?.outcome, "warned")
    })
  )

  it.effect("is not seen in lines that only have the letters of base64", () =>
    Effect.gen(function* () {
      const paths = ["etc/sgml", "etc/xml/catalog", "usr/share/sgml/declaration", "var/lib/sgml/base"].join("\n")
      const report = yield* inspect(bytesOf(`#!/bin/sh\ncat <<END\n${paths}\n${paths}\nEND\necho a\n`))
      assert.strictEqual(payload(report).detail, "none")
    })
  )

  it.effect("is refused by a policy that demands that there is none", () =>
    Effect.gen(function* () {
      const policy = { checks: { payload: "demanded" } } as const
      const report = yield* VerifySetupScript.inspectSetupScript(makeself(gzip), { policy })
      assert.isFalse(report.verified)
      assert.strictEqual(payload(report).outcome, "failed")
    })
  )
})
