/** The rounds of a fleet on the page: state and reason for each host, filters in the address, retry, schedule, and plan. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Page } from "playwright-core"
import * as fleetServer from "../test/support/fleetServer.ts"
import * as fleets from "../test/support/fleets.ts"
import { browser } from "./chromium.ts"
import { accessible, confirm, counted, go, signIn, status } from "./support.ts"

const open = browser()

const pictures = path.join(import.meta.dirname, "../../../docs/pictures/dashboard")

const rows = (page: Page) => page.locator("table.matrix tbody tr")

const row = (page: Page, name: string) => rows(page).filter({ has: page.getByRole("link", { name, exact: true }) })

/** Four hosts: one as approved, one failing, one waiting, and one that only the second round has. */
const prepared = Effect.gen(function* () {
  const { directory, privx, server } = yield* fleetServer.start()
  const schedule = { cron: "0 3 * * *", time_zone: "UTC" }
  const site = (index: number) => (index === 1 ? "hel" : "tre")
  const first = yield* server.apply({
    definition: fleets.text(privx, 3, { schedule }, {}, (index) => ({ labels: { site: site(index) } }))
  })
  yield* server.reached(first.run.id, "succeeded")
  const definition = fleets.text(privx, 4, { schedule }, {}, (index) => ({
    labels: { site: site(index), stage: index === 4 ? "new" : "old" },
    ...(index === 2 ? { sha256: "9".repeat(64) } : {}),
    ...(index === 3 ? { require_approval: "always" } : {})
  }))
  const second = yield* server.apply({ definition })
  yield* server.reached(second.run.id, "failed")
  return { directory, privx, server, first: first.run.id, second: second.run.id }
})

describe("the page of a fleet", { timeout: 240_000 }, () => {
  it.live("says how each host stands and why, and filters by what stands in the address", () =>
    Effect.gen(function* () {
      const { first, second, server } = yield* prepared
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "viewer", `/fleets/${second}`)
        await row(page, "h1").getByText("as approved").waitFor()
        await row(page, "h2").getByText("failing").waitFor()
        await row(page, "h2").getByText("SHA-256").waitFor()
        await row(page, "h3").getByRole("link", { name: "Review the script" }).waitFor()
        await page.getByText("2 of 4 hosts", { exact: true }).waitFor()
        // Three o'clock in UTC is five or six in Helsinki, where the browser is.
        const next = page.locator("dd", { hasText: "privx-kit fleet watch" }).locator("time")
        assert.match(await next.innerText(), /[56]:00/)
        assert.match((await next.getAttribute("datetime")) ?? "", /T03:00:00/)
        // No viewer retries anything.
        assert.strictEqual(await page.getByRole("button", { name: "Retry the failed hosts" }).count(), 0)
        assert.notInclude(await page.locator("main").innerText(), "{")

        await page.getByLabel("Label", { exact: true }).selectOption("site=tre")
        await counted(rows(page), 3)
        assert.deepStrictEqual(new URL(page.url()).searchParams.getAll("label"), ["site=tre"])
        await page.getByLabel("Label", { exact: true }).selectOption("stage=new")
        await counted(rows(page), 1)
        await row(page, "h4").waitFor()
        await page.goBack()
        await counted(rows(page), 3)
        await page.getByRole("button", { name: "Remove the label site=tre from the filter" }).click()
        await counted(rows(page), 4)
        await page.getByRole("button", { name: "failing 1" }).click()
        await counted(rows(page), 1)
        await go(page, `/fleets/${second}?label=site%3Dtre&state=ok`)
        await counted(rows(page), 1)
        await row(page, "h4").waitFor()
        await page.getByLabel("Name or address").fill("nothing")
        await page.getByText("No host fits these filters.").waitFor()
        await page.getByRole("button", { name: "Clear the filters" }).click()
        await counted(rows(page), 4)

        // An earlier round leads to the last one, whose schedule counts.
        await go(page, `/fleets/${first}`)
        await page.getByText("This is the first round of the fleet on record.").waitFor()
        await page.getByRole("link", { name: "There is a later round" }).click()
        await page.waitForURL(`**/fleets/${second}`)
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("shows what a round changes against the one before, and what a file would change", () =>
    Effect.gen(function* () {
      const { directory, privx, second, server } = yield* prepared
      const { complaints, page } = yield* Effect.promise(() => open())
      const file = path.join(directory, "next.json")
      fs.writeFileSync(file, fleets.text(privx, 5, { concurrency: 2 }))
      const wrong = path.join(directory, "wrong.yaml")
      fs.writeFileSync(wrong, "version: 1\nname: test\n")
      yield* Effect.promise(async () => {
        await signIn(page, server, "viewer", `/fleets/${second}`)
        const plan = page.getByRole("region", { name: "Plan" })
        await plan.getByText("1 host is left alone: a script waits for approval").waitFor()
        await plan.getByRole("row", { name: /h4 \+ added/ }).waitFor()
        await plan.getByRole("row", { name: /h2 ~ changed inputs\.sha256 not set 9{64}/ }).waitFor()
        await plan.getByRole("row", { name: /h1 ~ changed labels\.stage not set old/ }).waitFor()
        await page.getByLabel("What would a fleet file change?").setInputFiles(file)
        await plan.getByRole("row", { name: /the whole fleet ~ changed concurrency 4 2/ }).waitFor()
        await plan.getByRole("row", { name: /the whole fleet ~ changed schedule\.cron 0 3 \* \* \* not set/ }).waitFor()
        await plan.getByRole("row", { name: /h5 \+ added/ }).waitFor()
        await plan.getByText("1 host is set up for the first time").waitFor()
        await page.getByLabel("What would a fleet file change?").setInputFiles(wrong)
        await plan.getByRole("alert").waitFor()
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("lets an operator retry the hosts that failed, by the keyboard alone", () =>
    Effect.gen(function* () {
      const { second, server } = yield* prepared
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "operator", `/fleets/${second}`)
        await status(page, "failed")
        await page.getByRole("button", { name: "Retry the failed hosts" }).press("Enter")
        await page.getByText("One host is set up again.").waitFor()
        await confirm(page, "Retry")
      })
      const again = yield* server.reached(second, "failed")
      assert.strictEqual(again.attempt, 2)
    })
  )

  it.live("is accessible in both themes at three widths, and nothing is wider than the screen", () =>
    Effect.gen(function* () {
      const { second, server } = yield* prepared
      yield* Effect.promise(async () => {
        for (const colorScheme of ["light", "dark"] as const) {
          for (const width of [390, 768, 1440]) {
            const { complaints, page } = await open({
              colorScheme,
              viewport: { width, height: width < 500 ? 844 : 900 },
              reducedMotion: "reduce"
            })
            await signIn(page, server, "operator", `/fleets/${second}?label=site%3Dtre`)
            await row(page, "h2").getByText("failing").waitFor()
            await page.getByRole("row", { name: /\+ added/ }).waitFor()
            if (process.env["PICTURES"] === "write" && colorScheme === "light")
              await page.screenshot({ path: path.join(pictures, `fleet-${width}.png`) })
            await accessible(page, `fleet, ${colorScheme}, ${width}`)
            assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
            assert.deepStrictEqual(complaints, [])
            await page.context().close()
          }
        }
      })
    })
  )
})
