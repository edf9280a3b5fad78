/** A fleet that is applied at each time of its schedule: when the rounds are, and what is said of each, wherever it is done. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as ScheduleTimes from "../../fleet/ScheduleTimes.ts"
import type { Fleet, Schedule } from "../../fleet/FleetFile.ts"
import type { Counts } from "../../fleet/FleetRun.ts"
import type * as FleetStatus from "../../fleet/FleetStatus.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import type { Run } from "@privx-kit/runs/Run"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import type { CommandFailure } from "../CommandFailure.ts"
import type * as FleetSession from "./FleetSession.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"

export interface Input extends FleetSession.Input {
  readonly rounds: number | undefined
}

export const command = "fleet watch"

export interface Round {
  readonly fleet: string
  readonly runId: string
  readonly counts: Counts
  readonly hosts: ReadonlyArray<FleetStatus.HostStatus>
}

/** Where a fleet is applied. `A` is what is read of its file. */
export interface Place<A, R> {
  readonly read: Effect.Effect<A, CommandFailure, R>
  readonly fleetOf: (read: A) => Fleet
  /** The fleet that the process uses from now on, instead of the one that it read before. */
  readonly replace: (read: A) => Effect.Effect<void>
  readonly round: (read: A) => Effect.Effect<Round, CommandFailure, R>
  /** The last fleet run, and whether it is an unfinished one of the same hosts and inputs. */
  readonly last: (
    read: A
  ) => Effect.Effect<(Pick<Run, "createdAt"> & { readonly unfinished: boolean }) | undefined, CommandFailure, R>
}

export const report = (input: Input) =>
  Outcome.report<Round>({
    command,
    json: input.json,
    compact: true,
    verbose: input.verbose,
    toJson: (round) => toJson(round, input.all),
    toPerson: (round, out) => toPerson(round, out, input.all),
    exitName: ({ hosts }) => (hosts.some(({ drifted }) => drifted) ? "drift" : "ok"),
    endless: true
  })

/** The last round, if there is one: its result is the result of the command; other rounds are reported as they end. */
export const watch = Effect.fnUntraced(function* <A, R>(
  input: Input,
  first: A,
  { fleetOf, last, read, replace, round }: Place<A, R>
): Effect.fn.Return<Round, CommandFailure, R | Screen> {
  const { err, out } = yield* Screen
  let fleet = first
  let schedule = yield* scheduleOf(fleetOf(fleet))

  /** Reports a file that has become invalid, and keeps the fleet as it was. */
  const readAgain = Effect.gen(function* () {
    const again = yield* read.pipe(
      Effect.flatMap((fleet) => Effect.map(scheduleOf(fleetOf(fleet)), (schedule) => ({ fleet, schedule }))),
      Effect.result
    )
    if (Result.isFailure(again)) {
      yield* tellFailure(again.failure, false)
      return yield* err.line(
        `  ${err.style.yellow(err.style.sign.warning)} The last valid version of the file stays in use.`
      )
    }
    ;({ fleet, schedule } = again.success)
    yield* replace(fleet)
  })

  let due = isDue(yield* last(fleet), schedule, yield* Clock.currentTimeMillis)
  for (let count = 1; ; count++) {
    if (!due) yield* untilNext(schedule, err)
    if (!due || count > 1) yield* readAgain
    due = false
    const done = yield* Effect.result(round(fleet))
    if (count === input.rounds)
      return yield* Result.isFailure(done) ? Effect.fail(done.failure) : Effect.succeed(done.success)
    if (Result.isFailure(done)) yield* tellFailure(done.failure, input.json)
    else if (input.json) yield* tellJson({ result: toJson(done.success, input.all) })
    else yield* toPerson(done.success, out, input.all)
  }
})

const tellJson = (body: Readonly<Record<string, unknown>>) =>
  Effect.flatMap(Screen, ({ out }) => out.line(Outcome.document(command, body, { compact: true })))

/** A round that was cancelled, or could not be recorded, is not the last one. */
const tellFailure = Effect.fnUntraced(function* (failure: CommandFailure, json: boolean) {
  const { err } = yield* Screen
  if (json) yield* tellJson({ error: yield* Outcome.toJson(failure, ExitCode.exit(ExitCode.of(failure))) })
  yield* Effect.forEach(yield* Outcome.toLines(failure, err, false), err.line, { discard: true })
})

export const scheduleOf = (fleet: Fleet): Effect.Effect<Schedule, UsageError> =>
  fleet.schedule === undefined
    ? Effect.fail(
        new UsageError({
          command: `privx-kit ${command}`,
          problems: [`${fleet.file} has no schedule: add one, or run privx-kit fleet apply.`]
        })
      )
    : Effect.succeed(fleet.schedule)

/** Whether a round starts at once: the last one has not ended, or one was missed and is made up. */
const isDue = (
  last: (Pick<Run, "createdAt"> & { readonly unfinished: boolean }) | undefined,
  schedule: Schedule,
  now: number
): boolean => {
  if (last === undefined) return schedule.makeUp
  if (last.unfinished) return true
  const missed = ScheduleTimes.next(schedule, DateTime.toEpochMillis(last.createdAt))
  return schedule.makeUp && missed !== undefined && missed <= now
}

/** Timers cannot wait for months, and lag behind the wall clock while a machine sleeps. In milliseconds. */
const longestSleep = 60_000

/** What a wall clock may lose in one sleep without having been set back. */
const tolerance = 5000

/**
 * Waits for the next time of the schedule, and says when that is. If the clock is set back meanwhile, the next time is
 * computed anew: otherwise the fleet would miss every round until the clock catches up.
 */
export const untilNext = Effect.fnUntraced(function* (schedule: Schedule, err: Pane) {
  for (let now = yield* Clock.currentTimeMillis; ; now = yield* Clock.currentTimeMillis) {
    const next = ScheduleTimes.next(schedule, now)
    // A file whose schedule has no time is refused, but the last one may come.
    if (next === undefined) return yield* Effect.never
    yield* err.line(err.style.dim(`Next round: ${FleetProgressView.moment(new Date(next).toISOString())}`))
    if (yield* waitFor(next, now)) return
    yield* err.line(`${err.style.yellow(err.style.sign.warning)} The clock of this machine was set back.`)
  }
})

/** Answers `false` where the clock was set back. */
const waitFor = Effect.fnUntraced(function* (next: number, start: number) {
  let now = start
  while (now < next) {
    const sleep = Math.min(next - now, longestSleep)
    yield* Effect.sleep(sleep)
    const after = yield* Clock.currentTimeMillis
    if (after < now + sleep - tolerance) return false
    now = after
  }
  return true
})

const toJson = ({ counts, fleet, hosts, runId }: Round, all: boolean): unknown => {
  const drifted = hosts.filter(({ drifted }) => drifted)
  return { fleet, runId, counts, drifted: drifted.length, hosts: all ? hosts : drifted }
}

const toPerson = Effect.fnUntraced(function* ({ counts, hosts }: Round, out: Pane, all: boolean) {
  yield* out.line()
  yield* out.line(FleetProgressView.countsText(counts))
  yield* FleetProgressView.status(hosts, out, all)
})
