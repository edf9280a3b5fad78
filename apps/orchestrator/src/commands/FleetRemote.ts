/** The fleet commands where a server carries fleets out. */
import * as Effect from "effect/Effect"
import * as FleetReport from "../fleet/FleetReport.ts"
import * as FleetView from "../fleet/FleetView.ts"
import * as RemoteDesk from "../server/RemoteDesk.ts"
import * as RemoteFleet from "../server/RemoteFleet.ts"
import * as RemoteSetup from "../server/RemoteSetup.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import { Screen } from "../terminal/Screen.ts"
import * as FleetOutcome from "./FleetOutcome.ts"
import * as FleetPlan from "./FleetPlan.ts"
import type * as FleetSession from "./FleetSession.ts"
import * as FleetShow from "./FleetShow.ts"
import * as FleetStatus from "./FleetStatus.ts"
import * as GoingOn from "./GoingOn.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsRemote from "./RunsRemote.ts"
import { UsageError } from "./UsageError.ts"
import * as Warnings from "./Warnings.ts"

export interface Input extends FleetSession.Input, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export interface RunInput extends ServerSettings.Flags {
  readonly runId: string
  readonly all: boolean
  readonly json: boolean
  readonly verbose: boolean
}

export interface FileInput extends RunInput {
  /** Says where the scripts go on this machine. */
  readonly file: string | undefined
}

/** The fleet of the file as it is handed over. */
export const read = Effect.fnUntraced(function* (
  input: Pick<FleetSession.Input, "file" | "only" | "label">,
  command: string
) {
  const { err } = yield* Screen
  const handed = yield* RemoteFleet.read(input)
  yield* Warnings.show(handed.warnings, err)
  if (handed.fleet.hosts.length > 0) return handed
  return yield* new UsageError({ command, problems: ["No host of the fleet is selected by that."] })
})

/** Hands a fleet over, and answers when its run is over; that goes on when nobody follows it. */
export const round = Effect.fnUntraced(function* (
  { body, fleet }: RemoteFleet.HandedOver,
  told: (runId: string) => void = () => undefined
) {
  const { created, others, run } = yield* RemoteFleet.apply(body)
  told(run.id)
  yield* FleetOutcome.begun(fleet.name, fleet.hosts.length, { runId: run.id, continued: !created, others })
  return yield* followed(
    run.id,
    fleet.hosts.map(({ name }) => name)
  )
})

const followed = Effect.fnUntraced(function* (runId: string, names: ReadonlyArray<string>) {
  const { err } = yield* Screen
  const progress = yield* FleetView.progress(err)
  yield* progress.begin(new Map(names.map((name) => [name, name])), 0)
  const { counts, fleet, hosts } = yield* RemoteFleet.outcome(runId, (shown) => progress.look(shown.hosts))
  yield* progress.end
  const applied: FleetOutcome.Applied = { runId, counts, fleet, hosts }
  return applied
}, Effect.scoped)

/** With what is of this machine: the scripts, where the file says that they go. */
export const brought = Effect.fnUntraced(function* <A extends FleetOutcome.Applied>(
  fleet: RemoteFleet.HandedOver["fleet"],
  applied: A
) {
  const hosts = yield* RemoteFleet.bring(fleet, applied.hosts)
  return { ...applied, hosts, counts: FleetReport.countsOf(hosts) }
})

/** Says what is wrong with the file before anything is begun. */
const readWhole = (file: string | undefined, command: string) =>
  file === undefined ? Effect.undefined : read({ file, only: [], label: [] }, command)

const report = (
  command: string,
  input: Pick<RunInput, "json" | "verbose" | "all" | "server">,
  context: (ended: "interrupted" | "failed") => Outcome.Context
) =>
  Outcome.report<FleetOutcome.Applied>({
    command,
    json: input.json,
    verbose: input.verbose,
    toJson: FleetOutcome.toJson,
    toPerson: (result, out) => FleetOutcome.toPerson(result, out, input.all, input.server),
    exitName: ({ counts }) => FleetOutcome.exitName(counts),
    context
  })

/** A fleet run of a server goes on without whoever followed it. */
const goesOn = (
  input: ServerSettings.Flags & { readonly file: string | undefined },
  runId: string | undefined,
  ended: "interrupted" | "failed"
): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const given = [...GoingOn.text("--file", input.file), ...GoingOn.text("--server", input.server)]
  const command = ["privx-kit fleet show", runId, ...given].join(" ")
  return {
    fields: { runId, resume: command },
    advice: `The fleet run goes on at the server; look at it with: ${command}`
  }
}

export const apply = (input: Input) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const handed = yield* read(input, "privx-kit fleet apply")
    return yield* brought(handed.fleet, yield* round(handed, (id) => (runId = id)))
  }).pipe(
    Effect.provide(RunsRemote.layer(input)),
    report("fleet apply", input, (ended) => goesOn(input, runId, ended))
  )
}

export const plan = (input: Input) =>
  read(input, "privx-kit fleet apply").pipe(
    Effect.flatMap(({ body }) => RemoteFleet.plan(body)),
    Effect.provide(RunsRemote.layer(input)),
    FleetPlan.report(input)
  )

export const status = (input: Input) =>
  read(input, "privx-kit fleet status").pipe(
    Effect.flatMap(({ body }) => RemoteFleet.standing(body)),
    Effect.provide(RunsRemote.layer(input)),
    FleetStatus.report(input)
  )

export const show = (input: FileInput) =>
  Effect.gen(function* () {
    const handed = yield* readWhole(input.file, "privx-kit fleet show")
    const { run, ...rest } = yield* RemoteFleet.show(input.runId)
    const shown: FleetShow.Shown = { ...rest, runId: run.id, run: RemoteDesk.runOf(run) }
    return handed === undefined ? shown : yield* brought(handed.fleet, shown)
  }).pipe(Effect.provide(RunsRemote.layer(input)), FleetShow.report(input, input.server))

export const retry = (input: FileInput) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const handed = yield* readWhole(input.file, "privx-kit fleet retry")
    const { fleet, hosts, run } = yield* RemoteFleet.show(input.runId)
    yield* RemoteSetup.retry(run.id)
    runId = run.id
    yield* FleetOutcome.begun(fleet, hosts.length, { runId: run.id, continued: false, others: [] })
    const applied = yield* followed(
      run.id,
      hosts.map(({ name }) => name)
    )
    return handed === undefined ? applied : yield* brought(handed.fleet, applied)
  }).pipe(
    Effect.provide(RunsRemote.layer(input)),
    report("fleet retry", input, (ended) => goesOn(input, runId, ended))
  )
}
