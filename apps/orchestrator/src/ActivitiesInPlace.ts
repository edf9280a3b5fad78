/**
 * Effect's workflow engine with activities that are carried out where they are asked for, in the fiber of their workflow.
 *
 * The engine of the cluster sends each activity as a message from an execution to itself: a row for the request, a row for
 * the reply, two codecs and a mailbox on the way, although nobody else can ever take it. Here an activity leaves one row
 * when it is over. What it promises is the same: one whose exit is in the journal is never carried out again, one that was
 * under way when its process died is.
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
import { CrashPoints } from "./runs/CrashPoints.ts"

type Instance = WorkflowInstance["Service"]

/** A journal that cannot be written is tried again, as the engine itself does: whoever waits is told by others. */
const patience = Schedule.min([Schedule.exponential("200 millis", 1.5), Schedule.spaced("1 minute")])

const patient = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A> =>
  Effect.orDie(Effect.retry(Effect.uninterruptible(effect), patience))

const make = Effect.gen(function* () {
  const engine = yield* WorkflowEngine
  const journal = yield* ActivityJournal
  const crashPoint = yield* CrashPoints

  /** What there was when an execution began, or was taken up again, and what was added to it since. */
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

/** The services that an engine answers for: those to encode with, and the engine itself, are there like the others. */
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

/** A codec is put together once for each pair of schemas: activities are made anew with each execution. */
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
  // What is kept under two schemas was made of them.
  return codec as ExitCodec<Success, Error>
}

export const layer: Layer.Layer<WorkflowEngine, never, WorkflowEngine | ActivityJournal> = Layer.effect(
  WorkflowEngine,
  make
)
