/** Re-authenticates one playback connection once. */
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import { Playback } from "@privx-kit/playback/Playback"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import * as RunView from "../views/RunView.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"
import * as SessionIds from "./SessionIds.ts"

export interface Input extends ConnectionInput, Globals {
  readonly sessionId: string | undefined
  readonly path: string | undefined
  readonly json: boolean
}

interface Result {
  readonly target: string
  readonly millis: number
}

const command = "privx-kit playback reauthenticate"
const variable = Catalogue.ownEnvironment.playbackSession.name

export const run = (input: Input) =>
  reauthenticate(input).pipe(
    Outcome.report<Result>({
      command: "playback reauthenticate",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ({ millis, target }, out) =>
        out.line(
          `${out.style.green(out.style.sign.ok)} The playback connection at ${target} is re-authenticated (${Text.duration(millis)}).`
        )
    })
  )

const reauthenticate = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  const path = input.path
  if (path !== undefined && !isPath(path)) {
    return yield* new UsageError({ command, problems: ["--path must begin with / and contain :session_id."] })
  }
  const sessionId = yield* readSessionId(input.sessionId)
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  yield* Warnings.show(warnings, err)
  const target = settings.baseUrl.origin
  const started = performance.now()
  yield* Effect.flatMap(Playback, (playback) => playback.reauthenticate(sessionId)).pipe(
    Effect.provideService(RetryObserver, ({ attempt, delay, failure }) =>
      err.line(RunView.retryLine(err.style, { attempt, failure, delayMs: Duration.toMillis(delay) }))
    ),
    Effect.provide(
      Playback.layer(path === undefined ? undefined : { reauthenticate: path }).pipe(
        Layer.provide(PrivxClient.layer(settings, input))
      )
    )
  )
  return { target, millis: Math.round(performance.now() - started) }
})

const isPath = (path: string): path is `/${string}` => path.startsWith("/") && path.includes(":session_id")

/** A secret that no message may repeat. */
const readSessionId = Effect.fnUntraced(function* (argument: string | undefined) {
  const given =
    argument === "-" ? yield* SessionIds.readStandardInput(command) : (argument ?? process.env[variable] ?? "")
  const text = given.trim()
  const problem =
    text === ""
      ? `No session id was given. Pass SESSION_ID, pass - to read it from standard input, or set ${variable}.`
      : SessionIds.problemOf(text)
  if (problem !== undefined) return yield* new UsageError({ command, problems: [problem] })
  return yield* SessionIds.decode(text)
})
