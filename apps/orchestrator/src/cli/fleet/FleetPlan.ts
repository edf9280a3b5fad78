/** Says what applying a fleet would do, host by host. It sends nothing and changes nothing. */
import * as Effect from "effect/Effect"
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
  Outcome.report<FleetPreview.Forecast>({
    command: "fleet apply",
    json: input.json,
    verbose: input.verbose,
    toJson: (plan) => ({ plan }),
    toPerson
  })

const toPerson = Effect.fnUntraced(function* ({ continues, hosts }: FleetPreview.Forecast, out: Pane) {
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
  yield* out.line(out.style.dim(`${Text.grouped(hosts.length)} hosts. Nothing was sent.`))
})
