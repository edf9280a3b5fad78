/** Keeps playback connections authenticated until their sessions end or for a given time, and shows each of them. */
import type { PlaybackSessionId } from "@privx-kit/core/SessionId"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as KeepAlive from "@privx-kit/playback/KeepAlive"
import { Playback } from "@privx-kit/playback/Playback"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { Domains } from "../../domain/Domains.ts"
import { brief } from "../../setup/SetupFailure.ts"
import * as LiveBlock from "../../terminal/LiveBlock.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import * as ExitCode from "../ExitCode.ts"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"
import * as SessionIds from "./SessionIds.ts"

export interface Input extends ConnectionInput, Globals {
  readonly for: Duration.Duration | undefined
  readonly tokenLifetime: Duration.Duration | undefined
  readonly path: string | undefined
  readonly json: boolean
}

/** The outcome of one session, which is identified by its number because its id is a secret. */
interface Kept {
  readonly session: number
  readonly count: number
  readonly ended: "sessionEnded" | "timeIsOver" | PrivxFailure
}

interface Kepts {
  readonly sessions: ReadonlyArray<Kept>
  readonly exit: ExitCode.Exit
}

const command = "privx-kit playback keep-alive"

export const run = (input: Input) =>
  keepAlive(input).pipe(
    Effect.scoped,
    Outcome.report<Kepts>({
      command: "playback keep-alive",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ sessions }) => ({
        sessions: sessions.map(({ count, ended, session }) => ({
          session,
          count,
          ...(typeof ended === "string"
            ? { ended }
            : { ended: "failed", failure: { tag: ended._tag, message: ended.message, hint: ended.hint } })
        }))
      }),
      toPerson: ({ sessions }, out) =>
        Effect.forEach(sessions, (kept) => out.line(endLine(kept, out)), { discard: true }),
      exitName: ({ exit }) => exit
    })
  )

const keepAlive = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  const domains = yield* Domains
  const { path } = input
  if (path !== undefined && !isPath(path)) {
    return yield* new UsageError({ command, problems: ["--path must begin with / and contain :session_id."] })
  }
  const ids = yield* SessionIds.given(command)
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  yield* Warnings.show(warnings, err)
  const view = yield* makeView(err, ids.length)
  const sessions = yield* Effect.forEach(ids, (id, index) => keep(id, index + 1, input, view), {
    concurrency: "unbounded"
  }).pipe(
    Effect.provide(
      KeepAlive.KeepAlive.layer({ assumedLifetime: input.tokenLifetime }).pipe(
        Layer.provide(Playback.layer(path === undefined ? undefined : { reauthenticate: path })),
        Layer.provide(PrivxClient.layer(settings, input))
      )
    )
  )
  const failure = sessions.map(({ ended }) => ended).find((ended) => typeof ended !== "string")
  return {
    sessions,
    exit: failure === undefined ? ExitCode.exit("ok") : ExitCode.ofFailure(failure, domains.failure)
  }
})

const isPath = (path: string): path is `/${string}` => path.startsWith("/") && path.includes(":session_id")

const keep = Effect.fnUntraced(function* (
  id: PlaybackSessionId,
  session: number,
  input: Input,
  view: View
): Effect.fn.Return<Kept, never, KeepAlive.KeepAlive> {
  let count = 0
  const kept = KeepAlive.keepAlive(id, {
    onEvent: (event) => {
      if (event._tag === "reauthenticated") count = event.count
      return view.event(session, event)
    }
  }).pipe(Effect.timeoutOption(input.for ?? Duration.infinity), Effect.result)
  const result = yield* kept
  const ended = Result.isFailure(result)
    ? result.failure
    : Option.isSome(result.success)
      ? result.success.value.reason
      : ("timeIsOver" as const)
  yield* view.ended({ session, count, ended })
  return { session, count, ended }
})

interface View {
  readonly event: (session: number, event: KeepAlive.Event) => Effect.Effect<void>
  readonly ended: (kept: Kept) => Effect.Effect<void>
}

/** Sessions beyond this number have no separate line. */
const most = 12

/** A live line for each session, or plain lines for changes. */
const makeView = Effect.fnUntraced(function* (err: Pane, count: number): Effect.fn.Return<View, never, Scope.Scope> {
  const { cyan, dim, sign, yellow } = err.style
  /** The status of each session and of its next call, with a countdown. */
  const lines = Array.from({ length: count }, () => ({
    text: dim("connecting"),
    next: undefined as number | undefined
  }))
  const failing = new Set<number>()
  const draw = (columns: number): ReadonlyArray<string> => {
    const now = performance.now()
    const shown = lines.slice(0, most).map(({ next, text }, index) => {
      const wait = next === undefined ? "" : dim(`, next in ${Text.duration(Math.max(0, next - now))}`)
      const line = `  session ${index + 1}  ${text}${wait}`
      return Text.width(line) > columns ? `  session ${index + 1}  ${text}` : line
    })
    return count > most ? [...shown, dim(`  and ${count - most} more sessions`)] : shown
  }
  const live = err.animation ? yield* LiveBlock.make(err, draw) : undefined
  const set = (session: number, text: string, next: number | undefined) =>
    Effect.sync(() => void (lines[session - 1] = { text, next }))
  const tell = (text: string) => (live === undefined ? err.line(text) : live.above(text))
  return {
    event: (session, event) => {
      const next = performance.now() + Duration.toMillis(event.next)
      if (event._tag === "reauthenticated") {
        const first = event.count === 1 || failing.delete(session)
        const times = event.count === 1 ? "once" : `${event.count} times`
        const text = `${cyan(sign.ok)} re-authenticated ${times}`
        return Effect.andThen(
          set(session, text, next),
          live === undefined && first ? err.line(`  session ${session}  ${text}`) : Effect.void
        )
      }
      const left = Text.duration(Duration.toMillis(event.left))
      const text = `${yellow(sign.retry)} ${brief(event.failure)}; ${left} left`
      const isNew = !failing.has(session)
      failing.add(session)
      return Effect.andThen(set(session, text, next), isNew ? tell(`  session ${session}  ${text}`) : Effect.void)
    },
    ended: (kept) => set(kept.session, endText(kept, err), undefined)
  }
})

const endText = ({ count, ended }: Kept, { style: { green, red, sign } }: Pane): string => {
  const times = `${count} re-authentication${count === 1 ? "" : "s"}`
  if (ended === "sessionEnded") return `${green(sign.ok)} the session is over after ${times}`
  if (ended === "timeIsOver") return `${green(sign.ok)} the time is over after ${times}`
  return `${red(sign.failed)} ${brief(ended)}, after ${times}`
}

const endLine = (kept: Kept, out: Pane): string =>
  `Session ${kept.session}  ${endText(kept, out)}${typeof kept.ended === "string" ? "" : `. ${kept.ended.hint}`}`
