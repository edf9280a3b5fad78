/** How far the download of a run has come, on its page. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import { accessible, counted, signIn, status } from "./support.ts"

const open = browser()

describe("the page of a run", { timeout: 240_000 }, () => {
  it.live("shows how much of a script is here and how large it is, while it is downloaded", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: { faults: ["downloadSetupScript:slow=100/1s"] } })
      const { run } = yield* server.submit()
      for (const width of [390, 768, 1440]) {
        const { complaints, page } = yield* Effect.promise(() =>
          open({ viewport: { width, height: 900 }, reducedMotion: "reduce" })
        )
        yield* Effect.promise(async () => {
          await signIn(page, server, "viewer", `/runs/${run.id}`)
          await page.getByText(/^[\d.]+ k?B of [\d.]+ kB \(\d+ %\)/).waitFor()
          await page.getByRole("progressbar", { name: "Downloaded" }).waitFor()
          await accessible(page, `a download, ${width}`)
          assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
        })
        if (width === 1440) {
          yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })
          yield* Effect.promise(async () => {
            await status(page, "cancelled")
            await counted(page.getByRole("progressbar"), 0)
          })
        }
        yield* Effect.promise(() => page.context().close())
        assert.deepStrictEqual(complaints, [])
      }
    })
  )
})
