/** Fleet commands for fleets that a server executes. */
import * as Effect from "effect/Effect"
import * as FleetReport from "../../fleet/FleetReport.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import * as RemoteRunClient from "../../client/RemoteRunClient.ts"
import * as RemoteFleet from "../../client/RemoteFleet.ts"
import * as RemoteSetup from "../../client/RemoteSetup.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as FleetOutcome from "./FleetOutcome.ts"
import * as FleetPlan from "./FleetPlan.ts"
import type * as FleetSession from "./FleetSession.ts"
import * as FleetShow from "./FleetShow.ts"
import * as FleetStatusCommand from "./FleetStatusCommand.ts"
import * as ResumeCommand from "../ueba/ResumeCommand.ts"
import * as Outcome from "../Outcome.ts"
import * as ServerLayer from "../ServerLayer.ts"
import { UsageError } from "../UsageError.ts"
import * as Warnings from "../Warnings.ts"

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
  /** The fleet file, which names the output directories on this machine. */
  readonly file: string | undefined
}

/** The submitted form of the fleet in the file. */
export const read = Effect.fnUntraced(function* (
  input: Pick<FleetSession.Input, "file" | "only" | "label">,
  command: string
) {
  const { err } = yield* Screen
  const submitted = yield* RemoteFleet.read(input)
  yield* Warnings.show(submitted.warnings, err)
  if (submitted.fleet.hosts.length > 0) return submitted
  return yield* new UsageError({ command, problems: ["No host of the fleet matches --only and --label."] })
})

/** Submits a fleet and waits for its run, which continues on the server without a client that follows it. */
export const round = Effect.fnUntraced(function* (
  { body, fleet }: RemoteFleet.SubmittedFleet,
  onRun: (runId: string) => void = () => undefined
) {
  const { created, others, run } = yield* RemoteFleet.apply(body)
  onRun(run.id)
  yield* FleetOutcome.started(fleet.name, fleet.hosts.length, { runId: run.id, continued: !created, others })
  return yield* followed(
    run.id,
    fleet.hosts.map(({ name }) => name)
  )
})

const followed = Effect.fnUntraced(function* (runId: string, names: ReadonlyArray<string>) {
  const { err } = yield* Screen
  const progress = yield* FleetProgressView.progress(err)
  yield* progress.begin(new Map(names.map((name) => [name, name])), 0)
  const { counts, fleet, hosts } = yield* RemoteFleet.outcome(runId, (shown) => progress.look(shown.hosts))
  yield* progress.end
  const applied: FleetOutcome.Applied = { runId, counts, fleet, hosts }
  return applied
}, Effect.scoped)

/** Adds the local results: the scripts, in the output directories of the file. */
export const brought = Effect.fnUntraced(function* <A extends FleetOutcome.Applied>(
  fleet: RemoteFleet.SubmittedFleet["fleet"],
  applied: A
) {
  const hosts = yield* RemoteFleet.bring(fleet, applied.hosts)
  return { ...applied, hosts, counts: FleetReport.countsOf(hosts) }
})

/** Reports the problems of the file before anything is started. */
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

/** A fleet run continues on the server when the following command ends. */
const goesOn = (
  input: ServerSettings.Flags & { readonly file: string | undefined },
  runId: string | undefined,
  ended: "interrupted" | "failed"
): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const given = [...ResumeCommand.text("--file", input.file), ...ResumeCommand.text("--server", input.server)]
  const command = ["privx-kit fleet show", runId, ...given].join(" ")
  return {
    fields: { runId, resume: command },
    advice: `The fleet run continues at the server; follow it with: ${command}`
  }
}

export const apply = (input: Input) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const submitted = yield* read(input, "privx-kit fleet apply")
    return yield* brought(submitted.fleet, yield* round(submitted, (id) => (runId = id)))
  }).pipe(
    Effect.provide(ServerLayer.layer(input)),
    report("fleet apply", input, (ended) => goesOn(input, runId, ended))
  )
}

export const plan = (input: Input) =>
  read(input, "privx-kit fleet apply").pipe(
    Effect.flatMap(({ body }) => RemoteFleet.plan(body)),
    Effect.provide(ServerLayer.layer(input)),
    FleetPlan.report(input)
  )

export const status = (input: Input & FleetStatusCommand.StatusInput) =>
  read(input, "privx-kit fleet status").pipe(
    Effect.flatMap(({ body }) => RemoteFleet.standing(body)),
    Effect.provide(ServerLayer.layer(input)),
    FleetStatusCommand.report(input)
  )

export const show = (input: FileInput) =>
  Effect.gen(function* () {
    const submitted = yield* readWhole(input.file, "privx-kit fleet show")
    const { run, ...rest } = yield* RemoteFleet.show(input.runId)
    const shown: FleetShow.Shown = { ...rest, runId: run.id, run: RemoteRunClient.runOf(run) }
    return submitted === undefined ? shown : yield* brought(submitted.fleet, shown)
  }).pipe(Effect.provide(ServerLayer.layer(input)), FleetShow.report(input, input.server))

export const retry = (input: FileInput) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const submitted = yield* readWhole(input.file, "privx-kit fleet retry")
    const { fleet, hosts, run } = yield* RemoteFleet.show(input.runId)
    yield* RemoteSetup.retry(run.id)
    runId = run.id
    yield* FleetOutcome.started(fleet, hosts.length, { runId: run.id, continued: false, others: [] })
    const applied = yield* followed(
      run.id,
      hosts.map(({ name }) => name)
    )
    return submitted === undefined ? applied : yield* brought(submitted.fleet, applied)
  }).pipe(
    Effect.provide(ServerLayer.layer(input)),
    report("fleet retry", input, (ended) => goesOn(input, runId, ended))
  )
}
