/**
 * The durable set-up job: the steps of `SetupPipeline` as activities of a workflow.
 *
 * - `acquire` creates the session and downloads, in one: the id is a secret, lives only a while and costs nothing, so it
 *   never reaches the journal; after a crash a new one is made.
 * - `verify` reads the stored file. A script that does not pass is never delivered.
 * - `deliver` writes the manifest and hands the script over.
 *
 * Names of workflow and activities, and the shapes below, stand in journals of users: they change only with a new name.
 */
import { Ueba } from "@privx-kit/ueba/Ueba"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { Delivery } from "./Delivery.ts"
import * as RunRecorder from "./RunRecorder.ts"
import { InternalError, SetupFailure } from "./SetupFailure.ts"
import * as SetupPipeline from "./SetupPipeline.ts"
import { Targets } from "./Targets.ts"

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
  policy: Schema.optionalKey(VerificationPolicy)
})

export type SetupInputs = typeof SetupInputs.Type

export const SetupResult = Schema.Struct({
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
  report: VerificationReport
})

export type SetupResult = typeof SetupResult.Type

export const SetupWorkflow = Workflow.make("UebaSetup", {
  payload: { runId: Schema.String, target: Schema.String, inputs: SetupInputs },
  // A failed execution stays failed for ever under its key: each run has its own.
  idempotencyKey: ({ runId }) => runId,
  success: SetupResult,
  error: SetupFailure
})

const Acquired = Schema.Struct({
  sha256: Schema.String,
  bytes: Schema.Int,
  path: Schema.String,
  contentType: Schema.optional(Schema.String),
  announcedLength: Schema.optional(Schema.Int),
  at: Schema.DateTimeUtcFromMillis
})

export const layer = SetupWorkflow.toLayer(
  Effect.fnUntraced(function* ({ inputs, runId, target }) {
    const ueba = (yield* Targets).find(target)
    // Not this process's business: the run is put aside untouched, and resumed by one that is configured for it.
    if (ueba === undefined) return yield* Workflow.suspend(yield* WorkflowInstance)
    const recorder = yield* RunRecorder.make(runId, target)

    const downloaded = yield* Activity.make({
      name: "acquire",
      success: Acquired,
      error: SetupFailure,
      execute: recorded(
        recorder,
        Effect.gen(function* () {
          const downloaded = yield* SetupPipeline.acquire({ owner: runId, maxBytes: inputs.maxBytes }).pipe(
            Effect.provideService(Ueba, ueba)
          )
          return { ...downloaded, at: yield* DateTime.now }
        })
      )
    })

    const report = yield* Activity.make({
      name: "verify",
      success: VerificationReport,
      error: SetupFailure,
      execute: recorded(recorder, SetupPipeline.verify(downloaded, inputs))
    })

    return yield* Activity.make({
      name: "deliver",
      success: SetupResult,
      error: SetupFailure,
      execute: recorded(
        recorder,
        Effect.gen(function* () {
          const delivery = yield* Delivery
          const { delivered, manifest } = yield* recorder.run(
            "deliver",
            delivery.deliver(
              {
                runId,
                target,
                downloadedAt: downloaded.at,
                script: {
                  sha256: downloaded.sha256,
                  bytes: downloaded.bytes,
                  contentType: downloaded.contentType ?? null,
                  announcedLength: downloaded.announcedLength ?? null
                },
                verification: report
              },
              inputs.output
            ),
            ({ delivered, manifest }) => ({ summary: delivered ?? manifest })
          )
          const result: SetupResult = {
            runId,
            artifact: downloaded.path,
            ...(delivered === undefined ? undefined : { delivered }),
            manifest,
            bytes: downloaded.bytes,
            sha256: downloaded.sha256,
            report
          }
          yield* recorder.succeeded(yield* encodeResult(result))
          return result
        })
      )
    })
  })
)

/** Carries out the inside of an activity: its steps go into the projection, and so does what it fails with. */
const recorded = <A, E extends SetupFailure, R>(
  recorder: RunRecorder.RunRecorder,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, SetupFailure, R> =>
  recorder.begin.pipe(
    Effect.andThen(Effect.provideService(effect, SetupPipeline.Steps, recorder)),
    Effect.tap(recorder.flush),
    Effect.catchDefect((defect) => Effect.fail(new InternalError({ detail: String(defect) }))),
    // What the run failed with matters more than that it could not be written down.
    Effect.tapError((failure: SetupFailure) =>
      encodeFailure(failure).pipe(
        Effect.flatMap((encoded) => recorder.failed(failure, encoded)),
        Effect.ignore
      )
    )
  )

/** As kept in the projection. */
export const ResultJson = Schema.toCodecJson(SetupResult)
export const FailureJson = Schema.toCodecJson(SetupFailure)

const encodeResult = (result: SetupResult) => Effect.orDie(Schema.encodeEffect(ResultJson)(result))
const encodeFailure = Schema.encodeEffect(FailureJson)
