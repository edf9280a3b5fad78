/**
 * The durable keep-alive of a playback connection. Its single long activity re-authenticates the session until the
 * session ends, and records each success with its expiry. A process that takes the run over after a crash
 * re-authenticates immediately, and has the time until that expiry as its margin.
 */
import * as KeepAlive from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import { Steps } from "@privx-kit/runs/Steps"
import { type HostServices, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as KeepAliveRecord from "./KeepAliveRecord.ts"
import { type KeepAliveInputs, KeepAliveResult, KeepAliveRun } from "./KeepAliveRun.ts"
import * as SessionSeal from "./SessionSeal.ts"

const Ended = Schema.Struct(Struct.omit(KeepAliveResult.fields, ["runId"]))

export const layer = Layer.suspend(() => {
  const keepAlives: KeepAlives = new WeakMap()
  return KeepAliveRun.toLayer(
    Effect.fnUntraced(function* (run) {
      const { inputs, runId, target } = run
      const since = yield* run.activity("since", { success: Schema.DateTimeUtcFromMillis }, DateTime.now)
      const ended = yield* run.step(
        "keep-alive",
        { success: Ended, summary: ({ count, ended }) => `${reasons[ended]} after ${counted(count)}` },
        keep({ inputs, runId, target, since: DateTime.toEpochMillis(since), keepAlives })
      )
      return yield* run.finish("end", Effect.succeed({ runId, ...ended }))
    })
  )
})

const reasons: Readonly<Record<KeepAliveResult["ended"], string>> = {
  sessionEnded: "the session is over",
  timeIsOver: "the time is over"
}

const counted = (count: number): string => `${count} re-authentication${count === 1 ? "" : "s"}`

const keep = Effect.fnUntraced(function* ({
  inputs,
  keepAlives,
  runId,
  since,
  target
}: {
  readonly inputs: KeepAliveInputs
  readonly runId: string
  readonly target: string
  /** When the first process started, in milliseconds since 1970. */
  readonly since: number
  readonly keepAlives: KeepAlives
}) {
  const id = yield* SessionSeal.open(target, inputs.sealed)
  const before = yield* KeepAliveRecord.read(runId)
  const { note } = yield* Steps
  const context = yield* Effect.context<Effect.Services<ReturnType<typeof KeepAliveRecord.write>>>()
  const now = yield* Clock.currentTimeMillis
  let count = before?.count ?? 0
  let lastCallAt = before?.lastCallAt ?? null

  const onEvent = Effect.fnUntraced(function* (event: KeepAlive.Event) {
    const now = yield* Clock.currentTimeMillis
    const after = (duration: Duration.Duration) => now + Math.round(Duration.toMillis(duration))
    const failing = event._tag === "failing"
    if (!failing) {
      count = event.count
      lastCallAt = now
    }
    const state = {
      count,
      lastCallAt,
      until: after(event.left),
      nextCallAt: after(event.next),
      failing: failing ? 1 : 0
    }
    // Otherwise the next process would assume that the session was authenticated just now.
    yield* KeepAliveRecord.write(runId, state).pipe(Effect.ignore, Effect.provideContext(context))
    yield* note(failing ? "a call failed with a temporary error; it is retried" : counted(count))
  })

  const keptAlive = KeepAlive.keepAlive(id, {
    onEvent,
    resumed: before && { count: before.count, left: Duration.millis(Math.max(0, before.until - now)) }
  }).pipe(
    Effect.timeoutOption(inputs.time === undefined ? Duration.infinity : Math.max(0, since + inputs.time - now)),
    Effect.map(
      Option.match({
        onNone: (): typeof Ended.Type => ({ ended: "timeIsOver", count }),
        onSome: ({ count, reason }) => ({ ended: reason, count })
      })
    )
  )
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const host = yield* (yield* PrivxHosts).open(target)
      const service = yield* serviceOf(keepAlives, host, inputs.tokenLifetime)
      return yield* Effect.provideService(keptAlive, KeepAlive.KeepAlive, service)
    })
  )
})

type Services = Map<number | undefined, KeepAlive.KeepAlive["Service"]>

/** One for each host: it spreads the calls of all sessions over the interval. */
type KeepAlives = WeakMap<Context.Context<HostServices>, Services>

const serviceOf = Effect.fnUntraced(function* (
  keepAlives: KeepAlives,
  host: Context.Context<HostServices>,
  tokenLifetime: number | undefined
) {
  const known: Services = keepAlives.get(host) ?? new Map()
  keepAlives.set(host, known)
  const service = known.get(tokenLifetime)
  if (service !== undefined) return service
  const layer = KeepAlive.KeepAlive.layer(
    tokenLifetime === undefined ? {} : { assumedLifetime: Duration.millis(tokenLifetime) }
  ).pipe(Layer.provide(Playback.layer()))
  const made = yield* Layer.build(layer).pipe(
    Effect.map(Context.get(KeepAlive.KeepAlive)),
    Effect.provideContext(host),
    Effect.scoped
  )
  known.set(tokenLifetime, made)
  return made
})
