/** The endpoint about playback. Session ids are sealed here, before anything is recorded. */
import * as DurationText from "@privx-kit/settings/DurationText"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import { KeepAliveRun } from "../playback/KeepAliveRun.ts"
import * as SessionSeal from "../playback/SessionSeal.ts"
import { Api } from "./Api.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as Responses from "./Responses.ts"
import * as RunIntake from "./RunIntake.ts"
import { Serving } from "./Serving.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "playback",
  Effect.fnUntraced(function* (handlers) {
    const serving = yield* Serving
    const intake = RunIntake.provided(yield* RequesterLog, serving)
    const { answered, one } = yield* Responses.make

    return handlers.handle("keepAlive", ({ payload }) =>
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

/** In whole milliseconds, where it is given. */
const optional = <Name extends string>(name: Name, text: string | undefined): { readonly [N in Name]?: number } => {
  const duration = text === undefined ? Option.none() : DurationText.parseLong(text)
  const millis = Option.map(duration, (duration) => Math.max(1, Math.round(Duration.toMillis(duration))))
  return Option.isNone(millis) ? {} : ({ [name]: millis.value } as { readonly [N in Name]?: number })
}
