/** The page on which a person compares two scripts and decides. */
import { assert, describe, it } from "@effect/vitest"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import { CheckName } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import type { Page } from "playwright-core"
import { browser } from "./chromium.ts"
import { accessible, confirm, counted, go, signIn, status } from "./support.ts"
import * as twoScripts from "./twoScripts.ts"

const open = browser()

const lines = (page: Page) => page.getByRole("region", { name: "Lines of the script" })

const lineOf = (script: string, part: string): number => script.split("\n").findIndex((line) => line.includes(part)) + 1

/** Everything that a check finds is a warning. */
const lenient = { checks: Object.fromEntries(CheckName.literals.map((name) => [name, "warned"])) }

describe("the review", () => {
  it.live("shows both scripts side by side, findings at their lines, and the checks in groups", () =>
    Effect.gen(function* () {
      const { approved, server, waiting } = yield* twoScripts.start()
      const strict = yield* server.submit({ policy: { checks: { noFetchedCode: "required" } } }, "admin")
      const failed = yield* server.reached(strict.run.id, "failed")
      const { complaints, page } = yield* Effect.promise(() => open({ viewport: { width: 1440, height: 900 } }))
      yield* Effect.promise(async () => {
        await signIn(page, server, "approver", `/runs/${waiting.id}/review`)
        const shown = lines(page)
        await shown.waitFor()
        const facts = page.locator(".facts")
        await facts.getByText(waiting.sha256, { exact: true }).waitFor()
        await facts.getByText(`the script that approver approved`).waitFor()
        await facts.getByText("compared with the release notes").waitFor()
        await facts.getByTitle(approved, { exact: true }).waitFor()
        const fact = async (name: string) =>
          facts.locator("div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).innerText()
        assert.include(await fact("Source"), server.simulator.url.origin)
        assert.match(await fact("Certificate"), /issued by .+, valid to .+/)

        // Two lines were changed, and others added; each has its number in its script.
        assert.strictEqual(await shown.locator(".row.changed").count(), 2)
        assert.strictEqual(await shown.locator(".row.removed").count(), 0)
        const address = shown.locator(".row.changed", { hasText: "PRIVX_UEBA_ADDRESS" })
        const number = String(lineOf(SetupScript.text, "PRIVX_UEBA_ADDRESS="))
        assert.deepStrictEqual(await address.locator(".number").allInnerTexts(), [number, number])
        assert.include(await address.locator(".left").innerText(), SetupScript.address)
        assert.include(await address.locator(".right").innerText(), "ueba.example.com:8443")
        // Old and new stand at the same height, and the syntax has colours.
        const [left, right] = [
          await address.locator(".left").boundingBox(),
          await address.locator(".right").boundingBox()
        ]
        assert.strictEqual(left?.y, right?.y)
        const colours = await page.evaluate<ReadonlyArray<string>>(
          '[".right .text", ".right .hljs-string"].map((name) => getComputedStyle(document.querySelector(`.row.changed ${name}`)).color)'
        )
        assert.strictEqual(new Set(colours).size, 2)

        // What the checks found stands under the line that it is about.
        for (const [part, title] of [
          ["curl -fsSL", "code"],
          ["/etc/sudoers.d", "changes"]
        ] as const) {
          const row = shown.locator(".row.added", { hasText: part })
          assert.strictEqual(await row.locator(".right .number").innerText(), String(lineOf(twoScripts.changed, part)))
          const finding = await row.evaluate((element) => {
            const next = element.nextElementSibling
            return next?.classList.contains("finding") === true ? (next.textContent ?? "") : ""
          })
          assert.include(finding.toLowerCase(), title)
        }

        // What is far from a change is folded, and opens.
        const folds = shown.getByRole("button", { name: /^\d+ unchanged lines$/ })
        const before = await folds.count()
        assert.isAbove(before, 0)
        await folds.first().click()
        await counted(folds, before - 1)
        await page.getByRole("button", { name: "Show the whole script" }).click()
        await counted(shown.locator(".row"), twoScripts.changed.split("\n").length)
        await page.getByRole("button", { name: "Show what has changed" }).click()

        const group = (name: string) => page.locator(".checks details", { hasText: new RegExp(`^${name} \\(\\d+\\)`) })
        assert.isTrue(await group("Warned").evaluate((element) => element.hasAttribute("open")))
        for (const name of ["Passed", "Not applicable"]) {
          assert.isFalse(await group(name).evaluate((element) => element.hasAttribute("open")), name)
          await group(name).locator("summary").click()
          await group(name).locator("li").first().waitFor()
        }
        assert.strictEqual(await group("Failed").count(), 0)
        await accessible(page, "a review of two scripts")

        // The same script under a policy that requires the check.
        await go(page, `/runs/${failed.id}/review`)
        await status(page, "failed")
        assert.isTrue(await group("Failed").evaluate((element) => element.hasAttribute("open")))
        await page.getByText("The server shows the scripts of runs that have succeeded or wait for approval.").waitFor()
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("can be read and decided by the keyboard alone", () =>
    Effect.gen(function* () {
      const { server, waiting } = yield* twoScripts.start()
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "approver", `/runs/${waiting.id}/review`)
        await lines(page).waitFor()
        const press = (key: string) => page.keyboard.press(key)
        const current = page.locator(".row.current")
        const stops = await page.locator("[data-stop]").count()
        assert.isAbove(stops, 3)
        for (let at = 0; at < stops + 2; at++) await press("n")
        assert.strictEqual(await current.count(), 1)
        const place = () =>
          page.evaluate<number>(
            '[...document.querySelectorAll("[data-stop]")].findIndex((row) => row.matches(".current"))'
          )
        assert.strictEqual(await place(), stops - 1)
        await press("p")
        assert.strictEqual(await place(), stops - 2)
        await current.waitFor()

        // Keys can be switched off, by keys.
        const tabTo = async (reached: string) => {
          for (let at = 0; at < 200; at++) {
            if (await page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(reached)}) === true`))
              return
            await press("Tab")
          }
          assert.fail(`${reached} is never reached`)
        }
        await tabTo(".shortcuts summary")
        await press("Enter")
        await tabTo(".shortcuts input")
        await press("Space")
        await press("Shift+Tab")
        await press("a")
        assert.strictEqual(await page.getByRole("alertdialog").count(), 0)
        await tabTo(".shortcuts input")
        await press("Space")
        await press("Shift+Tab")

        // The dialog takes the focus, and Escape gives it back.
        const dialog = page.getByRole("alertdialog")
        await press("a")
        await dialog.waitFor()
        await press("Escape")
        await dialog.waitFor({ state: "detached" })
        await status(page, "waiting for approval")
        await press("a")
        await dialog.getByText(waiting.sha256).waitFor()
        await tabTo("[role=alertdialog] textarea")
        await page.keyboard.type("read by keyboard: no and approve are only text here")
        await tabTo("[role=alertdialog] button[type=submit]")
        await press("Enter")
        await status(page, "succeeded")
        await page.locator(".notice", { hasText: "read by keyboard: no and approve are only text here" }).waitFor()
      })
      const { review } = yield* server.reached(waiting.id, "succeeded")
      assert.deepInclude(review.decision, { approved: true, by: "approver" })
    })
  )

  it.live("explains four eyes to the person who asked for the run, who can still reject", () =>
    Effect.gen(function* () {
      const { server } = yield* twoScripts.start()
      const own = yield* server.submit({ requireApproval: "always", policy: twoScripts.policy }, "admin")
      yield* server.reached(own.run.id, "waiting")
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "admin", `/runs/${own.run.id}/review`)
        const note = page.getByRole("note")
        await note.getByText("You cannot approve this script: four eyes.").waitFor()
        assert.include(await note.innerText(), own.run.id)
        assert.strictEqual(await page.getByRole("button", { name: "Approve", exact: true }).count(), 0)
        await page.keyboard.press("a")
        assert.strictEqual(await page.getByRole("alertdialog").count(), 0)
        await accessible(page, "four eyes")
        await page.keyboard.press("r")
        await confirm(page, "Reject", "not this one")
        await status(page, "failed")
        await page.getByText("Rejected by").waitFor()
      })
    })
  )

  it.live("shows scripts and comments of strangers as text", () =>
    Effect.gen(function* () {
      const evil = [
        "#!/usr/bin/env bash",
        'echo "<img src=x onerror=document.title=1><script>document.title=2</script>"',
        "echo \u001b[2J\u001b]0;title\u0007 # \u202edesrever\u202c \u200b",
        "exit 0",
        ""
      ].join("\n")
      const { server, waiting } = yield* twoScripts.start({
        approved: "#!/usr/bin/env bash\necho fine\nexit 0\n",
        changed: evil,
        comment: "<b>fine</b> \u202eenif",
        policy: lenient
      })
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "approver", `/runs/${waiting.id}/review`)
        const shown = lines(page)
        await shown.locator(".hljs-built_in").first().waitFor()
        const text = await page.locator("main").innerText()
        assert.include(text, "<img src=x onerror=document.title=1><script>document.title=2</script>")
        assert.include(text, "<b>fine</b>")
        for (const code of ["U+001B", "U+0007", "U+202E", "U+202C", "U+200B"]) assert.include(text, code)
        for (const hidden of ["\u001b", "\u0007", "\u202e", "\u200b"]) assert.notInclude(text, hidden)
        assert.strictEqual(await page.locator("main").locator("img, script, b").count(), 0)
        assert.match(await page.title(), /^Review /)
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("compares scripts of 4 MB and shows a part at a time", () =>
    Effect.gen(function* () {
      const long = SetupScript.ofSize(4_000_000)
      const { server, waiting } = yield* twoScripts.start({
        approved: long,
        changed: long.replace("umask 077", "umask 022"),
        policy: lenient
      })
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, server, "approver", `/runs/${waiting.id}/review`)
        const shown = lines(page)
        await shown.locator(".row.changed", { hasText: "umask 022" }).waitFor()
        assert.isBelow(await shown.locator(".row").count(), 1100)
        await page.getByRole("button", { name: "Show the whole script" }).click()
        await counted(shown.locator(".row"), 1000)
        await page.getByRole("button", { name: "Show more lines" }).click()
        await counted(shown.locator(".row"), 2000)
        await page.getByRole("button", { name: "Approve", exact: true }).click()
        await confirm(page, "Approve")
        await status(page, "succeeded")
      })
      assert.deepStrictEqual(complaints, [])
    })
  )
})
