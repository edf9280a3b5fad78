/**
 * Effect's workflow engine with inline activities: they are executed in the fiber of their workflow.
 *
 * The cluster's engine sends each activity as a message from an execution to itself, with a row for the request, a row
 * for the reply, two codecs and a mailbox, although no other process can ever take it. An inline activity writes one
 * row when it has ended.
 *
 * Invariants, the same as those of Effect's engine:
 * 1. An activity whose exit is in the journal is never executed again.
 * 2. An activity that had not ended when its process died is executed again.
 * 3. An exit is in the journal before its workflow continues.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import { ActivityJournal, nameOf } from "./ActivityJournal.ts"
import { CrashPoints } from "./CrashPoints.ts"

type Instance = WorkflowInstance["Service"]

/**
 * Retries while the journal cannot be written, as the engine does. `JournalHealth` reports it to the callers that wait.
 */
const patience = Schedule.min([Schedule.exponential("200 millis", 1.5), Schedule.spaced("5 seconds")])

const patient = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A> =>
  Effect.orDie(Effect.retry(Effect.uninterruptible(effect), patience))

const make = Effect.gen(function* () {
  const engine = yield* WorkflowEngine
  const journal = yield* ActivityJournal
  const crashPoint = yield* CrashPoints

  /** The exits that existed when the execution started or resumed, and those added since. */
  const found = new WeakMap<Instance, Map<string, string>>()
  const exitsOf = (instance: Instance) =>
    Effect.suspend(() => {
      const known = found.get(instance)
      if (known !== undefined) return Effect.succeed(known)
      return Effect.map(patient(journal.exits(instance.executionId)), (exits) => {
        const own = found.get(instance) ?? new Map(exits)
        found.set(instance, own)
        return own
      })
    })

  return WorkflowEngine.of({
    ...engine,
    activityExecute: Effect.fnUntraced(function* <
      Success extends Schema.Constraint,
      Error extends Schema.Constraint,
      R
    >(activity: Activity.Activity<Success, Error, R>, attempt: number) {
      const instance = yield* WorkflowInstance
      const exit = exitOf(activity)
      const name = nameOf({ activity: activity.name, attempt })
      const complete = (recorded: string) =>
        Effect.map(Effect.orDie(Schema.decodeEffect(exit)(recorded)), (exit) => new Workflow.Complete({ exit }))

      const exits = yield* exitsOf(instance)
      const before = exits.get(name)
      if (before !== undefined) return yield* complete(before)
      const own = WorkflowInstance.initial(instance.workflow, instance.executionId)
      own.interrupted = instance.interrupted
      const result = yield* asDeclared(activity).pipe(
        Workflow.intoResult,
        Effect.provideService(WorkflowInstance, own),
        Effect.provideService(Activity.CurrentAttempt, attempt)
      )
      if (result._tag === "Suspended") return result
      const { executionId } = instance
      const encoded = yield* Effect.orDie(Schema.encodeEffect(exit)(result.exit))
      const first = yield* crashPoint.around(
        "journal.activity",
        patient(journal.record({ executionId, activity: activity.name, attempt }, encoded))
      )
      const other = first ? encoded : (yield* patient(journal.exits(executionId))).get(name)
      if (other !== undefined) exits.set(name, other)
      return first || other === undefined ? result : yield* complete(other)
    })
  })
})

/** The services of an activity: those of its workflow, those of its codecs, and the engine itself. */
const asDeclared = <Success extends Schema.Constraint, Error extends Schema.Constraint, R>(
  activity: Activity.Activity<Success, Error, R>
) =>
  activity.execute as Effect.Effect<
    Success["Type"],
    Error["Type"],
    Success["DecodingServices"] | Error["DecodingServices"] | R | WorkflowInstance
  >

type ExitCodec<Success extends Schema.Constraint, Error extends Schema.Constraint> = Schema.Codec<
  Exit.Exit<Success["Type"], Error["Type"]>,
  string,
  Success["DecodingServices"] | Error["DecodingServices"],
  never
>

/** Codecs by their pair of schemas: activities are created anew with each execution. */
const codecs = new WeakMap<object, WeakMap<object, unknown>>()

const exitOf = <Success extends Schema.Constraint, Error extends Schema.Constraint, R>({
  errorSchema,
  successSchema
}: Activity.Activity<Success, Error, R>): ExitCodec<Success, Error> => {
  const ofSuccess = codecs.get(successSchema) ?? new WeakMap<object, unknown>()
  codecs.set(successSchema, ofSuccess)
  const codec =
    ofSuccess.get(errorSchema) ??
    Schema.fromJsonString(Schema.toCodecJson(Schema.Exit(successSchema, errorSchema, Schema.Defect())))
  ofSuccess.set(errorSchema, codec)
  // The cached codec was made from the same two schemas.
  return codec as ExitCodec<Success, Error>
}

/**
 * Makes a workflow engine execute activities in the fiber of their workflow.
 *
 * **Details**: an activity writes one row, when it has ended. Its exit is in the journal before the workflow continues.
 *
 * @example
 * ```ts
 * import * as InlineActivities from "@privx-kit/durable/InlineActivities"
 * import * as SqliteActivityJournal from "@privx-kit/durable/SqliteActivityJournal"
 * import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = InlineActivities.layer.pipe(
 *   Layer.provide(SqliteActivityJournal.layer),
 *   Layer.provide(ClusterWorkflowEngine.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<WorkflowEngine, never, WorkflowEngine | ActivityJournal> = Layer.effect(
  WorkflowEngine,
  make
)
