/** The page of playback sessions that are kept authenticated. */
import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Page } from "playwright-core"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { check, looks, optionsOf } from "./pictures.ts"
import { confirm, counted, signIn } from "./support.ts"

const open = browser()

type Server = Effect.Success<ReturnType<typeof served.start>>

/** Keeps a session of the simulated host alive. The interval between two calls is a third of the token's lifetime. */
const keepAlive = Effect.fnUntraced(function* (server: Server, tokenLifetime: string) {
  const id = yield* Effect.orDie(server.simulator.addPlaybackSession())
  const body = { sessionIds: [Redacted.value(id)], tokenLifetime }
  const answer = yield* server.ask("POST", "/api/v1/playback/keep-alives", { as: "operator", body })
  assert.strictEqual(answer.status, 202, answer.text)
  const runId = String(answer.json.runs[0].run.id)
  return { id, runId, end: server.simulator.endPlaybackSession(id) }
})

const row = (page: Page, runId: string) =>
  page.locator("table.list tbody tr", { has: page.getByRole("link", { name: runId.slice(0, 8) }) })

const cell = (page: Page, runId: string, name: string) => row(page, runId).locator(`td[data-label="${name}"]`)

describe("the page of playback sessions", { timeout: 300_000 }, () => {
  it.live("says how each session stands and who asked for it, and never its id", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "viewer")
        await page.getByRole("link", { name: "Playback" }).click()
        await page.getByText("No session is kept alive now.").waitFor()
      })
      // One with calls in quick succession, and one whose next call is twenty minutes away.
      const quick = yield* keepAlive(server, "3s")
      const slow = yield* keepAlive(server, "1h")
      yield* eventually(privx.count(server.simulator, "Playback.reauthenticate"), (count) => count > 3)
      yield* Effect.promise(async () => {
        await cell(page, quick.runId, "Calls")
          .filter({ hasText: /^([2-9]|\d\d+)$/ })
          .waitFor()
        await cell(page, slow.runId, "State").getByText("authenticated").waitFor()
        assert.strictEqual(await cell(page, slow.runId, "Calls").innerText(), "1")
        assert.strictEqual(await cell(page, slow.runId, "Started by").innerText(), "operator")
        const time = async (name: string) =>
          Date.parse((await cell(page, slow.runId, name).locator("time").getAttribute("datetime")) ?? "")
        assert.isAtLeast(await time("Last call"), await time("Since"))
        assert.isAbove(await time("Next call"), await time("Last call"))
        assert.strictEqual(await page.getByRole("button", { name: /^Stop/ }).count(), 0)
        for (const { id } of [quick, slow]) assert.notInclude(await page.content(), Redacted.value(id))
      })
      yield* quick.end
      yield* Effect.promise(async () => {
        await row(page, quick.runId).waitFor({ state: "detached" })
        await page.getByRole("link", { name: /^Ended/ }).click()
        await page.waitForURL(/show=ended/)
        await cell(page, quick.runId, "State").getByText("the session is over").waitFor()
        assert.strictEqual(await cell(page, quick.runId, "Next call").innerText(), "–")
        await page.goBack()
        await row(page, slow.runId).waitFor()
        await row(page, slow.runId).getByRole("link").click()
        await page.waitForURL(new RegExp(`/runs/${slow.runId}`))
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("lets an operator stop a session, shows a call that fails, and looks as in the documentation", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const quick = yield* keepAlive(server, "3s")
      yield* eventually(privx.count(server.simulator, "Playback.reauthenticate"), (count) => count > 1)
      yield* quick.end
      yield* server.reached(quick.runId, "succeeded")
      const kept = yield* keepAlive(server, "1h")
      const stopped = yield* keepAlive(server, "1h")
      const all = Effect.map(server.ask("GET", "/api/v1/playback/keep-alives", { as: "viewer" }), ({ json }) => json)
      const called = (count: number) => (list: { readonly keepAlives: ReadonlyArray<{ readonly count: number }> }) =>
        list.keepAlives.filter((one) => one.count > 0).length === count
      yield* eventually(all, called(3))
      yield* Effect.orDie(server.simulator.setFaults(["reauthenticate:503/MAX_LOAD"]))
      const failing = yield* keepAlive(server, "1h")
      yield* Effect.promise(async () => {
        const { page } = await open()
        await signIn(page, server, "operator", "/playback")
        await cell(page, failing.runId, "State").getByText("it is retried").waitFor()
        await row(page, stopped.runId).getByRole("button", { name: /^Stop/ }).click()
        await confirm(page, "Stop")
        await row(page, stopped.runId).waitFor({ state: "detached" })
        await page.context().close()
      })
      yield* server.reached(stopped.runId, "cancelled")
      yield* Effect.promise(async () => {
        for (const look of looks) {
          const { complaints, page } = await open(optionsOf(look))
          await signIn(page, server, "operator", "/playback")
          await counted(page.locator("table.list tbody tr"), 2)
          await row(page, kept.runId).waitFor()
          await cell(page, failing.runId, "State").getByText("it is retried").waitFor()
          await check(page, look, "playback", "playback")
          await page.getByRole("link", { name: /^Ended/ }).click()
          await counted(page.locator("table.list tbody tr"), 2)
          await check(page, look, "playback, ended")
          assert.deepStrictEqual(complaints, [])
          await page.context().close()
        }
      })
    })
  )
})
