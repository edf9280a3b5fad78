/** The page in a browser, on a server with a data directory. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Request } from "playwright-core"
import * as privx from "../test/support/privx.ts"
import { place } from "../test/support/setups.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import * as flows from "./flows.ts"
import { go, signIn, until } from "./support.ts"

const open = browser()

describe("the page", () => {
  it.live("lets people watch a run, review its script and approve it", () =>
    Effect.flatMap(served.start(), (server) => flows.approves(server, open))
  )

  it.live("rejects by keyboard, cancels and retries", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      yield* flows.rejects(server, open)
      yield* flows.cancels(server, open)
    })
  )

  it.live("keeps a token in memory only, and lets no other token in", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        const answer = await page.goto(server.url.href)
        const policy = answer?.headers()["content-security-policy"] ?? ""
        assert.include(policy, "default-src 'none'")
        assert.include(policy, "frame-ancestors 'none'")
        assert.notInclude(policy, "unsafe")
        assert.strictEqual(answer?.headers()["x-content-type-options"], "nosniff")
        await page.getByLabel("Token").fill("pxk_wrong")
        await page.getByRole("button", { name: "Sign in" }).click()
        await page.getByRole("alert").getByText("does not know the token").waitFor()
        const token = server.tokenOf("viewer")
        await signIn(page, server, "viewer")
        const kept = await page.evaluate<string>(
          "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])"
        )
        assert.notInclude(kept, token)
        await page.reload()
        await page.getByLabel("Token").waitFor()
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("shows each role what it may do, and nothing else", () =>
    Effect.flatMap(served.start(), (server) =>
      flows.roles(server, open, (page, role, where) => signIn(page, server, role, where), { own: true })
    )
  )

  it.live("filters by the address: Back works, a link works, a view is kept", () =>
    Effect.flatMap(served.start(), (server) => flows.filters(server, open))
  )

  it.live("follows runs over a restart of the server", () =>
    Effect.gen(function* () {
      const resumed = { simulator: yield* privx.start(), dataDir: (yield* place).dataDir }
      yield* flows.restarts((again) => served.start({ ...again, resumed }), open)
    })
  )

  it.live("is as quick with 10,000 runs", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const database = new DatabaseSync(path.join(server.dataDir, "privx-kit.sqlite"))
      database.exec(`
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO runs (id, kind, target, inputs, status, created_at, started_at, ended_at, failure, starts)
        SELECT printf('%08x-0000-4000-8000-000000000000', i), 'ueba-setup', 'https://privx-' || (i % 300) || '.example.com', '{}',
          CASE i % 10 WHEN 0 THEN 'failed' ELSE 'succeeded' END, 1700000000000 + i * 1000, 1700000000000 + i * 1000,
          1700000000500 + i * 1000, CASE i % 10 WHEN 0 THEN '{"_tag":"Unknown"}' END, 1
        FROM n`)
      database.close()
      yield* flows.manyRuns(server, open)
    })
  )

  it.live("has one stream of events open at a time, whatever page is shown", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        const streams = new Set<Request>()
        const isStream = (request: Request) => /\/events(\?|$)/.test(request.url())
        page.on("request", (request) => {
          if (isStream(request)) streams.add(request)
        })
        page.on("requestfinished", (request) => streams.delete(request))
        page.on("requestfailed", (request) => streams.delete(request))
        const addresses = () => [...streams].map((request) => request.url())
        /** The stream of the page before may end a little later. */
        const one = (part: string) =>
          until(
            () => streams.size === 1 && addresses().every((address) => address.includes(part)),
            () => `not one stream of ${part}, but ${addresses().join(" ")}`
          )
        await signIn(page, server, "approver")
        await one("/runs/events?limit")
        await page.getByRole("link", { name: "Waiting for approval" }).click()
        await one("status=waiting")
        await go(page, `/runs/${run.id}`)
        await one(`/runs/${run.id}/events`)
        await go(page, "/fleets")
        await one("kind=fleet")
        await go(page, "/runs")
        await one("/runs/events")
      })
    })
  )
})
