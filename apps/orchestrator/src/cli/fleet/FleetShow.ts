/** Shows the outcome of a fleet run, host by host. */
import * as Effect from "effect/Effect"
import { isHeld } from "@privx-kit/durable/DataDirectory"
import { FleetRecord } from "../../fleet/FleetRecord.ts"
import * as FleetReport from "../../fleet/FleetReport.ts"
import { FleetInputs, kind } from "../../fleet/FleetRun.ts"
import * as Run from "@privx-kit/runs/Run"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { RunNotFound } from "@privx-kit/runs/RunFailures"
import * as RunDetails from "../views/RunDetails.ts"
import * as FleetOutcome from "./FleetOutcome.ts"
import * as FleetSession from "./FleetSession.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"
import * as Schema from "effect/Schema"

export interface Input extends Globals {
  /** The id or its beginning. */
  readonly runId: string
  /** Only used with a server. */
  readonly file: string | undefined
  readonly all: boolean
  readonly json: boolean
}

export interface Shown extends FleetOutcome.Applied {
  readonly run: Run.Run
}

/** The selected fleet run and its fleet. */
export const find = Effect.fnUntraced(function* (beginning: string) {
  const run = yield* RunAccess.find(beginning)
  return run.kind === kind && Schema.is(FleetInputs)(run.inputs)
    ? { run, inputs: run.inputs }
    : yield* new RunNotFound({ runId: run.id })
})

export const run = (input: Input) =>
  Effect.gen(function* () {
    if (input.file !== undefined) {
      const problem =
        "--file is only for the scripts of a server: those of a local fleet run are already in its output directories. Leave out --file, or add --server."
      return yield* new UsageError({ command: "privx-kit fleet show", problems: [problem] })
    }
    const record = yield* FleetRecord
    const { inputs, run } = yield* find(input.runId)
    const counts = yield* record.counts(run.id)
    const shown = yield* FleetSession.applied(inputs.name, { runId: run.id, counts })
    // A run that a killed process has left as `running` is not running.
    const held = isHeld(FleetSession.dataDirOf(input))
    const hosts = shown.hosts.map((host) =>
      host.status === "running" && !held ? { ...host, status: "interrupted" as const } : host
    )
    return { ...shown, hosts, run }
  }).pipe(Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input))), report(input))

export const report = (input: Pick<Input, "json" | "verbose" | "all">, server?: string) =>
  Outcome.report<Shown>({
    command: "fleet show",
    json: input.json,
    verbose: input.verbose,
    toJson: ({ run, ...shown }) => ({ ...(FleetOutcome.toJson(shown) as object), run: Run.toJson(run) }),
    toPerson: ({ run, ...shown }, out) =>
      Effect.andThen(RunDetails.show(run, out), FleetOutcome.toPerson(shown, out, input.all, server)),
    exitName: ({ hosts }) =>
      hosts.some(({ failure }) => failure?.tag === FleetReport.notBrought) ? "hostsFailed" : "ok"
  })
