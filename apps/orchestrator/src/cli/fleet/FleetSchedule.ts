/** Applies a fleet at each time of its schedule, and reports each round, on this machine or on a server. */
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

/** The place where a fleet is applied. `A` is the data read from its file. */
export interface Place<A, R> {
  readonly read: Effect.Effect<A, CommandFailure, R>
  readonly fleetOf: (read: A) => Fleet
  /** Replaces the fleet that the process has read before. */
  readonly replace: (read: A) => Effect.Effect<void>
  readonly round: (read: A) => Effect.Effect<Round, CommandFailure, R>
  /** The last fleet run, and whether it is unfinished and has the same hosts and inputs. */
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

/**
 * The last round, if there is one. Its result is the result of the command; other rounds are reported when they end.
 */
export const watch = Effect.fnUntraced(function* <A, R>(
  input: Input,
  first: A,
  { fleetOf, last, read, replace, round }: Place<A, R>
): Effect.fn.Return<Round, CommandFailure, R | Screen> {
  const { err, out } = yield* Screen
  let fleet = first
  let schedule = yield* scheduleOf(fleetOf(fleet))

  /** Reports an invalid file, and keeps the previous fleet. */
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

/** A round that was cancelled or could not be recorded does not count as the last one. */
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

/** Whether a round starts immediately: the last one has not ended, or one was missed and must be made up. */
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

/** In milliseconds. Timers cannot wait for months, and lag behind the wall clock while a machine sleeps. */
const longestSleep = 60_000

/** The maximum lag of a wall clock after one wait without having been set back. */
const tolerance = 5000

/**
 * Waits for the next time of the schedule, and returns it. If the clock is set back meanwhile, the next time is computed
 * again. Otherwise the fleet would miss every round until the clock catches up.
 */
export const untilNext = Effect.fnUntraced(function* (schedule: Schedule, err: Pane) {
  for (let now = yield* Clock.currentTimeMillis; ; now = yield* Clock.currentTimeMillis) {
    const next = ScheduleTimes.next(schedule, now)
    // A schedule without a future time is refused when the file is read, but the last time can pass while the process
    // runs.
    if (next === undefined) return yield* Effect.never
    yield* err.line(err.style.dim(`Next round: ${FleetProgressView.moment(new Date(next).toISOString())}`))
    if (yield* waitFor(next, now)) return
    yield* err.line(`${err.style.yellow(err.style.sign.warning)} The clock of this machine was set back.`)
  }
})

/** Returns `false` if the clock was set back. */
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
