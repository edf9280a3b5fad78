/** A run that is cancelled on the page, with the reason. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { accessible, confirm, signIn, status } from "./support.ts"

const open = browser()

describe("the page of a run", { timeout: 240_000 }, () => {
  it.live("takes a comment with a cancellation, and shows it beside who cancelled", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      for (const width of [390, 768, 1440]) {
        const { run } = yield* server.submit({ requireApproval: "always" })
        yield* server.reached(run.id, "waiting")
        const { complaints, page } = yield* Effect.promise(() =>
          open({ viewport: { width, height: 900 }, reducedMotion: "reduce" })
        )
        yield* Effect.promise(async () => {
          await signIn(page, server, "operator", `/runs/${run.id}`)
          await page.getByRole("button", { name: "Cancel", exact: true }).click()
          await page.getByRole("alertdialog").waitFor()
          await accessible(page, `the question, ${width}`)
          // Markup is text.
          await confirm(page, "Cancel the run", "wrong <b>host</b>")
          await status(page, "cancelled")
          const fact = page.locator(".facts > div", { hasText: "Cancelled by" })
          assert.strictEqual(await fact.locator("blockquote").innerText(), "wrong <b>host</b>")
          assert.include(await fact.innerText(), "operator, ")
          await accessible(page, `a cancelled run, ${width}`)
          assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
          await page.context().close()
        })
        assert.deepStrictEqual(complaints, [])
      }
    })
  )
})
