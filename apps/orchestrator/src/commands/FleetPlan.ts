/** Says what applying a fleet would do, host by host. It sends nothing and changes nothing. */
import * as Effect from "effect/Effect"
import * as FleetForecast from "../fleet/FleetForecast.ts"
import * as FleetView from "../fleet/FleetView.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Text from "../terminal/Text.ts"
import * as FleetSession from "./FleetSession.ts"
import * as Outcome from "./Outcome.ts"

const actionTexts: Record<FleetForecast.Action, string> = {
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
    return yield* FleetForecast.of(fleet).pipe(Effect.provide(FleetSession.observing(FleetSession.dataDirOf(input))))
  }).pipe(report(input))

export const report = (input: FleetSession.Input) =>
  Outcome.report<FleetForecast.Forecast>({
    command: "fleet apply",
    json: input.json,
    verbose: input.verbose,
    toJson: (plan) => ({ plan }),
    toPerson
  })

const toPerson = Effect.fnUntraced(function* ({ continues, hosts }: FleetForecast.Forecast, out: Pane) {
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
