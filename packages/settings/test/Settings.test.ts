import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { inspect } from "node:util"
import * as Lookup from "../src/Lookup.ts"
import * as Settings from "../src/Settings.ts"

const none: Settings.Flags = {
  baseUrl: undefined,
  caFiles: [],
  insecureHttp: false,
  config: undefined,
  dataDir: undefined
}

/** A home directory, with a TOML file in its usual place if a text is given. */
const home = Effect.fnUntraced(function* (toml?: string, mode = 0o600) {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-settings-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
  )
  const file = path.join(directory, ".config", "privx-kit", "config.toml")
  if (toml !== undefined) {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, toml, { mode })
  }
  return { directory, file }
})

const official = `
[api]
base_url = "https://file.example.com"
[auth]
api_client_id = "file-id"
api_client_secret = "file-secret"
oauth_client_id = "file-oauth"
oauth_client_secret = "file-oauth-secret"
`

const apiClient = {
  PRIVX_API_BASE_URL: "https://env.example.com",
  PRIVX_API_CLIENT_ID: "env-id",
  PRIVX_API_CLIENT_SECRET: "env-secret",
  PRIVX_API_OAUTH_CLIENT_SECRET: "env-oauth-secret"
}

const sourceOf = (inspection: Settings.Inspection, title: string) => {
  const row = inspection.rows.find((row) => row.title === title)
  return row?.source === undefined ? undefined : Lookup.describe(row.source)
}

describe("Settings", () => {
  it.effect("reads the official TOML file from its usual place", () =>
    Effect.gen(function* () {
      const { directory } = yield* home(official)
      const { settings, warnings } = yield* Settings.resolve(none, { environment: {}, home: directory })
      assert.strictEqual(settings.baseUrl.href, "https://file.example.com/")
      assert.deepStrictEqual(warnings, [])
      assert.strictEqual(settings.credentials._tag, "ApiClient")
      if (settings.credentials._tag === "ApiClient") {
        assert.strictEqual(settings.credentials.oauthClientId, "file-oauth")
        assert.strictEqual(Redacted.value(settings.credentials.clientSecret), "file-secret")
      }
    })
  )

  it.effect("puts flags before the environment, the environment before the file, and says what hides what", () =>
    Effect.gen(function* () {
      const { file, directory } = yield* home(official)
      const host = { environment: apiClient, home: directory }
      const byEnvironment = yield* Settings.inspect(none, host)
      assert.strictEqual(byEnvironment.partial.baseUrl?.host, "env.example.com")
      assert.strictEqual(sourceOf(byEnvironment, "base URL"), "$PRIVX_API_BASE_URL")
      assert.strictEqual(sourceOf(byEnvironment, "OAuth client id"), `${file} [auth] oauth_client_id`)
      const byFlag = yield* Settings.inspect({ ...none, baseUrl: "https://flag.example.com" }, host)
      assert.strictEqual(byFlag.partial.baseUrl?.host, "flag.example.com")
      const row = byFlag.rows.find(({ title }) => title === "base URL")
      assert.deepStrictEqual(row?.hidden.map(Lookup.describe), ["$PRIVX_API_BASE_URL", `${file} [api] base_url`])
    })
  )

  it.effect("knows the aliases of the official tools, and does not guess between two values", () =>
    Effect.gen(function* () {
      const { directory } = yield* home()
      const aliases = {
        PRIVX_API_BASE_URL: "https://a.example.com",
        PRIVX_API_ACCESS_KEY: "id",
        PRIVX_API_SECRET_KEY: "secret",
        PRIVX_API_OAUTH_CLIENT_SECRET: "oauth"
      }
      const { settings } = yield* Settings.resolve(none, { environment: aliases, home: directory })
      assert.deepInclude(settings.credentials, { clientId: "id", oauthClientId: "privx-external" })
      const error = yield* Effect.flip(
        Settings.resolve(none, { environment: { ...aliases, PRIVX_API_CLIENT_ID: "other" }, home: directory })
      )
      assert.include(error.message, "PRIVX_API_CLIENT_ID and PRIVX_API_ACCESS_KEY")
    })
  )

  it.effect("lists everything that is wrong at once, where it looked, and what to set", () =>
    Effect.gen(function* () {
      const { file, directory } = yield* home()
      const error = yield* Effect.flip(
        Settings.resolve(
          { ...none, caFiles: [path.join(directory, "nope.pem")] },
          { environment: { PRIVX_API_BASE_URL: "nonsense", PRIVX_API_CLIENT_ID: "id" }, home: directory }
        )
      )
      assert.deepStrictEqual(
        error.problems.map(({ setting }) => setting),
        ["base URL", `CA file ${path.join(directory, "nope.pem")}`, "API client secret", "OAuth client secret"]
      )
      assert.deepStrictEqual(error.looked, ["flags", "environment", `${file} (does not exist)`])
      assert.include(error.message, "Set PRIVX_API_CLIENT_SECRET, or api_client_secret in section [auth]")
    })
  )

  it.effect("never shows a secret: not in rows, problems, errors or their JSON", () =>
    Effect.gen(function* () {
      const { directory } = yield* home(official.replace("file-oauth-secret", "bad\\nsecret-x"))
      const environment = {
        PRIVX_API_TOKEN: "two words-secret",
        PRIVX_API_BASE_URL: "https://u:pw-secret@a.example.com"
      }
      const inspection = yield* Settings.inspect(none, { environment, home: directory })
      const error = yield* Effect.flip(Settings.resolve(none, { environment, home: directory }))
      const seen = [inspect(inspection, { depth: 9 }), JSON.stringify(inspection), JSON.stringify(error), error.message]
      for (const text of seen) assert.notInclude(text, "-secret")
    })
  )

  it.effect("says in which line the TOML is broken, without quoting a secret from it", () =>
    Effect.gen(function* () {
      const { directory } = yield* home(`[auth]\napi_client_secret = "hunter2\n`)
      const error = yield* Effect.flip(Settings.resolve(none, { environment: {}, home: directory }))
      assert.include(error.message, "not valid TOML (line 2")
      assert.notInclude(JSON.stringify(error), "hunter2")
    })
  )

  it.effect("warns of a file with secrets that others can read, and of keys it does not know", () =>
    Effect.gen(function* () {
      const { file, directory } = yield* home(`${official}\nsomething = "x"\n[other]\n`, 0o644)
      const { warnings } = yield* Settings.resolve(none, { environment: {}, home: directory })
      assert.include(warnings[0], `chmod 600 ${file}`)
      assert.include(warnings[1], "auth.something, other")
    })
  )

  it.effect("requires that a given file exists", () =>
    Effect.gen(function* () {
      const { directory } = yield* home()
      const error = yield* Effect.flip(
        Settings.resolve({ ...none, config: "/nope/c.toml" }, { environment: apiClient, home: directory })
      )
      assert.include(error.message, "/nope/c.toml does not exist")
    })
  )

  describe("credentials", () => {
    const token = { PRIVX_API_BASE_URL: "https://a.example.com", PRIVX_API_TOKEN: "a-token" }

    it.effect("the source with the higher precedence decides between a token and an API client", () =>
      Effect.gen(function* () {
        const { directory } = yield* home(official)
        const { settings, warnings } = yield* Settings.resolve(none, { environment: token, home: directory })
        assert.strictEqual(settings.credentials._tag, "Token")
        assert.include(warnings.join(), "is not used")
      })
    )

    it.effect("two of equal strength are a contradiction", () =>
      Effect.gen(function* () {
        const { directory } = yield* home()
        const error = yield* Effect.flip(
          Settings.resolve(none, { environment: { ...token, ...apiClient }, home: directory })
        )
        assert.include(error.message, "The credentials are set twice")
      })
    )

    it.effect("a token to exchange is a way to log in, with its scope", () =>
      Effect.gen(function* () {
        const { directory } = yield* home()
        const environment = {
          PRIVX_API_BASE_URL: "https://a.example.com",
          PRIVX_EXCHANGE_TOKEN: "an-outside-token",
          PRIVX_EXCHANGE_SCOPE: "privx-user"
        }
        const { settings } = yield* Settings.resolve(none, { environment, home: directory })
        assert.strictEqual(settings.credentials._tag, "Exchange")
        assert.deepInclude(settings.credentials, { scope: "privx-user" })
        assert.notInclude(inspect(settings, { depth: 9 }), "an-outside-token")
        const error = yield* Effect.flip(
          Settings.resolve(none, { environment: { ...token, ...environment }, home: directory })
        )
        assert.include(error.message, "a token ($PRIVX_API_TOKEN) and an exchange token ($PRIVX_EXCHANGE_TOKEN)")
      })
    )
  })

  describe("an API client in a domain", () => {
    const environment = {
      PRIVX_API_BASE_URL: "https://a.example.com",
      PRIVX_API_CLIENT_ID: "own",
      PRIVX_API_CLIENT_SECRET: "of-the-client",
      PRIVX_API_CLIENT_DOMAIN: "privx-external"
    }
    const resolve = (more: Readonly<Record<string, string>>, file?: string) =>
      Effect.flatMap(home(file), ({ directory }) =>
        Settings.resolve(none, { environment: { ...environment, ...more }, home: directory })
      )

    it.effect("needs no OAuth client", () =>
      Effect.gen(function* () {
        const { settings, warnings } = yield* resolve({})
        assert.deepInclude(settings.credentials, {
          _tag: "ClientCredentials",
          clientId: "own",
          domain: "privx-external"
        })
        assert.deepStrictEqual(warnings, [])
        assert.notInclude(inspect(settings, { depth: 9 }), "of-the-client")
      })
    )

    it.effect("is stronger than the OAuth client of the file, and contradicts one of the environment", () =>
      Effect.gen(function* () {
        const { settings, warnings } = yield* resolve({}, official)
        assert.deepInclude(settings.credentials, { _tag: "ClientCredentials", clientId: "own" })
        assert.match(warnings.join(), /\[auth\] oauth_client_secret is not used: other credentials take precedence/)
        const error = yield* Effect.flip(resolve({ PRIVX_API_OAUTH_CLIENT_SECRET: "s" }))
        assert.include(error.message, "an API client ($PRIVX_API_OAUTH_CLIENT_SECRET)")
        assert.include(error.message, "an API client in a domain ($PRIVX_API_CLIENT_DOMAIN)")
      })
    )

    it.effect("is advised where the OAuth client is missing", () =>
      Effect.gen(function* () {
        const { PRIVX_API_CLIENT_DOMAIN: _, ...client } = environment
        const { directory } = yield* home()
        const error = yield* Effect.flip(Settings.resolve(none, { environment: client, home: directory }))
        assert.include(
          error.problems.map(({ fix }) => fix).join(" "),
          "A client of the type public needs PRIVX_API_CLIENT_DOMAIN instead."
        )
      })
    )
  })

  describe("an exchange token with an OAuth client, as the official Go SDK reads them", () => {
    const environment = {
      PRIVX_API_BASE_URL: "https://a.example.com",
      PRIVX_EXCHANGE_TOKEN: "an-outside-token",
      PRIVX_API_OAUTH_CLIENT_ID: "privx-ui"
    }

    it.effect.each([
      { what: "from the environment", more: {} },
      { what: "with the secret of the client beside it", more: { PRIVX_API_OAUTH_CLIENT_SECRET: "s" } }
    ])("is one way to log in: $what", ({ more }) =>
      Effect.gen(function* () {
        const { directory } = yield* home()
        const { settings, warnings } = yield* Settings.resolve(none, {
          environment: { ...environment, ...more },
          home: directory
        })
        assert.deepInclude(settings.credentials, { _tag: "Exchange", clientId: "privx-ui" })
        assert.deepStrictEqual(warnings, [])
      })
    )

    it.effect("is one way to log in where both stand in the file", () =>
      Effect.gen(function* () {
        const { directory } = yield* home(
          '[api]\nbase_url = "https://a.example.com"\n[auth]\nexchange_token = "t"\noauth_client_id = "privx-ui"\n'
        )
        const { settings } = yield* Settings.resolve(none, { environment: {}, home: directory })
        assert.deepInclude(settings.credentials, { _tag: "Exchange", clientId: "privx-ui" })
      })
    )

    it.effect("is stronger than an API client of the file, and contradicts one of the environment", () =>
      Effect.gen(function* () {
        const { directory } = yield* home(official)
        const { settings } = yield* Settings.resolve(none, { environment, home: directory })
        assert.deepInclude(settings.credentials, { _tag: "Exchange", clientId: "privx-ui" })
        const error = yield* Effect.flip(
          Settings.resolve(none, { environment: { ...environment, ...apiClient }, home: directory })
        )
        assert.include(error.message, "are set twice")
      })
    )
  })

  describe("directories", () => {
    it.effect("follow flag, environment and XDG, in that order", () =>
      Effect.gen(function* () {
        const dataDir = (flags: Partial<Settings.Flags>, environment: Record<string, string>) =>
          Effect.map(Settings.inspect({ ...none, ...flags }, { environment, home: "/home/me" }), (all) => all.dataDir)
        assert.strictEqual(yield* dataDir({}, {}), "/home/me/.local/share/privx-kit")
        assert.strictEqual(yield* dataDir({}, { XDG_DATA_HOME: "/xdg" }), "/xdg/privx-kit")
        assert.strictEqual(yield* dataDir({}, { XDG_DATA_HOME: "relative" }), "/home/me/.local/share/privx-kit")
        assert.strictEqual(yield* dataDir({}, { XDG_DATA_HOME: "/xdg", PRIVX_KIT_DATA_DIR: "/env" }), "/env")
        assert.strictEqual(yield* dataDir({ dataDir: "~/flag" }, { PRIVX_KIT_DATA_DIR: "/env" }), "/home/me/flag")
      })
    )
  })
})
