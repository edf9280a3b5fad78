import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import { freePort } from "../support/freePort.ts"
import * as issuers from "../support/issuer.ts"
import * as served from "../support/served.ts"
import * as simulated from "../support/simulated.ts"
import { eventually } from "@privx-kit/testing/eventually"
import * as program from "@privx-kit/testing/program"
import * as temporary from "@privx-kit/testing/temporary"

const main = path.join(import.meta.dirname, "..", "..", "src", "main.ts")

/** Opens the URL that the command shows, enters the code if it shows one, and confirms or aborts. */
const person =
  (browser: ReturnType<typeof issuers.browser>, answer: "confirm" | "abort" = "confirm") =>
  (stderr: () => string) =>
    Effect.gen(function* () {
      const shown = yield* eventually(
        Effect.sync(() => /(http:\S+)[^]*?\n {2}([A-Z]{4}-[A-Z]{4})\n|(http:\S+redirect_uri\S+)\n/.exec(stderr())),
        (match) => match !== null
      )
      const [, device, code, address = ""] = shown ?? []
      if (device === undefined) return yield* browser.visit(new URL(address))
      const form = yield* browser.visit(new URL(device))
      const xsrf = /name="xsrf" value="(\w+)"/.exec(form.text)?.[1] ?? ""
      return yield* browser.visit(new URL(device), {
        method: "POST",
        body: new URLSearchParams({ xsrf, user_code: code ?? "", [answer]: "yes" })
      })
    })

/** A server, its issuer, and the command line of a person without a token. */
const start = Effect.fnUntraced(function* (options: { readonly commandLine?: boolean } = {}) {
  const port = yield* freePort
  const publicUrl = new URL(`http://127.0.0.1:${port}`)
  const issuer = yield* issuers.make(new URL("/auth/callback", publicUrl))
  issuer.accounts.set("anna", { name: "Anna Example", roles: ["kit-operators"] })
  issuer.accounts.set("cleo", { name: "Cleo Example", roles: ["others"] })
  const server = yield* served.start({
    port,
    oidc: {
      issuer: new URL(issuer.issuer),
      clientId: issuers.client.id,
      clientSecret: Redacted.make(issuers.client.secret),
      scope: "roles",
      audience: "https://kit.example.com/api",
      commandLineClientId: options.commandLine === false ? undefined : issuers.commandLine.id,
      publicUrl,
      roles: [{ role: "operator", value: "kit-operators" }]
    }
  })
  const home = path.join(path.dirname(server.dataDir), "home")
  const env = { XDG_STATE_HOME: home, PRIVX_KIT_SERVER: server.url.origin }
  const login = (...args: ReadonlyArray<string>) =>
    served.cliWith(env, { person: person(issuers.browser()) }, ["login", ...args])
  const abort = (...args: ReadonlyArray<string>) =>
    served.cliWith(env, { person: person(issuers.browser(), "abort") }, ["login", ...args])
  const cli = (...args: ReadonlyArray<string>) => served.cli(env, ...args)
  const logins = path.join(home, "privx-kit", "logins")
  const file = path.join(logins, `http_127.0.0.1_${port}.json`)
  return { abort, cli, env, file, issuer, login, logins, server }
})

const stored = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"))

describe("privx-kit login", () => {
  it.live(
    "signs in by a browser here, keeps the tokens from others, renews them, and signs out",
    () =>
      Effect.gen(function* () {
        const { cli, env, file, issuer, login, logins, server } = yield* start()
        assert.strictEqual((yield* cli("runs", "list")).code, 7)
        issuer.accessTokens({ seconds: 20 })
        const signedIn = yield* login("--json")
        assert.strictEqual(signedIn.code, 0, signedIn.stderr)
        assert.deepStrictEqual(JSON.parse(signedIn.stdout).result, {
          server: server.url.origin,
          name: `${issuer.issuer}#anna`,
          displayName: "anna",
          role: "operator",
          renewable: true
        })
        assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
        assert.strictEqual(fs.statSync(logins).mode & 0o777, 0o700)
        const first = stored(file)
        for (const secret of [first.accessToken, first.refreshToken]) {
          assert.notInclude(signedIn.stdout + signedIn.stderr, secret)
        }

        // The access token has nearly expired: it is renewed, once for several commands.
        issuer.accessTokens({ seconds: 600 })
        const submitted = yield* cli("ueba", "setup", "--no-wait", "--require-approval", "always", "--json")
        assert.strictEqual(submitted.code, 18, submitted.stderr)
        const second = stored(file)
        assert.notStrictEqual(second.accessToken, first.accessToken)
        const { run } = (yield* server.ask("GET", "/api/v1/runs?status=waiting", {
          token: second.accessToken
        })).json.runs.map((run: unknown) => ({ run }))[0]
        assert.strictEqual(run.requestedBy, `${issuer.issuer}#anna`)
        assert.strictEqual((yield* cli("runs", "list")).code, 0)
        assert.strictEqual(stored(file).accessToken, second.accessToken)

        // The environment takes precedence, and `login` reports that.
        const token = { ...env, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("viewer") }
        assert.strictEqual((yield* served.cli(token, "runs", "cancel", run.id)).code, 8)

        // A removed role is gone with the next access token.
        issuer.accounts.set("anna", { roles: ["others"] })
        fs.writeFileSync(file, JSON.stringify({ ...second, expiresAt: 0 }), { mode: 0o600 })
        const removed = yield* cli("runs", "list", "--json")
        assert.strictEqual(removed.code, 8, removed.stderr)
        assert.include(JSON.parse(removed.stdout).error.message, "no role on this server")

        const out = yield* cli("logout")
        assert.strictEqual(out.code, 0, out.stderr)
        assert.include(out.stdout, "Signed out")
        assert.isFalse(fs.existsSync(file))
        assert.include((yield* cli("logout")).stdout, "were not signed in")
        assert.strictEqual((yield* cli("runs", "list")).code, 7)

        // The issuer has revoked it.
        fs.writeFileSync(file, JSON.stringify({ ...second, expiresAt: 0 }), { mode: 0o600 })
        const revoked = yield* cli("runs", "list", "--json")
        assert.strictEqual(revoked.code, 7, revoked.stderr)
        assert.deepInclude(JSON.parse(revoked.stdout).error, { tag: "LoginFailed", reason: "ended" })
      }),
    120_000
  )

  it.live(
    "signs in by a code on another device, and refuses whom issuer or server refuse",
    () =>
      Effect.gen(function* () {
        const { cli, file, issuer, login } = yield* start()
        const failure = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
          const ended = yield* login("--json", ...args)
          assert.isFalse(fs.existsSync(file), "nothing is kept")
          const { error } = JSON.parse(ended.stdout)
          return { code: ended.code, tag: error.tag, reason: error.reason }
        })
        issuer.person("anna", false)
        assert.deepStrictEqual(yield* failure(), { code: 8, tag: "LoginFailed", reason: "denied" })
        issuer.person("cleo")
        assert.deepStrictEqual(yield* failure(), { code: 8, tag: "ServerRefused", reason: "Forbidden" })
        issuer.person("anna")
        issuer.accessTokens({ audience: "https://other.example.com" })
        assert.deepStrictEqual(yield* failure(), { code: 7, tag: "ServerRefused", reason: "Unauthorized" })
        issuer.accessTokens({})
        const signedIn = yield* login("--device")
        assert.strictEqual(signedIn.code, 0, signedIn.stderr)
        assert.match(signedIn.stdout, /Signed in to http:\S+ as anna \(operator\)/)
        assert.strictEqual((yield* cli("runs", "list")).code, 0)
        // A file that others can change is not used.
        fs.chmodSync(file, 0o666)
        assert.strictEqual((yield* cli("runs", "list")).code, 14)
      }),
    120_000
  )

  it.live(
    "ends where the person denies the code of another device, whether at the code or at the consent",
    () =>
      Effect.gen(function* () {
        const { abort, cli, file, issuer, login } = yield* start()
        const denied = Effect.fnUntraced(function* (ended: Effect.Success<ReturnType<typeof login>>) {
          assert.strictEqual(ended.code, 8, ended.stderr)
          const { error } = JSON.parse(ended.stdout)
          assert.deepInclude(error, { tag: "LoginFailed", reason: "denied" })
          assert.include(ended.stderr, error.message)
          assert.isFalse(fs.existsSync(file), "nothing is kept")
          assert.strictEqual((yield* cli("runs", "list")).code, 7)
        })
        yield* denied(yield* abort("--device", "--json"))
        issuer.person("anna", false)
        yield* denied(yield* login("--device", "--json"))
        // A denial is not stored: the next code can be confirmed.
        issuer.person("anna")
        const signedIn = yield* login("--device", "--json")
        assert.strictEqual(signedIn.code, 0, signedIn.stderr)
        assert.strictEqual((yield* cli("runs", "list")).code, 0)
      }),
    60_000
  )

  it.live(
    "works with a server that the options of serve have set up, and they are checked first",
    () =>
      Effect.gen(function* () {
        const privx = yield* simulated.start()
        const directory = yield* temporary.directory
        const port = yield* freePort
        const url = `http://127.0.0.1:${port}`
        const issuer = yield* issuers.make(new URL("/auth/callback", url))
        issuer.accounts.set("anna", { name: "Anna Example", roles: [], groups: ["staff"] })
        const secret = path.join(directory, "secret")
        fs.writeFileSync(secret, `${issuers.client.secret}\n`)
        const flags = {
          "--oidc-issuer": issuer.issuer,
          "--oidc-client-id": issuers.client.id,
          "--oidc-client-secret-file": secret,
          "--oidc-cli-client-id": issuers.commandLine.id,
          "--oidc-audience": "https://kit.example.com/api",
          "--oidc-role-claim": "groups",
          "--oidc-role": "viewer=staff",
          "--public-url": url
        }
        const serve = (changed: Readonly<Record<string, string>>) => [
          "serve",
          `--listen=127.0.0.1:${port}`,
          `--data-dir=${path.join(directory, "data")}`,
          ...Object.entries({ ...flags, ...changed }).flatMap(([name, value]) =>
            value === "" ? [] : [`${name}=${value}`]
          )
        ]
        const wrong = yield* served.cli(
          privx.env,
          ...serve({
            "--oidc-issuer": "http://login.example.com",
            "--oidc-client-id": "",
            "--oidc-client-secret-file": path.join(directory, "none"),
            "--oidc-role": "boss=staff",
            "--public-url": ""
          })
        )
        assert.strictEqual(wrong.code, 2, wrong.stderr)
        for (const name of ["issuer", "client-id", "client-secret-file", "role"])
          assert.include(wrong.stderr, `--oidc-${name} `)
        assert.include(wrong.stderr, "--public-url ")
        const nowhere = yield* served.cli(privx.env, ...serve({ "--oidc-issuer": "http://127.0.0.1:1" }))
        assert.strictEqual(nowhere.code, 3, nowhere.stderr)

        const server = yield* program.start(main, [...serve({}), "--json"], { env: privx.env })
        yield* server.line("{")
        const methods = yield* Effect.promise(() => fetch(`${url}/api/v1/sign-in`).then((answer) => answer.json()))
        assert.deepStrictEqual(methods, {
          tokens: false,
          oidc: {
            issuer: `${issuer.issuer}/`,
            login: "/auth/login",
            commandLine: {
              clientId: issuers.commandLine.id,
              scope: "openid profile",
              resource: "https://kit.example.com/api"
            }
          }
        })
        const env = { XDG_STATE_HOME: path.join(directory, "home"), PRIVX_KIT_SERVER: url }
        const signedIn = yield* served.cliWith(env, { person: person(issuers.browser()) }, ["login"])
        assert.strictEqual(signedIn.code, 0, signedIn.stderr)
        assert.include(signedIn.stdout, `Signed in to ${url} as anna (viewer).`)
        const doctor = yield* served.cli({ ...privx.env, ...env }, "doctor", "--json")
        const checks = JSON.parse(doctor.stdout).result.checks
        assert.deepInclude(
          checks.find(({ name }: { readonly name: string }) => name === "server"),
          { outcome: "ok" }
        )
      }),
    120_000
  )

  it.live("says so where the server offers no sign-in to it", () =>
    Effect.gen(function* () {
      const { cli } = yield* start({ commandLine: false })
      const refused = yield* cli("login", "--json")
      assert.strictEqual(refused.code, 3, refused.stderr)
      assert.strictEqual(JSON.parse(refused.stdout).error.reason, "notOffered")
      assert.strictEqual((yield* served.cli({}, "login")).code, 3)
    })
  )
})
