/**
 * The durable set-up job: the steps of `SetupPipeline` as activities of a workflow.
 *
 * - `acquire` creates the session, downloads and asks what the script is made from, in one: the id is a secret, lives only
 *   a while and costs nothing, so it never reaches the journal; after a crash a new one is made.
 * - `verify` reads the stored file, and compares it with what was approved. A script that does not pass is never delivered.
 * - Where the policy asks for it, the run waits for somebody's decision, over restarts.
 * - `deliver` writes the manifest and hands the script over.
 *
 * Names of workflow and activities, and the shapes below, stand in journals of users: they change only with a new name.
 */
import { Ueba } from "@privx-kit/ueba/Ueba"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Activity from "effect/workflow/Activity"
import * as DurableDeferred from "effect/workflow/DurableDeferred"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { Delivery } from "./artifacts/Delivery.ts"
import { Owner } from "./artifacts/Manifest.ts"
import { Source } from "./artifacts/Source.ts"
import { HostConnection, Reach } from "./HostConnection.ts"
import { Approvals, RequireApproval } from "./runs/Approvals.ts"
import { CrashPoints } from "./runs/CrashPoints.ts"
import { Review, RunStep } from "./runs/Run.ts"
import { type Active, RunControl } from "./runs/RunControl.ts"
import { ApprovalRejected, RunCancelled } from "./runs/RunFailures.ts"
import * as RunRecorder from "./runs/RunRecorder.ts"
import { InternalError, SetupFailure } from "./SetupFailure.ts"
import * as SetupPipeline from "./SetupPipeline.ts"
import { Targets } from "./Targets.ts"
import * as UebaConfiguration from "./UebaConfiguration.ts"

/** `kind` of these runs. */
export const kind = "ueba-setup"

const Bytes = Schema.Int.check(Schema.isGreaterThan(0))

/** What tells one set-up from another. */
export const SetupInputs = Schema.Struct({
  /** Absolute path of the folder that gets the script. */
  output: Schema.optionalKey(Schema.String),
  sha256: Schema.optionalKey(Sha256),
  minBytes: Schema.optionalKey(Bytes),
  maxBytes: Schema.optionalKey(Bytes),
  policy: Schema.optionalKey(VerificationPolicy),
  /** Permissions of the delivered script, and who is to own it. */
  mode: Schema.optionalKey(Schema.Int),
  owner: Schema.optionalKey(Owner),
  /** Default `never`. */
  requireApproval: Schema.optionalKey(RequireApproval),
  /** Of a host of a fleet that was handed to a server; a process that knows the host has its own way to it. */
  connection: Schema.optionalKey(HostConnection)
})

export type SetupInputs = typeof SetupInputs.Type

/** What became of the script. */
const Delivered = Schema.Struct({
  runId: Schema.String,
  /** Where the script is kept in the data folder, under its hash. */
  artifact: Schema.String,
  /** Where the script was delivered, when an output folder was given. */
  delivered: Schema.optionalKey(Schema.String),
  /** The manifest: beside the delivered script, else in the data folder. */
  manifest: Schema.String,
  bytes: Schema.Int,
  /** 64 lower-case hexadecimal digits. */
  sha256: Schema.String,
  /** How the script stands to the last one that was approved for this PrivX, and who approved it. */
  review: Review
})

export const SetupResult = Schema.Struct({ ...Delivered.fields, report: VerificationReport })

export type SetupResult = typeof SetupResult.Type

export const SetupWorkflow = Workflow.make("UebaSetup", {
  payload: {
    runId: Schema.String,
    /** From 1; runs of before there were several have none. */
    attempt: Schema.optionalKey(Schema.Int),
    target: Schema.String,
    inputs: SetupInputs
  },
  // A failed execution stays failed for ever under its key: each attempt has its own.
  idempotencyKey: ({ attempt = 1, runId }) => (attempt === 1 ? runId : `${runId}/${attempt}`),
  // The report is in the journal once already; the whole result is in the projection.
  success: Delivered,
  error: SetupFailure
})

/** What `acquire` leaves in the journal. */
export const Acquired = Schema.Struct({
  sha256: Schema.String,
  bytes: Schema.Int,
  path: Schema.String,
  contentType: Schema.optional(Schema.String),
  announcedLength: Schema.optional(Schema.Int),
  source: Schema.optional(Source),
  configuration: Schema.optional(UebaConfiguration.UebaConfiguration),
  at: Schema.DateTimeUtcFromMillis,
  steps: Schema.Array(RunStep)
})

const Verified = Schema.Struct({ report: VerificationReport, review: Review, steps: Schema.Array(RunStep) })

/** What ends the waiting of a run. */
export const Verdict = Schema.Struct({
  action: Schema.Literals(["cancel", "decide"]),
  approved: Schema.Boolean,
  by: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  comment: Schema.NullOr(Schema.String)
})

export type Verdict = typeof Verdict.Type

export const Approval = DurableDeferred.make("approval", { success: Verdict })

export const layer = SetupWorkflow.toLayer(
  Effect.fnUntraced(
    function* ({ attempt = 1, inputs, runId, target }) {
      const targets = yield* Targets
      // Not this process's business: the run is put aside untouched, and resumed by one that is configured for it.
      const { connection } = inputs
      const reach = yield* Reach
      const known = targets.has(target)
      if (!known && (connection === undefined || reach === undefined))
        return yield* Workflow.suspend(yield* WorkflowInstance)
      const control = yield* RunControl
      const crashPoint = yield* CrashPoints
      const active = control.active(runId, attempt)
      const recorder = (active.recorder ??= yield* RunRecorder.make({
        id: runId,
        attempt,
        target,
        created: active.created
      }))
      const carriedOut = recorded(recorder, active)

      const downloaded = yield* Activity.make({
        name: "acquire",
        success: Acquired,
        error: SetupFailure,
        execute: carriedOut(
          [],
          crashPoint.around(
            "acquire",
            Effect.gen(function* () {
              const downloaded = yield* SetupPipeline.acquire({
                owner: runId,
                maxBytes: inputs.maxBytes,
                configuration: UebaConfiguration.isWanted(inputs.policy)
              }).pipe(
                Effect.provideServiceEffect(
                  Ueba,
                  known || connection === undefined || reach === undefined
                    ? targets.open(target)
                    : reach(target, connection)
                ),
                Effect.scoped,
                // The one step that can take long.
                Effect.raceFirst(Deferred.await(active.cancelled))
              )
              return { ...downloaded, at: yield* DateTime.now, steps: recorder.steps() }
            })
          )
        )
      })

      const { report, review, steps } = yield* Activity.make({
        name: "verify",
        success: Verified,
        error: SetupFailure,
        execute: carriedOut(
          downloaded.steps,
          crashPoint.around(
            "verify",
            Effect.gen(function* () {
              const approvals = yield* Approvals
              const report = yield* SetupPipeline.verify(downloaded, inputs)
              const review = yield* approvals.review(target, downloaded.sha256, inputs.requireApproval ?? "never")
              const steps = recorder.steps()
              if (review.required) yield* recorder.wait(downloaded.sha256, review)
              return { report, review, steps }
            })
          ),
          { sha256: downloaded.sha256 }
        )
      })

      const verdict = review.required
        ? yield* Effect.andThen(
            control.park(runId, attempt, downloaded.sha256, review),
            DurableDeferred.await(Approval)
          )
        : undefined
      const reviewed: Review =
        verdict?.action === "decide"
          ? {
              ...review,
              decision: { approved: verdict.approved, by: verdict.by, at: verdict.at, comment: verdict.comment }
            }
          : review

      return yield* Activity.make({
        name: "deliver",
        success: Delivered,
        error: SetupFailure,
        execute: carriedOut(
          steps,
          Effect.gen(function* () {
            const approvals = yield* Approvals
            const { sha256 } = downloaded
            if (reviewed.decision !== null) {
              const { approved, at, by, comment } = reviewed.decision
              if (!approved) return yield* new ApprovalRejected({ sha256, by, at, comment })
              yield* approvals.approve({ target, sha256, runId, by, comment })
              yield* recorder.approved(reviewed.decision)
            } else if (verdict !== undefined) {
              return yield* new RunCancelled({ by: verdict.by, at: verdict.at })
            } else if (review.change === "new") {
              // The first one of a PrivX: nobody was asked, and it is what later ones are compared with.
              yield* approvals.approve({ target, sha256, runId, by: null, comment: null })
            }
            const delivery = yield* Delivery
            const { delivered, manifest } = yield* recorder.run(
              "deliver",
              crashPoint.around(
                "deliver",
                delivery.deliver(
                  {
                    runId,
                    target,
                    downloadedAt: downloaded.at,
                    script: {
                      sha256,
                      bytes: downloaded.bytes,
                      contentType: downloaded.contentType ?? null,
                      announcedLength: downloaded.announcedLength ?? null
                    },
                    source: downloaded.source ?? null,
                    expected: {
                      ...Struct.pick(inputs, ["sha256", "minBytes", "maxBytes"]),
                      ...(downloaded.configuration === undefined
                        ? undefined
                        : { configuration: downloaded.configuration })
                    },
                    policy: inputs.policy,
                    verification: report,
                    review: reviewed
                  },
                  inputs
                )
              ),
              ({ delivered, manifest }) => ({ summary: delivered ?? manifest })
            )
            const result: SetupResult = {
              runId,
              artifact: downloaded.path,
              ...(delivered === undefined ? undefined : { delivered }),
              manifest,
              bytes: downloaded.bytes,
              sha256,
              review: reviewed,
              report
            }
            yield* recorder.succeeded(yield* encodeResult(result), { sha256, review: reviewed })
            active.result = result
            return result
          }),
          { sha256: downloaded.sha256, review: reviewed },
          (result) => {
            active.result = result
            return result
          }
        )
      })
    },
    (effect, { attempt = 1, runId }) =>
      // Interrupted, it is only put aside.
      Effect.onExit(effect, (exit) =>
        Exit.hasInterrupts(exit) ? Effect.void : Effect.flatMap(RunControl, (control) => control.ended(runId, attempt))
      )
  )
)

/**
 * Carries out the inside of an activity: its steps go into the projection, and so does what it fails with. A process may
 * have died between that and the journal's entry: then the end that is recorded is the answer, and nothing is done again.
 */
const recorded =
  (recorder: RunRecorder.RunRecorder, active: Active) =>
  <A, E extends SetupFailure, R>(
    /** What earlier activities have left in the journal. */
    done: ReadonlyArray<RunStep>,
    effect: Effect.Effect<A, E, R>,
    script?: Partial<RunRecorder.Script>,
    /** Of the last activity: what it answers where the run has succeeded already. */
    succeeded?: (result: SetupResult) => A
  ): Effect.Effect<A, SetupFailure, R> => {
    const carriedOut = Effect.suspend(() =>
      Deferred.isDoneUnsafe(active.cancelled) ? cancelled(active) : Effect.void
    ).pipe(
      Effect.andThen(Effect.provideService(effect, SetupPipeline.Steps, recorder)),
      Effect.catchDefect((defect) => Effect.fail(new InternalError({ detail: String(defect) }))),
      // What the run failed with matters more than that it could not be written down.
      Effect.tapError((failure: SetupFailure) =>
        encodeFailure(failure).pipe(
          Effect.flatMap((encoded) => recorder.failed(failure, encoded, script)),
          Effect.ignore
        )
      )
    )
    return recorder.begin(done).pipe(
      Effect.flatMap((ended): Effect.Effect<A, SetupFailure, R> => {
        if (ended?.failure !== undefined && ended.failure !== null) {
          return Effect.flatMap(decodeFailure(ended.failure), Effect.fail)
        }
        return ended?.result === undefined || ended.result === null || succeeded === undefined
          ? carriedOut
          : Effect.map(decodeResult(ended.result), succeeded)
      }),
      Effect.onInterrupt(() => Effect.ignore(recorder.flush))
    )
  }

const cancelled = (active: Active): Effect.Effect<never, RunCancelled> => Deferred.await(active.cancelled)

/** As kept in the projection. */
export const ResultJson = Schema.toCodecJson(SetupResult)
export const FailureJson = Schema.toCodecJson(SetupFailure)

const encodeResult = (result: SetupResult) => Effect.orDie(Schema.encodeEffect(ResultJson)(result))
const encodeFailure = Schema.encodeEffect(FailureJson)

/** What this version wrote, or an earlier one: it can be read. */
const decodeResult = (json: Schema.Json) => Effect.orDie(Schema.decodeUnknownEffect(ResultJson)(json))
const decodeFailure = (json: Schema.Json) => Effect.orDie(Schema.decodeUnknownEffect(FailureJson)(json))
