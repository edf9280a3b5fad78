/** Applies a fleet at each time of its schedule, and says after each round which hosts have drifted. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Fleet, Schedule } from "../fleet/FleetFile.ts"
import { type Counts, digestOf, FleetInputs, kind, planOf, targetOf } from "../fleet/FleetRun.ts"
import { Fleets } from "../fleet/Fleets.ts"
import * as FleetStatus from "../fleet/FleetStatus.ts"
import { FleetTargets } from "../fleet/FleetTargets.ts"
import * as FleetView from "../fleet/FleetView.ts"
import { Runs } from "../runs/Runs.ts"
import { type Pane, Screen } from "../terminal/Screen.ts"
import type { CommandFailure } from "./CommandFailure.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"

export interface Input extends FleetSession.Input {
  readonly rounds: number | undefined
}

const command = "fleet watch"

interface Round {
  readonly fleet: string
  readonly runId: string
  readonly counts: Counts
  readonly hosts: ReadonlyArray<FleetStatus.HostStatus>
}

export const run = (input: Input) =>
  watch(input).pipe(
    Effect.scoped,
    Outcome.report<Round>({
      command,
      json: input.json,
      compact: true,
      verbose: input.verbose,
      toJson: (round) => toJson(round, input.all),
      toPerson: (round, out) => toPerson(round, out, input.all),
      exitName: ({ hosts }) => (hosts.some(FleetStatus.hasDrifted) ? "drift" : "ok"),
      endless: true
    })
  )

/** The last round, where there is one: its result is told like that of any command, those of the others as they come. */
const watch = Effect.fnUntraced(function* (input: Input) {
  const { err, out } = yield* Screen
  let fleet = yield* FleetSession.read(input, `privx-kit ${command}`)
  let schedule = yield* scheduleOf(fleet)
  const dataDir = FleetSession.dataDirOf(input)
  const digests = [digestOf(planOf(fleet))]
  const { context, progress } = yield* FleetSession.open({ fleet, dataDir, digests })
  const targets = Context.get(context, FleetTargets)

  const round = Effect.gen(function* () {
    const fleets = yield* Fleets
    const services = yield* Effect.context<Effect.Services<ReturnType<typeof FleetSession.begun>>>()
    const { counts, runId } = yield* fleets.run(planOf(fleet), (begun) =>
      Effect.provideContext(FleetSession.begun(fleet.name, progress, begun), services)
    )
    yield* progress.end
    const hosts = yield* FleetStatus.of(fleet).pipe(Effect.provide(FleetSession.observing(dataDir)))
    return { fleet: fleet.name, runId, counts, hosts }
  }).pipe(Effect.provideContext(context))

  /** A file that is wrong now is told of, and the fleet stays what it was. */
  const readAgain = Effect.gen(function* () {
    const again = yield* FleetSession.read(input, `privx-kit ${command}`).pipe(
      Effect.flatMap((fleet) => Effect.map(scheduleOf(fleet), (schedule) => ({ fleet, schedule }))),
      Effect.result
    )
    if (Result.isFailure(again)) {
      yield* tellFailure(again.failure, false)
      return yield* err.line(
        `  ${err.style.yellow(err.style.sign.warning)} The fleet is applied as the file was before.`
      )
    }
    ;({ fleet, schedule } = again.success)
    yield* targets.replace([fleet])
  })

  let due = yield* Effect.provideContext(isDue(fleet, schedule), context)
  for (let count = 1; ; count++) {
    if (!due) yield* until(schedule, err)
    if (!due || count > 1) yield* readAgain
    due = false
    const done = yield* Effect.result(round)
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
  if (json) yield* tellJson({ error: yield* Outcome.toJson(failure) })
  yield* Effect.forEach(yield* Outcome.toLines(failure, err), err.line, { discard: true })
})

const scheduleOf = (fleet: Fleet): Effect.Effect<Schedule, UsageError> =>
  fleet.schedule === undefined
    ? Effect.fail(
        new UsageError({
          command: `privx-kit ${command}`,
          problems: [`${fleet.file} has no schedule: give it one, or use privx-kit fleet apply.`]
        })
      )
    : Effect.succeed(fleet.schedule)

/** Whether a round is to begin at once: one was begun and is not over, or one was missed and is to be made up. */
const isDue = Effect.fnUntraced(function* (fleet: Fleet, { cron, makeUp }: Schedule) {
  const runs = yield* Runs
  const digest = digestOf(planOf(fleet))
  const [last] = yield* runs.list({ kind, target: targetOf(fleet.name), limit: 1 })
  if (last === undefined) return makeUp
  if (last.endedAt === null && Schema.is(FleetInputs)(last.inputs) && last.inputs.digest === digest) return true
  const now = yield* Clock.currentTimeMillis
  return makeUp && DateTime.toEpochMillis(last.createdAt) < Cron.prev(cron, now).getTime()
})

/** Timers cannot wait for months, and a machine that slept has missed some of their time. In milliseconds. */
const longest = 60_000

/** Waits for the next time of the schedule, and says when that is. */
const until = Effect.fnUntraced(function* ({ cron }: Schedule, err: Pane) {
  const next = Cron.next(cron, yield* Clock.currentTimeMillis).getTime()
  yield* err.line(err.style.dim(`Next round: ${FleetView.moment(new Date(next).toISOString())}`))
  for (let now = yield* Clock.currentTimeMillis; now < next; now = yield* Clock.currentTimeMillis) {
    yield* Effect.sleep(Math.min(next - now, longest))
  }
})

const toJson = ({ counts, fleet, hosts, runId }: Round, all: boolean): unknown => {
  const drifted = hosts.filter(FleetStatus.hasDrifted)
  return { fleet, runId, counts, drifted: drifted.length, hosts: all ? hosts : drifted }
}

const toPerson = Effect.fnUntraced(function* ({ counts, hosts }: Round, out: Pane, all: boolean) {
  yield* out.line()
  yield* out.line(FleetView.countsText(counts))
  yield* FleetView.status(hosts, out, all)
})
