/** Re-authenticates one playback connection, once. */
import * as SessionId from "@privx-kit/core/SessionId"
import { RetryObserver } from "@privx-kit/http/RetryObserver"
import { Playback } from "@privx-kit/playback/Playback"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { buffer } from "node:stream/consumers"
import * as Catalogue from "../settings/Catalogue.ts"
import * as PrivxClient from "../settings/PrivxClient.ts"
import * as Settings from "../settings/Settings.ts"
import * as RunView from "../terminal/RunView.ts"
import { Screen } from "../terminal/Screen.ts"
import * as Text from "../terminal/Text.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"
import * as Warnings from "./Warnings.ts"

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

/** Nobody types a longer one, and a file given by mistake is not read to its end. */
const longest = 4096

/** Never repeated in a message: it is a secret. */
const readSessionId = Effect.fnUntraced(function* (argument: string | undefined) {
  const given = argument === "-" ? yield* readStandardInput : (argument ?? process.env[variable] ?? "")
  const text = given.trim()
  if (text === "" || text.length > longest || /[^\u0021-\u{10ffff}]|\u007f/u.test(text)) {
    const problem =
      text === ""
        ? `No session id was given: as SESSION_ID, on standard input with -, or in $${variable}.`
        : "The session id is not one: it has spaces or line breaks in it, or is too long."
    return yield* new UsageError({ command, problems: [problem] })
  }
  return yield* Effect.orDie(Schema.decodeEffect(SessionId.PlaybackSessionId)(text))
})

const readStandardInput = Effect.tryPromise({
  try: () => buffer(process.stdin).then((bytes) => bytes.toString("utf8")),
  catch: () => new UsageError({ command, problems: ["Standard input cannot be read."] })
})
