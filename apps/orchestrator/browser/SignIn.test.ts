/** People who sign in on the page by an issuer on another site, with the redirects and cookies of a real browser. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Page } from "playwright-core"
import { cookieName } from "../src/server/OidcSession.ts"
import * as people from "../test/support/people.ts"
import { browser } from "./chromium.ts"
import * as flows from "./flows.ts"
import { accessible, confirm, go, status } from "./support.ts"

const open = browser()

/** A clock of the server that the test advances: sessions end without waiting for them. */
const advancing = Effect.map(Clock.Clock, (real) => {
  let ahead = 0
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead,
    currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe()),
    currentTimeNanosUnsafe: () => real.currentTimeNanosUnsafe() + BigInt(ahead) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe()),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration)
  }
  return { clock, advance: (by: Duration.Input) => void (ahead += Duration.toMillis(Duration.fromInputUnsafe(by))) }
})

const start = Effect.gen(function* () {
  const { advance, clock } = yield* advancing
  const kit = yield* people
    .start({ issuer: { host: "localhost", pages: true } })
    .pipe(Effect.provideService(Clock.Clock, clock))
  const link = (page: Page) =>
    page.getByRole("link", { name: `Sign in with ${new URL(kit.issuer.issuer).host}`, exact: true })
  /** From the page of the kit to the issuer, where the person says who they are. */
  const identify = async (page: Page, account: string) => {
    await link(page).click()
    await page.waitForURL((url) => url.origin === kit.issuer.issuer)
    await page.getByLabel("Account").fill(account)
    await page.getByRole("button", { name: "Continue" }).click()
    await page.getByRole("button", { name: "Allow" }).waitFor()
  }
  const signIn = async (page: Page, account: string, where = "/runs") => {
    await page.goto(kit.at(where).href)
    await identify(page, account)
    await page.getByRole("button", { name: "Allow" }).click()
    await page.getByRole("button", { name: "Sign out" }).waitFor()
  }
  return { ...kit, advance, identify, link, signIn }
})

const sessionOf = async (page: Page) =>
  (await page.context().cookies()).find(({ name, value }) => name === cookieName && value !== "")

describe("sign-in by an issuer on the page", () => {
  it.live("brings people back to where they were, and shows their name", () =>
    Effect.gen(function* () {
      const { at, issuer, signIn } = yield* start
      const { complaints, page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await page.goto(at("/runs?status=failed").href)
        await accessible(page, "sign-in with an issuer")
        await signIn(page, "anna", "/runs?status=failed")
        assert.strictEqual(page.url(), at("/runs?status=failed").href)
        const who = page.locator(".who")
        await who.getByText("Anna Example").waitFor()
        await who.getByText("admin", { exact: true }).waitFor()
        // Who it is for the record is there on hover.
        await who.getByTitle(`${issuer.issuer}#anna`).waitFor()
        // The session is a cookie that no script can read; nothing of it is in the page.
        const cookie = await sessionOf(page)
        assert.deepInclude(cookie, { httpOnly: true, secure: true, sameSite: "Strict", path: "/", domain: "127.0.0.1" })
        const visible = await page.evaluate<string>(
          "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])"
        )
        assert.notInclude(visible, cookie?.value ?? cookieName)
        assert.notInclude(visible, cookieName)
        await page.reload()
        await who.getByText("Anna Example").waitFor()
      })
      assert.deepStrictEqual(complaints, [])
    })
  )

  it.live("explains a denied consent, a cancelled sign-in and a missing role, and lets people try again", () =>
    Effect.gen(function* () {
      const { at, identify, link, signIn } = yield* start
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        const alert = page.getByRole("alert")
        await page.goto(at("/runs").href)
        await identify(page, "anna")
        await page.getByRole("button", { name: "Deny" }).click()
        await alert.getByText("You cancelled the sign-in.").waitFor()
        assert.isUndefined(await sessionOf(page))
        await accessible(page, "a denied sign-in")
        await page.context().clearCookies()
        await link(page).click()
        await page.getByRole("button", { name: "Cancel" }).click()
        await alert.getByText("You cancelled the sign-in.").waitFor()
        await identify(page, "cleo")
        await page.getByRole("button", { name: "Allow" }).click()
        await alert.getByText("Your account has no role here.").waitFor()
        assert.isUndefined(await sessionOf(page))
        await page.context().clearCookies()
        await signIn(page, "ben")
        await page.locator(".who").getByText("Ben Example").waitFor()
        assert.strictEqual(page.url(), at("/runs").href)
      })
    })
  )

  it.live("signs out of the server and of the issuer", () =>
    Effect.gen(function* () {
      const { at, issuer, link, signIn } = yield* start
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, "anna")
        await page.getByRole("button", { name: "Sign out" }).click()
        await page.waitForURL((url) => url.origin === issuer.issuer)
        await page.getByRole("button", { name: "Sign out everywhere" }).click()
        await link(page).waitFor()
        assert.strictEqual(new URL(page.url()).origin, at("/").origin)
        assert.isUndefined(await sessionOf(page))
        await page.goto(at("/runs").href)
        await link(page).click()
        // The issuer asks again who it is: its own session has ended, too.
        await page.getByLabel("Account").waitFor()
      })
    })
  )

  it.live("asks to sign in again where the session has expired, or the role was removed", () =>
    Effect.gen(function* () {
      const { advance, issuer, link, signIn } = yield* start
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, "dora")
        // The stream of the list ends, and its next request is refused.
        advance("31 minutes")
        await link(page).waitFor()
        await page.getByText("Dora Example").waitFor({ state: "detached" })
        assert.isUndefined(await sessionOf(page))
        await page.reload()
        // The session of the issuer continues, so the browser asks for no password.
        await link(page).click()
        await page.locator(".who").getByText("Dora Example").waitFor()

        issuer.accounts.set("dora", { name: "Dora Example", roles: ["others"] })
        advance("6 minutes")
        await page.getByRole("link", { name: "Fleets" }).click()
        await link(page).waitFor()
        assert.isUndefined(await sessionOf(page))
        await link(page).click()
        await page.getByRole("alert").getByText("Your account has no role here.").waitFor()
      })
    })
  )

  it.live("follows a role that was changed while the page is open", () =>
    Effect.gen(function* () {
      const { advance, issuer, server, signIn } = yield* start
      const { run } = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(run.id, "waiting")
      const { page } = yield* Effect.promise(() => open())
      yield* Effect.promise(async () => {
        await signIn(page, "dora", `/runs/${run.id}`)
        await status(page, "waiting for approval")
        await page.getByRole("button", { name: "Cancel", exact: true }).click()
        issuer.accounts.set("dora", { name: "Dora Example", roles: ["staff"] })
        advance("6 minutes")
        const dialog = page.getByRole("alertdialog")
        await dialog.getByRole("button", { name: "Cancel the run" }).click()
        await dialog.getByRole("alert").getByText("viewer").waitFor()
        await dialog.getByRole("button", { name: "Back" }).click()
        await page.locator(".who").getByText("viewer", { exact: true }).waitFor()
        await page.locator(".actions > button").waitFor({ state: "detached" })
        await status(page, "waiting for approval")
      })
    })
  )

  it.live("keeps four eyes between people", () =>
    Effect.gen(function* () {
      const { at, issuer, server, signIn } = yield* start
      const token = yield* issuer.accessToken({ sub: "anna", roles: ["kit-admins"] })
      const submitted = yield* server.ask("POST", "/api/v1/runs", { token, body: { requireApproval: "always" } })
      const id: string = submitted.json.run.id
      yield* server.reached(id, "waiting")
      yield* Effect.promise(async () => {
        const requester = await open()
        await signIn(requester.page, "anna", `/runs/${id}/review`)
        await requester.page.getByText("You cannot approve this script: four eyes.").waitFor()
        assert.strictEqual(await requester.page.getByRole("button", { name: "Approve", exact: true }).count(), 0)
        const other = await open()
        await signIn(other.page, "ben", `/runs/${id}/review`)
        assert.strictEqual(other.page.url(), at(`/runs/${id}/review`).href)
        await other.page.getByRole("button", { name: "Approve", exact: true }).click()
        await confirm(other.page, "Approve", "seen by a second person")
        await status(requester.page, "succeeded")
        await requester.page.locator(".notice").getByTitle(`${issuer.issuer}#ben`).getByText("Ben Example").waitFor()
        await go(requester.page, `/runs/${id}`)
        await requester.page.getByText("✓ verified").waitFor()
      })
    })
  )

  it.live("shows the people of each role what they may do, and nothing else", () =>
    Effect.gen(function* () {
      const { server, signIn } = yield* start
      const accounts = { viewer: "emil", operator: "dora", approver: "ben", admin: "anna" }
      // The token of the same name is another one than the person: no four eyes.
      yield* flows.roles(server, open, (page, role, where) => signIn(page, accounts[role], where), { own: false })
    })
  )
})
