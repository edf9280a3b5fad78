/** What people do on the page, the same on every storage. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as served from "../test/support/served.ts"
import type { Opened } from "./chromium.ts"
import { confirm, go, signIn, status } from "./support.ts"

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
