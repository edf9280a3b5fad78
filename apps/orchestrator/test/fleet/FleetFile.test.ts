import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import * as FleetFile from "../../src/fleet/FleetFile.ts"
import * as FleetSchema from "../../src/fleet/FleetSchema.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** Creates a directory with these files; the first one is the fleet file. */
const files = Effect.fnUntraced(function* (contents: Readonly<Record<string, string>>) {
  const directory = yield* temporary.directory
  for (const [name, text] of Object.entries(contents))
    fs.writeFileSync(path.join(directory, name), text, { mode: 0o600 })
  return path.join(directory, Object.keys(contents)[0] ?? "")
})

const read = (file: string, environment: Readonly<Record<string, string>> = { TOKEN: "t0k3n" }) =>
  FleetFile.read(file, { environment, home: "/nonexistent" })

/** The problems of a file, as `line:column path problem`. */
const problems = Effect.fnUntraced(function* (text: string, environment?: Readonly<Record<string, string>>) {
  const failure = yield* Effect.flip(read(yield* files({ "fleet.yaml": text }), environment))
  return {
    failure,
    lines: failure.problems.map(({ at, problem, setting }) => `${at?.line}:${at?.column} ${setting} ${problem}`)
  }
})

const good = `version: 1
name: prod
defaults:
  credentials:
    token_env: TOKEN
hosts:
  - name: hel-1
    base_url: https://hel-1.example.com
`

describe("FleetFile", () => {
  it.live("reads hosts with what they inherit, and follows what they refer to", () =>
    Effect.gen(function* () {
      const file = yield* files({
        "fleet.yaml":
          `# a comment
version: 1
name: prod
concurrency: 3
max_age: 7d
schedule: { cron: "0 3 * * *", time_zone: Europe/Helsinki, make_up: true }
x: &test
  labels: { stage: test }
  require_approval: always
`.replace(/^x: &test\n(.*\n)*/m, "") +
          `defaults: &all
  credentials: { token_env: "TOKEN_{NAME}" }
  output: out/{name}
  policy: policy.toml
  labels: { site: hel }
hosts:
  - name: hel-1
    base_url: https://hel-1.example.com/
    labels: { stage: test }
    mode: "0750"
  - <<: *all
    name: hel-2
    base_url: https://hel-2.example.com/privx
    require_approval: always
    credentials: { token_file: token }
`,
        "policy.toml": 'write_places = ["/etc"]\n',
        token: "from-a-file\n"
      })
      const { fleet, warnings } = yield* read(file, { TOKEN_HEL_1: "from-a-variable" })
      assert.deepStrictEqual(warnings, [])
      assert.strictEqual(fleet.name, "prod")
      assert.strictEqual(fleet.concurrency, 3)
      assert.isTrue(fleet.schedule?.makeUp)
      const [one, two] = fleet.hosts
      assert(one !== undefined && two !== undefined)
      assert.deepStrictEqual(one.labels, { site: "hel", stage: "test" })
      assert.strictEqual(one.target, "https://hel-1.example.com")
      assert.deepStrictEqual(one.inputs, {
        output: path.join(path.dirname(file), "out", "hel-1"),
        policy: { writePlaces: ["/etc"] },
        mode: 0o750
      })
      assert.strictEqual(two.target, "https://hel-2.example.com/privx")
      assert.strictEqual(two.inputs.requireApproval, "always")
      const tokens = fleet.hosts.map(({ client }) =>
        client?.credentials._tag === "Token" ? Redacted.value(client.credentials.token) : undefined
      )
      assert.deepStrictEqual(tokens, ["from-a-variable", "from-a-file"])
    })
  )

  it.live("says everything that is wrong at once, each with its line and column", () =>
    Effect.gen(function* () {
      const { failure, lines } = yield* problems(`version: 1
name: prod
concurency: 3
schedule: { cron: "61 3 * * *" }
defaults:
  credentials: { token_env: MISSING }
hosts:
  - name: a
    base_url: ftp://a.example.com
  - name: b
    base_url: http://b.example.com
    require_approval: maybe
  - name: c
    base_url: https://c.example.com
    ca_file: nowhere.pem
    policy: nowhere.toml
    mode: "0777"
  - name: "d e"
  - name: f
    base_url: https://c.example.com
  - name: f
    base_url: https://g.example.com
`)
      assert.deepStrictEqual(
        lines.map((line) => line.replace(/ names a file.*/, " names a file")),
        [
          "3:1 concurency is not a known field",
          "4:19 schedule.cron is not a cron expression",
          "6:29 defaults.credentials.token_env names MISSING, which is not set",
          "9:15 hosts[0].base_url is not an http or https URL",
          "12:23 hosts[1].require_approval must be always, changed or never",
          "15:14 hosts[2].ca_file names a file",
          "16:13 hosts[2].policy names a file",
          "17:11 hosts[2].mode must be an octal mode like 0700 that does not let everyone write",
          "18:5 hosts[3].base_url is missing",
          "18:11 hosts[3].name must be 1 to 63 letters, digits, dots, dashes or underlines that begin with a letter or digit",
          "21:11 hosts[5].name is f, which an earlier host has already"
        ]
      )
      assert.include(failure.message, "fleet.yaml:9:15: hosts[0].base_url is not an http or https URL.")
    })
  )

  it.live("refuses a schedule that never comes due", () =>
    Effect.gen(function* () {
      const { lines } = yield* problems(`version: 1
name: prod
schedule: { cron: "0 0 30 2 *" }
hosts: [{ name: a, base_url: "https://a.example.com" }]
`)
      assert.deepStrictEqual(
        lines.filter((line) => line.includes("cron")),
        ["3:19 schedule.cron never matches a date"]
      )
    })
  )

  it.live("refuses what looks like a secret, and does not repeat it", () =>
    Effect.gen(function* () {
      const secrets = ["hunter2hunter2", "eyJhbGciOi.eyJzdWIiOi.c2ln", "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MDEyMzQ1Ng"]
      const { failure, lines } = yield* problems(`version: 1
name: prod
hosts:
  - name: a
    base_url: https://a.example.com
    credentials: { client_id: me, client_secret: ${secrets[0]}, oauth_client_secret_env: X }
  - name: b
    base_url: https://b.example.com
    credentials: { token_file: ${secrets[1]} }
  - name: c
    base_url: https://ada:${secrets[0]}@c.example.com
    credentials: { token_env: ${secrets[2]} }
`)
      assert.deepStrictEqual(lines, [
        "6:50 hosts[0].credentials.client_secret is a secret, which a fleet file must not contain",
        "9:32 hosts[1].credentials.token_file looks like a secret",
        "11:15 hosts[2].base_url looks like a secret",
        "12:31 hosts[2].credentials.token_env looks like a secret"
      ])
      const said = JSON.stringify(failure) + failure.message + failure.hint
      for (const secret of secrets) assert.notInclude(said, secret)
    })
  )

  it.live("says where the text itself is wrong, without quoting it", () =>
    Effect.gen(function* () {
      const { failure, lines } = yield* problems(`version: 1\nname: {hunter2} x\nname: b\n`)
      assert.strictEqual(lines.length, 2)
      assert.match(lines[0] ?? "", /^2:\d+ the file is not valid YAML/)
      assert.match(lines[1] ?? "", /^3:1 the file has this key twice/)
      assert.notInclude(failure.message, "hunter2")
    })
  )

  it.live("refuses what other parsers take for something else, with its place", () =>
    Effect.gen(function* () {
      const said = (text: string) =>
        Effect.map(problems(text), ({ lines }) => lines.map((line) => line.replace("  ", " ")))
      const head = "version: 1\nname: a\n"
      assert.deepStrictEqual(
        (yield* said(`{"version": 1,\n "name": "a", "name": "b"}`))[0],
        "2:15 the file has this key twice"
      )
      assert.deepStrictEqual(yield* said(`${head}hosts: !env HOSTS\n`), [
        "3:13 the file has a YAML tag, which fleet files do not support"
      ])
      assert.deepStrictEqual((yield* said(`${head}---\nname: b\n`))[0], "3:1 the file contains a second document")
      for (const cron of ["*/5 * * * *", "* * * * *", "*/5"]) {
        assert.match(
          (yield* said(`${head}schedule:\n  cron: ${cron}\n`))[0] ?? "",
          /^4:\d+ the file has a value that starts with \*, which YAML reads as an alias/,
          cron
        )
      }
      const utf16 = Buffer.from(`\ufeff${head}`, "utf16le").toString("utf8")
      assert.match((yield* said(utf16)).join(), /^1:1 .*fleet\.yaml is not UTF-8 text$/)
    })
  )

  it.live("reads JSON too, and TOML files of the official tools with their certificates", () =>
    Effect.gen(function* () {
      const file = yield* files({
        "fleet.json": JSON.stringify({
          $schema: "fleet.schema.json",
          version: 1,
          name: "prod",
          defaults: { credentials: { toml_file: "client.toml" } },
          hosts: [{ name: "a", base_url: "https://a.example.com" }]
        }),
        "client.toml": `[auth]\napi_client_id = "me"\napi_client_secret = "s1"\noauth_client_secret = "s2"\n`
      })
      const { fleet } = yield* read(file)
      const credentials = fleet.hosts[0]?.client?.credentials
      assert(credentials?._tag === "ApiClient")
      assert.strictEqual(credentials.clientId, "me")
      assert.strictEqual(Redacted.value(credentials.oauthClientSecret), "s2")
      fs.writeFileSync(path.join(path.dirname(file), "client.toml"), `[auth]\napi_client_id = "me"\n`)
      const failure = yield* Effect.flip(read(file))
      assert.include(failure.message, "API client secret is not set")
    })
  )

  it.live("warns of a file with a secret that others can read", () =>
    Effect.gen(function* () {
      const file = yield* files({ "fleet.yaml": good.replace("token_env: TOKEN", "token_file: token"), token: "t" })
      fs.chmodSync(path.join(path.dirname(file), "token"), 0o644)
      const { warnings } = yield* read(file)
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0] ?? "", "chmod 600")
    })
  )

  it.live("is refused where other users can write it, or a file that it names", () =>
    Effect.gen(function* () {
      const text = good.replace("token_env: TOKEN", "token_file: token")
      for (const [name, mode] of [
        ["fleet.yaml", "0664"],
        ["token", "0620"]
      ] as const) {
        const file = yield* files({ "fleet.yaml": text, token: "t" })
        fs.chmodSync(path.join(path.dirname(file), name), Number.parseInt(mode, 8))
        const { problems } = yield* Effect.flip(read(file))
        assert.strictEqual(problems.length, 1)
        assert.include(problems[0]?.problem, `can be written by other users (mode ${mode})`)
        assert.include(problems[0]?.fix, "chmod go-w")
      }
    })
  )

  it.live("requires an output directory for each host, and one kind of credentials", () =>
    Effect.gen(function* () {
      const two = `${good}  - name: b\n    base_url: https://b.example.com\n`
      const shared = yield* problems(two.replace("defaults:\n", "defaults:\n  output: out\n"))
      assert.match(shared.lines.join("\n"), /^4:11 defaults.output is .*out for several hosts$/)
      const both = yield* problems(good.replace("TOKEN\n", "TOKEN\n    client_id: me\n"))
      assert.match(
        both.lines.join("\n"),
        /^5:5 defaults.credentials specifies several ways to log in: a token, an API client$/
      )
    })
  )

  it("has a published schema that says the same", () => {
    const file = path.join(import.meta.dirname, "..", "..", "schemas", "fleet.schema.json")
    assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, "utf8")), FleetSchema.jsonSchema())
  })
})
