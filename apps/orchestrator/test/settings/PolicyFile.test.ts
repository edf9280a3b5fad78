import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as PolicyFile from "../../src/settings/PolicyFile.ts"
import * as cli from "../support/cli.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "../support/temporary.ts"

const digest = "6e54ff0f9dfa5fe099e89b08717cda7f348054c0e1ade47fcd793bf9fe2e9753"

/** A folder with these files, and the path of the first. */
const files = Effect.fnUntraced(function* (contents: Readonly<Record<string, string>>) {
  const folder = yield* temporary.folder
  for (const [name, text] of Object.entries(contents)) fs.writeFileSync(path.join(folder, name), text)
  return path.join(folder, Object.keys(contents)[0] ?? "")
})

describe("PolicyFile", () => {
  it.live("reads TOML, and the files beside it that it names", () =>
    Effect.gen(function* () {
      const file = yield* files({
        "policy.toml": `write_places = ["/etc"]
pin_file = "approved.sha256"
[checks]
signature = "demanded"
finalNewline = "off"
[configuration]
address = "ueba.example.com"
trust_anchors_file = "anchors.pem"
`,
        "approved.sha256": `${digest.toUpperCase()}  script.sh\n`,
        "anchors.pem": "PEM"
      })
      assert.deepStrictEqual(yield* PolicyFile.read(file), {
        checks: { signature: "demanded", finalNewline: "off" },
        writePlaces: ["/etc"],
        knownDigests: [{ sha256: digest, comment: "script.sh" } as never],
        configuration: { address: "ueba.example.com", trust_anchors: "PEM" }
      })
    })
  )

  it.live("reads JSON where the name says so, and takes an empty file for no demands", () =>
    Effect.gen(function* () {
      const json = yield* files({ "policy.json": '{"checks":{"complete":"warned"}}' })
      assert.deepStrictEqual(yield* PolicyFile.read(json), { checks: { complete: "warned" } })
      assert.deepStrictEqual(yield* PolicyFile.read(yield* files({ "policy.toml": "" })), {})
    })
  )

  it.live.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ "p.toml": "[checks]\nnotHtlm = 'off'\n" }, /notHtlm/],
    [{ "p.toml": "[checks]\nnotHtml = 'maybe'\n" }, /demanded/],
    [{ "p.toml": "[check]\n" }, /does not fit:.*It may have checks, write_places, pin_file/],
    [{ "p.toml": "write_places = ['etc']\n" }, /absolute path/],
    [{ "p.toml": "a = \n" }, /not valid TOML \(line 1, column/],
    [{ "p.json": "{" }, /not valid JSON/],
    [{ "p.toml": "pin_file = 'gone'\n" }, /pin_file names .*gone, which does not exist/],
    [{ "p.toml": "pin_file = 'pins'\n", pins: "abc\n" }, /line 1 has 3 hexadecimal digits/],
    [{ "p.toml": "[signature]\nfile = 's'\npublic_key_file = 'k'\n", s: "x", k: "y" }, /neither one of minisign/]
  ])("says what is wrong in %j", ([contents, message]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(PolicyFile.read(yield* files(contents)))
      assert.strictEqual(failure._tag, "SettingsError")
      assert.match(failure.message, message)
    })
  )

  it.live("decides over a run of ueba setup", () =>
    Effect.gen(function* () {
      const { env, home } = yield* simulated.start()
      const policy = path.join(home, "policy.toml")
      fs.writeFileSync(policy, '[checks]\nknownDigest = "demanded"\n')
      const refused = yield* cli.run(["ueba", "setup", "--json", "--policy", policy], { env })
      assert.strictEqual(refused.code, 13, refused.stderr)
      assert.include(refused.stdout, "no list of digests was given")
      fs.writeFileSync(policy, "[cheks]\n")
      const wrong = yield* cli.run(["ueba", "setup", "--policy", policy], { env })
      assert.notStrictEqual(wrong.code, 0)
      assert.include(wrong.stderr, "does not fit")
    })
  )
})
