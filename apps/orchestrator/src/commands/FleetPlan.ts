/** Says what applying a fleet would do, host by host. It sends nothing and changes nothing. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { FleetRecord } from "../fleet/FleetRecord.ts"
import { digestOf, FleetInputs, idOf, kind, planOf, targetOf } from "../fleet/FleetRun.ts"
import * as FleetStatus from "../fleet/FleetStatus.ts"
import * as FleetView from "../fleet/FleetView.ts"
import type { RunStatus } from "../runs/Run.ts"
import { Runs } from "../runs/Runs.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Text from "../terminal/Text.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "./Outcome.ts"

/**
 * - `first`: the host has never been set up.
 * - `again`, `changed`: its last run had the same inputs, or others.
 * - `wait`: a run of the same inputs waits for approval, and nothing is done before that is decided.
 * - `continue`: the unfinished fleet run has begun it, and goes on with it.
 * - `done`: the unfinished fleet run is through with it.
 */
type Action = "first" | "again" | "changed" | "wait" | "continue" | "done"

const actionTexts: Record<Action, string> = {
  first: "set up for the first time",
  again: "set up again, same inputs",
  changed: "set up again, other inputs",
  wait: "nothing: waits for approval",
  continue: "continue",
  done: "nothing: done in this run"
}

interface PlannedHost extends Omit<FleetStatus.HostStatus, "state"> {
  readonly action: Action
}

interface Planned {
  readonly fleet: string
  /** The unfinished fleet run that would be gone on with. */
  readonly continues: string | null
  readonly hosts: ReadonlyArray<PlannedHost>
}

export const run = (input: FleetSession.Input) =>
  Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet apply")
    const digest = digestOf(planOf(fleet))
    return yield* Effect.gen(function* () {
      const runs = yield* Runs
      const record = yield* FleetRecord
      const open = yield* runs.list({ kind, target: targetOf(fleet.name), unfinished: true })
      const same = open.find(({ inputs }) => Schema.is(FleetInputs)(inputs) && inputs.digest === digest)
      const parts = new Map<string, RunStatus>()
      if (same !== undefined) yield* record.eachPart(same.id, ({ id, status }) => parts.set(id, status))
      const hosts = (yield* FleetStatus.of(fleet)).map(({ state, ...host }): PlannedHost => {
        const part = same === undefined ? undefined : parts.get(idOf(same.id, host.name))
        return { ...host, action: part === undefined ? actionOf(state, host.run) : goingOn(part) }
      })
      return { fleet: fleet.name, continues: same?.id ?? null, hosts }
    }).pipe(Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input))))
  }).pipe(
    Outcome.report<Planned>({
      command: "fleet apply",
      json: input.json,
      verbose: input.verbose,
      toJson: (planned) => ({ plan: planned }),
      toPerson
    })
  )

const actionOf = (state: FleetStatus.State, run: FleetStatus.HostStatus["run"]): Action =>
  run === null ? "first" : !run.sameInputs ? "changed" : state === "waiting" ? "wait" : "again"

const goingOn = (status: RunStatus): Action =>
  status === "waiting"
    ? "wait"
    : status === "succeeded" || status === "failed" || status === "cancelled"
      ? "done"
      : "continue"

const toPerson = Effect.fnUntraced(function* ({ continues, hosts }: Planned, out: Pane) {
  if (continues !== null) yield* out.line(`The unfinished fleet run ${continues} would be gone on with.`)
  yield* FleetView.table(
    ["Host", "Would be done", "Last run", "", "Approved script"],
    hosts.map(({ action, approved, name, run }) => [
      name,
      actionTexts[action],
      run === null ? "never" : FleetView.local(run.createdAt),
      run?.status ?? "",
      approved?.slice(0, 12) ?? "none"
    ]),
    out
  )
  yield* out.line(out.style.dim(`${Text.grouped(hosts.length)} hosts. Nothing was sent.`))
})
