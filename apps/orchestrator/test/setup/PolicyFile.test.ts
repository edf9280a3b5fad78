import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as PolicySchema from "../../src/setup/PolicySchema.ts"
import * as PolicyFile from "../../src/setup/PolicyFile.ts"
import * as cli from "../support/cli.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"

const digest = "6e54ff0f9dfa5fe099e89b08717cda7f348054c0e1ade47fcd793bf9fe2e9753"

/** Creates a directory with these files; returns the path of the first one. */
const files = Effect.fnUntraced(function* (contents: Readonly<Record<string, string>>) {
  const directory = yield* temporary.directory
  for (const [name, text] of Object.entries(contents)) fs.writeFileSync(path.join(directory, name), text)
  return path.join(directory, Object.keys(contents)[0] ?? "")
})

describe("PolicyFile", () => {
  it.live("refuses a policy, or a file that it names, that another user can write", () =>
    Effect.gen(function* () {
      const file = yield* files({ "policy.toml": 'pin_file = "approved.sha256"\n', "approved.sha256": `${digest}\n` })
      const pins = path.join(path.dirname(file), "approved.sha256")
      for (const [exposed, setting] of [
        [file, `policy ${file}`],
        [pins, "pin_file"]
      ] as const) {
        fs.chmodSync(exposed, 0o666)
        const { problems } = yield* Effect.flip(PolicyFile.read(file))
        assert.deepStrictEqual(problems, [
          {
            setting,
            problem: `names ${exposed}, which can be written by other users (mode 0666)`,
            fix: `Check its content, then make it yours alone: chown, chmod go-w ${exposed}`
          }
        ])
        fs.chmodSync(exposed, 0o644)
      }
      assert.strictEqual((yield* PolicyFile.read(file)).knownDigests?.length, 1)
    })
  )

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

  it.live("reads rules for capabilities, and leaves a $schema for editors alone", () =>
    Effect.gen(function* () {
      const rules = {
        runsFetchedCode: "forbidden",
        writes: { allowed: ["/etc/ueba"], forbidden: ["/etc/ssh"] }
      } as const
      const json = yield* files({ "p.json": JSON.stringify({ $schema: "policy.schema.json", capabilities: rules }) })
      assert.deepStrictEqual(yield* PolicyFile.read(json), { capabilities: rules })
      const toml =
        '[capabilities]\nrunsFetchedCode = "forbidden"\n[capabilities.writes]\nallowed = ["/etc/ueba"]\nforbidden = ["/etc/ssh"]\n'
      assert.deepStrictEqual(yield* PolicyFile.read(yield* files({ "p.toml": toml })), { capabilities: rules })
    })
  )

  it.live.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ "p.toml": "[checks]\nnotHtlm = 'off'\n" }, /p\.toml:2:1: checks\.notHtlm is not known\. Use one of notEmpty,/],
    [{ "p.toml": "[checks]\nnotHtml = 'maybe'\n" }, /p\.toml:2:11: checks\.notHtml must be one of demanded, required/],
    [{ "p.toml": "checks.notHtml = 'maybe'\n" }, /p\.toml:1:18: checks\.notHtml must be/],
    [{ "p.toml": "\n[check]\n" }, /p\.toml:2:2: check is not a known field\..*checks, write_places, capabilities/],
    [{ "p.toml": "write_places = ['/etc', 'etc']\n" }, /p\.toml:1:25: write_places\[1\] must be an absolute path/],
    [
      { "p.toml": "[capabilities]\nwrite = 'forbidden'\n" },
      /p\.toml:2:1: capabilities\.write is not known\. Use one of downloads,/
    ],
    [
      { "p.toml": "[capabilities]\nwrites = { alowed = [] }\n" },
      /p\.toml:2:12: capabilities\.writes\.alowed is not a known field/
    ],
    [
      { "p.toml": "[capabilities]\nwrites = 'never'\n" },
      /p\.toml:2:10: capabilities\.writes must be one of allowed, forbidden/
    ],
    [{ "p.toml": "[signature]\nfile = 's'\n" }, /p\.toml:1:2: signature\.public_key_file is missing/],
    [
      { "p.toml": "pin_file = 'a'\n[checks]\nnotHtml = 'off'\nnotHtml = 'required'\n" },
      /p\.toml:4:\d+: the file has this key twice/
    ],
    [{ "p.toml": "[checks]\n[checks]\n" }, /p\.toml:2:\d+: the file has this key twice/],
    [{ "p.toml": "a = \n" }, /p\.toml:1:\d+: the file is not valid TOML/],
    [{ "p.toml": `a = ${"[".repeat(50_000)}` }, /p\.toml:1:\d+: the file is not valid TOML: .*depth|nest/i],
    [{ "p.json": "{" }, /p\.json:1:2: the file is not valid JSON: .*\. Correct that line/],
    [{ "p.json": '{\n  "checks": {},\n  "checks": {}\n}' }, /p\.json:3:3: the file has this key twice/],
    [
      { "p.json": '{"checks": {\n "notHtml": "off",\n "notHtml": "required"}}' },
      /p\.json:3:2: the file has this key twice/
    ],
    [{ "p.json": '{\n "checks": {"notHtml":\n "maybe"}}' }, /p\.json:3:2: checks\.notHtml must be/],
    [{ "p.json": `{"a": ${"[".repeat(50_000)}` }, /p\.json:1:22: the file is nested deeper than 16 levels/],
    [{ "p.json": `{"a": "${"x".repeat(300_000)}"}` }, /larger than 256 KiB/],
    [{ "p.toml": "pin_file = 'gone'\n" }, /pin_file names .*gone, which does not exist/],
    [{ "p.toml": "pin_file = 'pins'\n", pins: "abc\n" }, /line 1 has 3 hexadecimal digits/],
    [{ "p.toml": "[signature]\nfile = 's'\npublic_key_file = 'k'\n", s: "x", k: "y" }, /neither a minisign key/]
  ])("says what is wrong in %j, and where", ([contents, message]) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(PolicyFile.read(yield* files(contents)))
      assert.strictEqual(failure._tag, "SettingsError")
      assert.match(failure.message, message)
    })
  )

  it.live("reports every problem at once, in the order of the file", () =>
    Effect.gen(function* () {
      const file = yield* files({ "p.toml": "pinfile = 'x'\n[checks]\nnotHtml = 'maybe'\ncomplete = 5\n" })
      const failure = yield* Effect.flip(PolicyFile.read(file))
      assert.deepStrictEqual(
        failure.problems.map(({ at }) => at?.line),
        [1, 3, 4]
      )
    })
  )

  it("has the JSON Schema that is published: node scripts/schema.ts writes it", () => {
    const file = path.join(import.meta.dirname, "..", "..", "schemas", "policy.schema.json")
    assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), PolicySchema.jsonSchema())
  })

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
      assert.match(wrong.stderr, /policy\.toml:1:2: cheks is not a known field/)
    })
  )
})
