/**
 * Whether the engine can use its journal. The engine silently retries a failing journal forever, which is right for a
 * run but wrong for a command that waits for it.
 *
 * @since 0.1.0
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import type { MessageStorage } from "effect/cluster/MessageStorage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ActivityJournal } from "./ActivityJournal.ts"
import { Database } from "./Database.ts"

/** A failure that ends within this time, in milliseconds, is not reported. */
const patience = 3000

/**
 * @since 0.1.0
 * @category models
 */
export interface JournalHealth {
  /** Records how an operation ended. Until it succeeds again, it counts as failing. */
  readonly observe: (operation: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The last failures of the operations that have failed for longer than that time. */
  readonly failures: Effect.Effect<ReadonlyArray<unknown>>
}

/**
 * Makes a record of the operations of the journal that fail.
 *
 * **Details**: a failure that ends within a moment is not reported.
 *
 * @example
 * ```ts
 * import { JournalHealth, make } from "@privx-kit/durable/JournalHealth"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = Layer.sync(JournalHealth, make)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): JournalHealth => {
  const failing = new Map<string, { readonly since: number; failure: unknown }>()
  return {
    observe: (operation) => (effect) =>
      effect.pipe(
        Effect.tap(() => Effect.sync(() => failing.delete(operation))),
        Effect.tapError((failure) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            failing.set(operation, { since: failing.get(operation)?.since ?? now, failure })
          })
        )
      ),
    failures: Effect.map(Clock.currentTimeMillis, (now) =>
      [...failing.values()].flatMap(({ failure, since }) => (now - since >= patience ? [failure] : []))
    )
  }
}

/**
 * By default nothing is recorded: a shared database may be unreachable for a while.
 *
 * @since 0.1.0
 * @category references
 */
export const JournalHealth = Context.Reference<JournalHealth>("privx-kit/JournalHealth", {
  defaultValue: () => ({ observe: () => (effect) => effect, failures: Effect.succeed([]) })
})

/**
 * Observes the operations of the journal of messages.
 *
 * @example
 * ```ts
 * import * as JournalHealth from "@privx-kit/durable/JournalHealth"
 * import { MessageStorage } from "effect/cluster/MessageStorage"
 * import * as Effect from "effect/Effect"
 *
 * export const observed = Effect.map(MessageStorage, (storage) =>
 *   JournalHealth.observeMessages(storage, JournalHealth.make())
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const observeMessages = (
  storage: MessageStorage["Service"],
  { observe }: JournalHealth
): MessageStorage["Service"] => ({
  ...storage,
  saveRequest: (request) => observe("saveRequest")(storage.saveRequest(request)),
  saveEnvelope: (envelope) => observe("saveEnvelope")(storage.saveEnvelope(envelope)),
  saveReply: (reply) => observe("saveReply")(storage.saveReply(reply)),
  clearReplies: (id, options) => observe("clearReplies")(storage.clearReplies(id, options)),
  repliesFor: (requests) => observe("repliesFor")(storage.repliesFor(requests)),
  repliesForUnfiltered: (ids) => observe("repliesForUnfiltered")(storage.repliesForUnfiltered(ids)),
  requestIdForPrimaryKey: (key) => observe("requestIdForPrimaryKey")(storage.requestIdForPrimaryKey(key)),
  unprocessedMessages: (shards, options) =>
    observe("unprocessedMessages")(storage.unprocessedMessages(shards, options)),
  unprocessedMessagesById: (ids) => observe("unprocessedMessagesById")(storage.unprocessedMessagesById(ids))
})

/**
 * Observes the operations of the journal of activities.
 *
 * @example
 * ```ts
 * import * as JournalHealth from "@privx-kit/durable/JournalHealth"
 * import { ActivityJournal } from "@privx-kit/durable/ActivityJournal"
 * import * as Effect from "effect/Effect"
 *
 * export const observed = Effect.map(ActivityJournal, (journal) =>
 *   JournalHealth.observeActivities(journal, JournalHealth.make())
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const observeActivities = (
  journal: ActivityJournal["Service"],
  { observe }: JournalHealth
): ActivityJournal["Service"] => ({
  exits: (executionId) => observe("exits")(journal.exits(executionId)),
  record: (key, exit) => observe("record")(journal.record(key, exit))
})

/**
 * Fails when the engine can no longer use its journal.
 *
 * **When to use**: beside a wait for a run, because the engine retries a failing journal forever.
 *
 * **Errors**: `StorageFailed` with the last failure of the database.
 *
 * @example
 * ```ts
 * import * as JournalHealth from "@privx-kit/durable/JournalHealth"
 *
 * export const healthy = JournalHealth.probe
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const probe: Effect.Effect<void, StorageFailed, Database> = Effect.gen(function* () {
  const database = yield* Database
  const failure = (yield* Effect.flatMap(JournalHealth, ({ failures }) => failures)).find(database.isFailure)
  if (failure !== undefined) return yield* database.failure(failure)
})
