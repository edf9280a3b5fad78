import { assert, describe, it } from "@effect/vitest"
import type { Review } from "../src/Run.ts"
import { ApprovalPending, comparison } from "../src/RunFailures.ts"

const sha256 = "a".repeat(64)

const pending = (review: Pick<Review, "change" | "reference">) =>
  new ApprovalPending({ runId: "1f0c", sha256, ...review }).message

describe("what a run that waits for approval says", () => {
  it("calls a script approved only if a person approved it", () => {
    const baseline = { sha256, basis: "baseline" } as const
    const approved = { sha256, basis: "approved" } as const
    const first = "Run 1f0c is waiting for approval: the PrivX host has no baseline and no approved script yet."
    assert.strictEqual(pending({ change: "new", reference: null }), first)
    assert.strictEqual(
      pending({ change: "changed", reference: baseline }),
      "Run 1f0c is waiting for approval: the script differs from the baseline, which was trusted on first use."
    )
    assert.strictEqual(
      pending({ change: "changed", reference: approved }),
      "Run 1f0c is waiting for approval: the script differs from the approved one."
    )
    assert.strictEqual(comparison({ change: "unchanged", reference: baseline }).includes("approved"), false)
  })

  it("says that every run needs an approval if its script has not changed", () => {
    assert.strictEqual(
      pending({ change: "unchanged", reference: { sha256, basis: "approved" } }),
      "Run 1f0c is waiting for approval: every run needs an approval; the script is the approved one."
    )
  })
})
