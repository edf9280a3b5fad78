/** What people do on the page, the same on every storage. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Page } from "playwright-core"
import type * as served from "../test/support/served.ts"
import type { Opened } from "./chromium.ts"
import { confirm, counted, go, type Served, signIn, status } from "./support.ts"

type Server = Effect.Success<ReturnType<typeof served.on>>

type Open = () => Promise<Opened>

/** Submit → watch → review → approve → delivered, with no reload between. */
export const approves = (server: Server, open: Open) =>
  Effect.gen(function* () {
    const { complaints, page } = yield* Effect.promise(() => open())
    yield* Effect.promise(async () => {
      await signIn(page, server, "approver")
      await page.getByText("There is no run yet.").waitFor()
    })
    const { run } = yield* server.submit({ requireApproval: "always" })
    yield* Effect.promise(async () => {
      const row = page.getByRole("row", { name: new RegExp(run.id.slice(0, 8)) })
      await row.getByText("waiting for approval").waitFor()
      await row.getByRole("link", { name: "Review the script" }).click()
      await page.getByRole("heading", { name: "Checks" }).waitFor()
      await page.getByText("this PrivX host has no approved script yet").waitFor()
      assert.include(await page.getByRole("region", { name: "Lines of the script" }).innerText(), "#!/usr/bin/env bash")
      await page.getByRole("button", { name: "Approve", exact: true }).click()
      await confirm(page, "Approve", "compared with the release notes")
      await status(page, "succeeded")
      await page.locator(".notice", { hasText: "compared with the release notes" }).waitFor()
      await go(page, `/runs/${run.id}`)
      await page.getByText("✓ verified").waitFor()
      await page.getByRole("row", { name: /Deliver the script succeeded/ }).waitFor()
    })
    const decided = yield* server.reached(run.id, "succeeded")
    assert.deepInclude(decided.review.decision, {
      approved: true,
      by: "approver",
      comment: "compared with the release notes"
    })
    assert.deepStrictEqual(complaints, [])
    yield* Effect.promise(() => page.context().close())
  })

export const rejects = (server: Server, open: Open) =>
  Effect.gen(function* () {
    const { run } = yield* server.submit({ requireApproval: "always" })
    yield* server.reached(run.id, "waiting")
    const { page } = yield* Effect.promise(() => open())
    yield* Effect.promise(async () => {
      await signIn(page, server, "approver", `/runs/${run.id}/review`)
      await page.getByRole("button", { name: "Approve", exact: true }).waitFor()
      // By the keyboard alone.
      await page.keyboard.press("r")
      await page.getByRole("alertdialog").waitFor()
      await confirm(page, "Reject", "unexpected download")
      await status(page, "failed")
      await go(page, `/runs/${run.id}`)
      await page.locator(".notice.problem").waitFor()
    })
    const failed = yield* server.reached(run.id, "failed")
    assert.deepInclude(failed.failure, { _tag: "ApprovalRejected", by: "approver", comment: "unexpected download" })
    yield* Effect.promise(() => page.context().close())
  })

/** Cancel and retry, as the operator. */
export const cancels = (server: Server, open: Open) =>
  Effect.gen(function* () {
    const { run } = yield* server.submit({ requireApproval: "always" })
    yield* server.reached(run.id, "waiting")
    const { page } = yield* Effect.promise(() => open())
    yield* Effect.promise(async () => {
      await signIn(page, server, "operator", `/runs/${run.id}`)
      await page.getByRole("button", { name: "Cancel", exact: true }).click()
      await confirm(page, "Cancel the run")
      await status(page, "cancelled")
      await page.getByRole("button", { name: "Retry", exact: true }).click()
      await confirm(page, "Retry the run")
      await status(page, "waiting for approval")
      await page.getByText("Attempt 1: cancelled").waitFor()
    })
    yield* Effect.promise(() => page.context().close())
  })

const all = ["viewer", "operator", "approver", "admin"] as const

/**
 * What each role finds on the pages of a run that waits and of one that failed.
 *
 * @param options.own whether the administrator who signs in is the one who asked for the run that waits: four eyes
 */
export const roles = (
  server: Server,
  open: Open,
  enter: (page: Page, role: (typeof all)[number], where: string) => Promise<void>,
  { own }: { readonly own: boolean }
) =>
  Effect.gen(function* () {
    const failed = yield* server.submit({ sha256: "0".repeat(64) })
    yield* server.reached(failed.run.id, "failed")
    const waiting = yield* server.submit({ requireApproval: "always" }, "admin")
    yield* server.reached(waiting.run.id, "waiting")
    const expected = {
      viewer: { review: [], waiting: [], failed: [], script: false },
      operator: { review: [], waiting: ["Cancel"], failed: ["Retry"], script: false },
      approver: { review: ["Approve", "Reject"], waiting: [], failed: [], script: true },
      admin: {
        review: own ? ["Reject"] : ["Approve", "Reject"],
        waiting: ["Cancel"],
        failed: ["Retry"],
        script: true
      }
    }
    for (const role of all) {
      const may = expected[role]
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        const actions = () =>
          page.locator(".actions > button").evaluateAll((buttons) => buttons.map((button) => button.textContent))
        await enter(page, role, `/runs/${waiting.run.id}/review`)
        await page.getByRole("heading", { name: "Checks" }).waitFor()
        if (may.script) await page.getByRole("region", { name: "Lines of the script" }).waitFor()
        else await page.getByText(/^Your role does not show scripts/).waitFor()
        assert.deepStrictEqual(await actions(), may.review, role)
        assert.strictEqual(await page.getByText("four eyes").isVisible(), own && role === "admin")
        await go(page, `/runs/${waiting.run.id}`)
        await status(page, "waiting for approval")
        assert.deepStrictEqual(await actions(), may.waiting, role)
        await go(page, `/runs/${failed.run.id}`)
        await status(page, "failed")
        await page.locator(".notice.problem", { hasText: "SHA-256" }).waitFor()
        assert.deepStrictEqual(await actions(), may.failed, role)
        await page.context().close()
      })
    }
  })

/** Filters, saved views and links by the address of the list. */
export const filters = (server: Server, open: Open) =>
  Effect.gen(function* () {
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

/** The list of runs finds its way back when the server stops and starts. */
export const restarts = <A extends Server, E, R>(
  start: (again: Partial<Pick<Served, "tokenOf">> & { readonly port?: number }) => Effect.Effect<A, E, R>,
  open: Open
) =>
  Effect.gen(function* () {
    const first = yield* Scope.make()
    const before = yield* Scope.provide(start({}), first)
    const { run } = yield* before.submit({ requireApproval: "always" })
    yield* before.reached(run.id, "waiting")
    const { page } = yield* Effect.promise(() => open())
    yield* Effect.promise(async () => {
      await signIn(page, before, "viewer")
      await page.getByRole("row", { name: /waiting for approval/ }).waitFor()
    })
    yield* Scope.close(first, Exit.void)
    yield* Effect.promise(() => page.getByText("connection lost, trying again").waitFor())
    const after = yield* start({ port: Number(before.url.port), tokenOf: before.tokenOf })
    yield* Effect.promise(() => page.locator(".live.live", { hasText: /^live$/ }).waitFor())
    yield* after.decide(run.id, "approver")
    yield* Effect.promise(() => page.getByRole("row", { name: /succeeded/ }).waitFor())
  })

/** Pages, counts and filters of 10,000 runs, which are there already. */
export const manyRuns = (server: Server, open: Open) =>
  Effect.gen(function* () {
    const { page } = yield* Effect.promise(() => open())
    yield* Effect.promise(async () => {
      await signIn(page, server, "viewer")
      await page.getByRole("button", { name: "succeeded 9000" }).waitFor()
      await page.getByRole("link", { name: "Older" }).click()
      await page.getByRole("row", { name: /000026de/ }).waitFor()
      // One page of them is asked for and drawn, however many there are.
      await counted(page.locator("table.list tbody tr"), 50)
      await page.getByRole("link", { name: "Newest" }).click()
      await page.getByRole("row", { name: /00002710/ }).waitFor()
      await page.getByRole("button", { name: "failed 1000" }).click()
      await counted(page.locator("tbody .status.failed"), 50)
      await go(page, "/runs?text=privx-299")
      await page.getByRole("button", { name: "succeeded 33" }).waitFor()
    })
  })
