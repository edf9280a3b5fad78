import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { parse } from "yaml"
import * as support from "../postgres/support.ts"
import * as issuers from "../test/support/issuer.ts"
import * as Compose from "./compose.ts"
import * as Container from "./container.ts"

const server = support.server()

const origin = "http://127.0.0.1:7443"

interface Dex {
  readonly issuer: string
  readonly staticClients: ReadonlyArray<{
    readonly id: string
    readonly secret: string
    readonly redirectURIs: ReadonlyArray<string>
  }>
  readonly staticPasswords: ReadonlyArray<{ readonly email: string }>
}

const dex: Dex = parse(fs.readFileSync(path.join(Container.deployDirectory, "compose/dex.yaml"), "utf8"))

/** An issuer with the client, the address and the person of the file for Dex. */
const issuer = Effect.gen(function* () {
  const [client] = dex.staticClients
  const made = yield* issuers.make(new URL(client?.redirectURIs[0] ?? ""), {
    port: Number(new URL(dex.issuer).port),
    client: { id: client?.id ?? "", secret: client?.secret ?? "" }
  })
  made.accounts.set("admin", { roles: [], email: dex.staticPasswords[0]?.email ?? "" })
  made.person("admin")
  return made
})

describe("compose.yaml", () => {
  it.live("becomes a cluster: the person of the issuer signs in, setups succeed, also after a worker has died", () =>
    Effect.gen(function* () {
      const { issuer: address } = yield* issuer
      assert.strictEqual(address, dex.issuer)
      const databaseUrl = yield* Effect.promise(() => server().database())
      const project = yield* Compose.project({ databaseUrl, elsewhere: ["postgres", "openid"] })

      const started = yield* project.up("server")
      const first = yield* project.up("worker-1")
      const second = yield* project.up("worker-2")
      const health = (place: string) =>
        Effect.promise(() =>
          fetch(`${origin}${place}`).then(
            ({ status }) => status,
            () => 0
          )
        )
      yield* eventually(health("/readyz"), (status) => status === 200, Container.mostToStart)
      assert.strictEqual(yield* health("/healthz"), 200)

      const token = /pxk_[\w-]+/.exec((yield* project.up("tokens"))?.output() ?? "")?.[0] ?? ""
      const person = { PRIVX_KIT_SERVER: origin, PRIVX_KIT_SERVER_TOKEN: token }
      const setup = yield* project.command(["ueba", "setup", "--output", "/data/ueba"], person)
      assert.strictEqual(setup.exitCode, 0, setup.output)

      const browser = issuers.browser()
      const arrived = yield* browser.visit(new URL("/auth/login", origin))
      assert.strictEqual(arrived.url.origin, origin, arrived.text)
      const me = yield* browser.visit(new URL("/api/v1/me", origin), { headers: { "x-privx-kit-page": "1" } })
      assert.strictEqual(JSON.parse(me.text).role, "admin", me.text)

      // The other worker takes over what the dead one was at.
      yield* first?.signal("SIGKILL") ?? Effect.void
      const afterwards = yield* project.command(["ueba", "setup", "--new", "--output", "/data/ueba"], person)
      assert.strictEqual(afterwards.exitCode, 0, afterwards.output)
      const listed = yield* project.command(["runs", "list", "--json"], person)
      assert.deepStrictEqual(
        JSON.parse(listed.output).result.runs.map(({ status }: { readonly status: string }) => status),
        ["succeeded", "succeeded"]
      )

      for (const container of [started, second]) {
        assert.isTrue(container?.isRunning(), container?.output())
        yield* container?.signal("SIGTERM") ?? Effect.void
        assert.strictEqual(yield* container?.exitCode ?? Effect.succeed(1), 0, container?.output())
      }
    })
  )
})
