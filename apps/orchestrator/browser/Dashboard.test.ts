/** The page in a browser, on a server with a data directory. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as privx from "../test/support/privx.ts"
import { place } from "../test/support/setups.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import * as flows from "./flows.ts"
import { counted, go, signIn } from "./support.ts"

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
    Effect.gen(function* () {
      const server = yield* served.start()
      const good = yield* server.submit({})
      yield* server.reached(good.run.id, "succeeded")
      const bad = yield* server.submit({ sha256: "0".repeat(64) }, "admin")
      yield* server.reached(bad.run.id, "failed")
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        const rows = page.locator("table.list tbody tr")
        const shown = (count: number) => counted(rows, count)
        await signIn(page, server, "viewer", "/runs?status=failed")
        await shown(1)
        assert.include(await rows.first().innerText(), bad.run.id.slice(0, 8))
        await page.getByRole("button", { name: "failed 1" }).click()
        await shown(2)
        await page.goBack()
        await shown(1)
        assert.strictEqual(await page.getByRole("button", { name: "failed 1" }).getAttribute("aria-pressed"), "true")
        await page.getByRole("button", { name: "All" }).click()
        await shown(2)
        await page.getByText("Filters").click()
        await page.getByLabel("Requested by").fill("operator")
        await page.getByLabel("Ended from").fill("2020-01-01T00:00")
        await page.getByRole("button", { name: "Apply" }).click()
        await shown(1)
        const address = new URL(page.url()).searchParams
        assert.strictEqual(address.get("requestedBy"), "operator")
        // Midnight in Helsinki, where the browser is.
        assert.strictEqual(address.get("endedSince"), "2019-12-31T22:00:00.000Z")
        await page.getByRole("button", { name: "Save view" }).click()
        await page.getByLabel("Name of the view").fill("mine")
        await page.getByRole("button", { name: "Save", exact: true }).click()
        await page.getByRole("button", { name: "Begin with it" }).click()
        await signIn(page, server, "viewer", "/runs")
        await page.waitForURL(/requestedBy=operator/)
        await shown(1)
        await page.getByRole("button", { name: "Failed today" }).click()
        await shown(1)
        assert.include(await rows.first().innerText(), bad.run.id.slice(0, 8))
      })
    })
  )

  it.live("follows runs over a restart of the server", () =>
    Effect.gen(function* () {
      const resumed = { simulator: yield* privx.start(), dataDir: (yield* place).dataDir }
      const first = yield* Scope.make()
      const before = yield* Scope.provide(served.start({ resumed }), first)
      const { run } = yield* before.submit({ requireApproval: "always" })
      yield* before.reached(run.id, "waiting")
      const { page } = yield* Effect.promise(() => open())
      const lost = page.getByText("connection lost, trying again")
      yield* Effect.promise(async () => {
        await signIn(page, before, "viewer")
        await page.getByRole("row", { name: /waiting for approval/ }).waitFor()
      })
      yield* Scope.close(first, Exit.void)
      yield* Effect.promise(() => lost.waitFor())
      const after = yield* served.start({
        port: Number(before.url.port),
        tokenOf: before.tokenOf,
        resumed
      })
      yield* Effect.promise(() => page.locator(".live.live", { hasText: /^live$/ }).waitFor())
      yield* after.decide(run.id, "approver")
      yield* Effect.promise(() => page.getByRole("row", { name: /succeeded/ }).waitFor())
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
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "viewer")
        await page.getByRole("button", { name: "succeeded 9000" }).waitFor()
        const started = performance.now()
        await page.getByRole("link", { name: "Older" }).click()
        await page.getByRole("row", { name: /000026de/ }).waitFor()
        await page.getByRole("link", { name: "Newest" }).click()
        await page.getByRole("row", { name: /00002710/ }).waitFor()
        await page.getByRole("button", { name: "failed 1000" }).click()
        await counted(page.locator("tbody .status.failed"), 50)
        await go(page, "/runs?text=privx-299")
        await page.getByRole("button", { name: "succeeded 33" }).waitFor()
        assert.isBelow(performance.now() - started, 8000)
      })
    })
  )
})
