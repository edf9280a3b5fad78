/** Handlers of the playback endpoints. They seal session ids before anything is recorded. */
import * as DurationText from "@privx-kit/settings/DurationText"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Runs } from "@privx-kit/runs/Runs"
import * as KeepAliveRecord from "../playback/KeepAliveRecord.ts"
import { KeepAliveResult, KeepAliveRun, kind } from "../playback/KeepAliveRun.ts"
import * as SessionSeal from "../playback/SessionSeal.ts"
import { Api } from "./Api.ts"
import type { ServedRun } from "./ApiEndpoint.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as Responses from "./Responses.ts"
import * as RunIntake from "./RunIntake.ts"
import * as RunQuery from "./RunQuery.ts"
import { Serving } from "./Serving.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "playback",
  Effect.fnUntraced(function* (handlers) {
    const serving = yield* Serving
    const intake = RunIntake.provided(yield* RequesterLog, serving)
    const runs = yield* Runs
    const { answered, one, served } = yield* Responses.make

    return handlers
      .handle("list", ({ query }) =>
        Effect.gen(function* () {
          const filter = RunQuery.of(query)
          const found = yield* runs.list({ ...filter, kind, results: true })
          const states = yield* KeepAliveRecord.readAll(found.map(({ id }) => id))
          const byRun = new Map(states.map((state) => [state.runId, state]))
          const keepAlives = (yield* served(found)).map((run) => keptAlive(run, byRun.get(run.id)))
          return { keepAlives, next: RunQuery.next(found, filter.limit) }
        }).pipe(answered)
      )
      .handle("keepAlive", ({ payload }) =>
        Effect.gen(function* () {
          const target = yield* RunIntake.targetOf(payload, serving.targets)
          const runs = yield* Effect.forEach(payload.sessionIds, (id) =>
            Effect.gen(function* () {
              const inputs = {
                sealed: yield* SessionSeal.seal(target, id),
                ...optional("time", payload.for),
                ...optional("tokenLifetime", payload.tokenLifetime)
              }
              const { created, run } = yield* RunIntake.record(KeepAliveRun, inputs, { target, fresh: false })
              return { created, run: yield* one(run) }
            })
          )
          return { runs }
        }).pipe(intake, answered)
      )
  })
)

const keptAlive = (run: ServedRun, state: KeepAliveRecord.KeepAliveState | undefined) => {
  const runs = run.status === "running"
  const time = (millis: number | null | undefined) =>
    millis === null || millis === undefined ? null : DateTime.makeUnsafe(millis)
  return {
    run: { ...run, result: null },
    count: state?.count ?? 0,
    lastCallAt: time(state?.lastCallAt),
    nextCallAt: runs ? time(state?.nextCallAt) : null,
    authenticatedUntil: run.endedAt === null ? time(state?.until) : null,
    failing: runs && state?.failing === 1,
    ended: Option.match(decodeResult(run.result), { onNone: () => null, onSome: ({ ended }) => ended })
  }
}

const decodeResult = Schema.decodeUnknownOption(KeepAliveResult)

/** Rounded to whole milliseconds, if given. */
const optional = <Name extends string>(name: Name, text: string | undefined): { readonly [N in Name]?: number } => {
  const duration = text === undefined ? Option.none() : DurationText.parseLong(text)
  const millis = Option.map(duration, (duration) => Math.max(1, Math.round(Duration.toMillis(duration))))
  return Option.isNone(millis) ? {} : ({ [name]: millis.value } as { readonly [N in Name]?: number })
}
