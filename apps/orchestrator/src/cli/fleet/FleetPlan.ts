/** Shows what applying a fleet would do, host by host, without sending or changing anything. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { FieldChange, FleetDiff } from "../../fleet/FleetDiff.ts"
import * as FleetPreview from "../../fleet/FleetPreview.ts"
import * as FleetProgressView from "./FleetProgressView.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "../Outcome.ts"

const actionTexts: Record<FleetPreview.Action, string> = {
  first: "set up for the first time",
  again: "set up again, same inputs",
  changed: "set up again, other inputs",
  wait: "nothing: waits for approval",
  continue: "continue",
  done: "nothing: done in this run"
}

export const run = (input: FleetSession.Input) =>
  Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet apply")
    return yield* FleetPreview.of(fleet).pipe(Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input))))
  }).pipe(report(input))

export const report = (input: FleetSession.Input) =>
  Outcome.report<FleetPreview.FleetPreview>({
    command: "fleet apply",
    json: input.json,
    verbose: input.verbose,
    toJson: (plan) => ({ plan }),
    toPerson
  })

const toPerson = Effect.fnUntraced(function* ({ continues, diff, hosts }: FleetPreview.FleetPreview, out: Pane) {
  if (continues !== null) yield* out.line(`The unfinished fleet run ${continues} would be resumed.`)
  yield* FleetProgressView.table(
    ["Host", "Would be done", "Last run", "", "Compared with"],
    hosts.map(({ action, name, reference, run }) => [
      name,
      actionTexts[action],
      run === null ? "never" : FleetProgressView.local(run.createdAt),
      run?.status ?? "",
      FleetProgressView.referenceText(reference)
    ]),
    out
  )
  yield* difference(diff, out)
  yield* out.line(
    out.style.dim(`${Text.grouped(hosts.length)} ${hosts.length === 1 ? "host" : "hosts"}. Nothing was sent.`)
  )
})

/** Maximum number of listed hosts; `--json` contains all of them. */
const shownHosts = 40

const signs = { added: "+", removed: "-", changed: "~" } as const

const difference = Effect.fnUntraced(function* ({ fields, hosts, since, unchanged }: FleetDiff, out: Pane) {
  if (since === null) return
  const round = `the round of ${FleetProgressView.local(DateTime.formatIso(since.createdAt))} (${since.runId.slice(0, 8)})`
  if (fields.length === 0 && hosts.length === 0) return yield* out.line(`The file is the same as in ${round}.`)
  yield* out.line(`Compared with ${round}:`)
  yield* Effect.forEach(fields, (field) => out.line(`  ~ ${fieldText(field)}`), { discard: true })
  for (const { change, fields, name } of hosts.slice(0, shownHosts)) {
    yield* out.line(`  ${signs[change]} ${name}`)
    yield* Effect.forEach(fields, (field) => out.line(`      ${fieldText(field)}`), { discard: true })
  }
  if (hosts.length > shownHosts) yield* out.line(out.style.dim(`  (and ${hosts.length - shownHosts} others)`))
  if (unchanged > 0) yield* out.line(out.style.dim(`  (${Text.grouped(unchanged)} hosts are the same)`))
})

const fieldText = ({ after, before, field }: FieldChange): string =>
  `${field}: ${before ?? "not set"} → ${after ?? "not set"}`
