/** The names of people on the page, and what a script is compared with that no person has approved. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as issuers from "../test/support/issuer.ts"
import * as people from "../test/support/people.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { accessible, go, signIn } from "./support.ts"

const open = browser()

describe("the page", { timeout: 240_000 }, () => {
  it.live("shows who asked for a run by name, with the identity beside it where somebody decides", () =>
    Effect.gen(function* () {
      const { at, issuer, server } = yield* people.start()
      issuer.accounts.set("anna", { name: "Anna \u202eExample", roles: ["kit-admins"] })
      issuer.person("anna")
      const { visit } = issuers.browser()
      yield* visit(at("/auth/login"))
      const submitted = yield* visit(at("/api/v1/runs"), {
        method: "POST",
        headers: { "x-privx-kit-page": "1", "content-type": "application/json" },
        body: JSON.stringify({ requireApproval: "always" })
      })
      const { run } = JSON.parse(submitted.text)
      yield* server.reached(run.id, "waiting")
      const identity = `${issuer.issuer}#anna`
      for (const width of [390, 768, 1440]) {
        const { complaints, page } = yield* Effect.promise(() =>
          open({ viewport: { width, height: 900 }, reducedMotion: "reduce" })
        )
        yield* Effect.promise(async () => {
          await signIn(page, server, "approver")
          const row = page.getByRole("row", { name: new RegExp(run.id.slice(0, 8)) })
          await row.getByTitle(identity).waitFor()
          // What would change how the text reads is shown by its code point.
          assert.include(await row.getByTitle(identity).innerText(), "U+202E")
          assert.notInclude(await row.innerText(), issuer.issuer)
          for (const where of [`/runs/${run.id}`, `/runs/${run.id}/review`]) {
            await go(page, where)
            await page.locator(".facts").getByText(identity, { exact: true }).waitFor()
            await accessible(page, `${where}, ${width}`)
            assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
          }
          await page.context().close()
        })
        assert.deepStrictEqual(complaints, [])
      }
    })
  )

  it.live("says baseline where no person has approved the script that another is compared with", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: { script: SetupScript.text } })
      const first = yield* server.submit()
      yield* server.reached(first.run.id, "succeeded")
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "approver", `/runs/${run.id}/review`)
        await page.locator(".facts").getByText("Baseline (no one has approved it)").waitFor()
        await page.getByText("No line differs from the baseline (no one has approved it).").waitFor()
        await accessible(page, "baseline")
        await page.getByRole("button", { name: "Show the whole script" }).click()
        await page.getByText("The whole script of this run, without a comparison.").waitFor()
      })
      yield* server.decide(run.id, "approver")
      yield* server.reached(run.id, "succeeded")
      const next = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(next.run.id, "waiting")
      yield* Effect.promise(async () => {
        await go(page, `/runs/${next.run.id}/review`)
        await page.getByText("No line differs from the approved script.").waitFor()
        assert.strictEqual(await page.getByText("no one has approved it").count(), 0)
      })
      assert.deepStrictEqual(complaints, [])
    })
  )
})
