/**
 * Carries out what comes from the queue of a process that serves others: set-ups, and fleet runs that were handed over.
 * A fleet run takes no place among those that are under way: it waits for its hosts, which need the places.
 */
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { Database } from "../Database.ts"
import { isReachable } from "../HostConnection.ts"
import type { Run } from "../runs/Run.ts"
import * as RunQueue from "../runs/RunQueue.ts"
import { Runs } from "../runs/Runs.ts"
import { Setups } from "../Setups.ts"
import type { Targets } from "../Targets.ts"
import { FleetInputs, kind } from "./FleetRun.ts"
import { prepared } from "./Fleets.ts"
import { Drives, FleetWorkflow, Queued } from "./FleetWorkflow.ts"

/** Fleet runs that were handed over, and none that somebody applies in the same data folder. */
export const handedOver: Layer.Layer<never> = Layer.succeed(
  Drives,
  ({ handedOver }: FleetInputs) => handedOver === true
)

export class FleetDriver extends Context.Service<
  FleetDriver,
  {
    /** Takes from the queue, so many set-ups at a time, for as long as the scope is open. */
    readonly feed: (concurrency: number) => Effect.Effect<void, never, Scope.Scope>
  }
>()("privx-kit/fleet/FleetDriver") {
  static readonly layer: Layer.Layer<FleetDriver, never, Needed> = Layer.effect(
    FleetDriver,
    Effect.map(Effect.context<Needed>(), (context) => ({
      // The scope is that of whoever calls, and not the layer's.
      feed: (concurrency) =>
        Effect.flatMap(Effect.scope, (scope) =>
          feed(concurrency).pipe(Scope.provide(scope), Effect.provideContext(context))
        )
    }))
  )
}

type Needed = Runs | Setups | Targets | WorkflowEngine | MessageStorage | Database | SqlClient.SqlClient

/** Fleet runs that were under way are gone on with at once. */
const feed = Effect.fn("FleetDriver.feed")(function* (concurrency: number) {
  const runs = yield* Runs
  const setups = yield* Setups
  const drives = yield* Drives
  const queued = yield* Queued
  const context = yield* Effect.context<Targets | WorkflowEngine | MessageStorage | Database | SqlClient.SqlClient>()

  const isMine = ({ inputs }: Run) => Schema.is(FleetInputs)(inputs) && drives(inputs)

  const isHere = (run: Run) => Effect.provideContext(isReachable(run), context)

  /** It is in the engine's hands when this is over; until then it is in the queue. */
  const begin = (run: Run) =>
    Effect.flatMap(prepared(run), (payload) => FleetWorkflow.execute(payload, { discard: true })).pipe(
      Effect.provideContext(context)
    )

  const look = yield* RunQueue.feed({
    concurrency,
    carryOut: Effect.fnUntraced(function* (run): Effect.fn.Return<unknown, unknown> {
      if (run.kind === kind) return isMine(run) ? yield* begin(run) : undefined
      // What this process cannot reach is for one that can.
      return (yield* isHere(run)) ? yield* setups.carryOut(run) : undefined
    })
  })
  yield* queued.await.pipe(Effect.andThen(queued.close), Effect.andThen(look), Effect.forever, Effect.forkScoped)
  yield* runs.list({ kind, unfinished: true }).pipe(
    Effect.map((open) => open.filter((run) => run.status !== "queued" && isMine(run))),
    Effect.flatMap(Effect.forEach((run) => Effect.ignoreCause(begin(run), { log: "Debug" }), { discard: true })),
    Effect.ignore,
    Effect.forkScoped
  )
})
