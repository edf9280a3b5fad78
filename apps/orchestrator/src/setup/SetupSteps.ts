/**
 * The steps of `SetupPipeline` as activities of a workflow, for the setup and for a part of the bootstrap.
 *
 * - `acquire` creates the session, downloads the script and requests its configuration, in one activity. The session id
 * is a short-lived secret that is cheap to create, so it is never journaled; after a crash, a new one is created.
 * - `verify` reads the stored file, and compares it with the reference script of the PrivX host. A script that does not
 * pass is never delivered.
 * - If the policy requires it, the run waits for a person's decision, including restarts.
 * - `deliver` writes the manifest and delivers the script.
 */
import type { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { Source } from "@privx-kit/artifacts/Source"
import { Approvals } from "@privx-kit/runs/Approvals"
import { Review } from "@privx-kit/runs/Run"
import { ApprovalRejected } from "@privx-kit/runs/RunFailures"
import type { RunScope } from "@privx-kit/runs/DurableRun"
import type { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import type { Failure } from "@privx-kit/core/Failure"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Result from "effect/Result"
import { Minimum } from "./Demands.ts"
import { raise } from "./MinimumPolicy.ts"
import type { SetupFailure } from "./SetupFailure.ts"
import * as SetupPipeline from "./SetupPipeline.ts"
import { withUeba } from "./SetupHost.ts"
import type { SetupInputs } from "./SetupInputs.ts"
import type { SetupResult } from "./SetupRun.ts"

/** The journaled result of `acquire`. */
export const Acquired = Schema.Struct({
  sha256: Schema.String,
  bytes: Schema.Int,
  path: Schema.String,
  contentType: Schema.optional(Schema.String),
  announcedLength: Schema.optional(Schema.Union([Schema.Int, Schema.Literal("unknown")])),
  source: Schema.optional(Source),
  configuration: Schema.optional(RecordedConfiguration.UebaConfiguration),
  at: Schema.DateTimeUtcFromMillis
})

const Verified = Schema.Struct({ report: VerificationReport, review: Review })

/** What the deciding person sees, besides the script. */
export const DecisionMaterial = Schema.Struct({ report: VerificationReport, source: Schema.NullOr(Source) })

const encodeMaterial = Schema.encodeSync(Schema.toCodecJson(DecisionMaterial))

/** A verified script, with the decision if one was required. */
export interface Checked {
  readonly inputs: SetupInputs
  readonly downloaded: typeof Acquired.Type
  readonly report: VerificationReport
  readonly review: Review
}

/** Downloads and verifies the script, and waits for a decision if one is required. */
export const verified = Effect.fnUntraced(function* <Inputs extends SetupInputs, Result, E extends Failure>(
  run: RunScope<Inputs, Result, E | SetupFailure>
) {
  const { target } = run
  const raised = yield* Effect.result(raise(run.inputs, yield* Minimum))
  const inputs: SetupInputs = Result.getOrElse(raised, () => run.inputs)
  const downloaded = yield* run.activity(
    "acquire",
    { success: Acquired },
    Effect.andThen(Effect.fromResult(raised), acquire(run.runId, target, inputs))
  )
  const { sha256 } = downloaded
  run.note({ sha256 })

  const { report, review } = yield* run.activity(
    "verify",
    { success: Verified, cancellable: false },
    Effect.gen(function* () {
      const approvals = yield* Approvals
      const report = yield* SetupPipeline.verify(downloaded, inputs)
      const review = yield* approvals.review(target, sha256, inputs.requireApproval ?? "never")
      if (review.required) {
        yield* run.recorder.wait(sha256, review, encodeMaterial({ report, source: downloaded.source ?? null }))
      }
      return { report, review }
    })
  )
  run.note({ review })

  const decision = review.required ? yield* run.awaitDecision(sha256, review) : null
  const reviewed: Review = { ...review, decision }
  run.note({ review: reviewed })
  return { inputs, downloaded, report, review: reviewed }
})

/** Records the decision, writes the manifest and delivers the script. Must run in an activity. */
export const delivered = Effect.fnUntraced(function* (run: Approver, { downloaded, inputs, report, review }: Checked) {
  yield* approve(run, downloaded.sha256, review)
  const { delivered, manifest } = yield* SetupPipeline.deliver(
    {
      runId: run.runId,
      attempt: run.attempt,
      target: run.target,
      downloaded,
      downloadedAt: downloaded.at,
      report,
      review
    },
    inputs
  )
  const result: SetupResult = {
    runId: run.runId,
    artifact: downloaded.path,
    ...(delivered === undefined ? undefined : { delivered }),
    manifest,
    bytes: downloaded.bytes,
    sha256: downloaded.sha256,
    review,
    report
  }
  return result
})

const acquire = Effect.fnUntraced(function* (runId: string, target: string, inputs: SetupInputs) {
  const downloaded = yield* SetupPipeline.acquire({
    owner: runId,
    maxBytes: inputs.maxBytes,
    configuration: RecordedConfiguration.isWanted(inputs.policy)
  }).pipe(withUeba({ target, connection: inputs.connection }))
  return { ...downloaded, at: yield* DateTime.now }
})

type Approver = Pick<RunScope<unknown, unknown, never>, "runId" | "attempt" | "target" | "recorder">

/** The decision about the script. The first script of a host becomes the baseline for later comparisons. */
const approve = Effect.fnUntraced(function* ({ recorder, runId, target }: Approver, sha256: string, review: Review) {
  const approvals = yield* Approvals
  const { decision } = review
  if (decision !== null) {
    const { approved, at, by, comment } = decision
    if (!approved) return yield* new ApprovalRejected({ sha256, by, at, comment })
    yield* approvals.approve({ target, sha256, runId, by, comment })
    yield* recorder.approved(decision)
  } else if (review.change === "new") {
    yield* approvals.approve({ target, sha256, runId, by: null, comment: null })
  }
})

/** The services that these steps need in addition to those of every run. */
export type Services = Approvals | ArtifactStore | PrivxHosts
