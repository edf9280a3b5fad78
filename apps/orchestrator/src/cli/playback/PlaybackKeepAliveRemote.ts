/** Submits playback connections to a server that keeps them authenticated, and reports the runs. */
import * as DurationText from "@privx-kit/settings/DurationText"
import * as Effect from "effect/Effect"
import * as RemoteRunClient from "../../client/RemoteRunClient.ts"
import { ServerClient } from "../../client/ServerClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import { type KeepAliveBody, mostSessions } from "../../server/PlaybackApi.ts"
import * as Outcome from "../Outcome.ts"
import * as ServerLayer from "../ServerLayer.ts"
import { UsageError } from "../UsageError.ts"
import type { Input as LocalInput } from "./PlaybackKeepAlive.ts"
import * as SessionIds from "./SessionIds.ts"

export interface Input extends LocalInput, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

/** The run of a session, which is identified by its number because its id is a secret. */
interface Submitted {
  readonly session: number
  readonly runId: string
  /** `false` if a run for the session already existed. */
  readonly created: boolean
}

const command = "privx-kit playback keep-alive"

export const run = (input: Input) =>
  submit(input).pipe(
    Effect.provide(ServerLayer.layer(input)),
    Outcome.report<ReadonlyArray<Submitted>>({
      command: "playback keep-alive",
      json: input.json,
      verbose: input.verbose,
      toJson: (sessions) => ({ sessions }),
      toPerson: (sessions, out) =>
        Effect.gen(function* () {
          const { green, sign } = out.style
          for (const { created, runId, session } of sessions) {
            const state = created ? "" : ", which already existed"
            yield* out.line(`${green(sign.ok)} Session ${session} is kept alive by the run ${runId}${state}.`)
          }
          yield* out.line("End it early with: privx-kit runs cancel ID")
        })
    })
  )

const submit = Effect.fnUntraced(function* (input: Input) {
  if (input.path !== undefined) {
    return yield* new UsageError({ command, problems: ["The server calls PrivX: leave out --path."] })
  }
  const ids = yield* SessionIds.given(command)
  const { api, origin } = yield* ServerClient
  const sessions: Array<Submitted> = []
  for (let from = 0; from < ids.length; from += mostSessions) {
    const body: typeof KeepAliveBody.Type = {
      sessionIds: ids.slice(from, from + mostSessions),
      ...(input.baseUrl === undefined ? {} : { target: input.baseUrl }),
      ...(input.for === undefined ? {} : { for: DurationText.render(input.for) }),
      ...(input.tokenLifetime === undefined ? {} : { tokenLifetime: DurationText.render(input.tokenLifetime) })
    }
    const { runs } = yield* api.playback
      .keepAlive({ payload: body })
      .pipe(RemoteRunClient.named("playback.keepAlive", origin))
    sessions.push(...runs.map(({ created, run }, index) => ({ session: from + index + 1, runId: run.id, created })))
  }
  return sessions
})
