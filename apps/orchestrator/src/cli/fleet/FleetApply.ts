/** Sets up every host of a fleet as one durable run, and reports the result. */
import "../CompiledSchemas.ts"
import * as Effect from "effect/Effect"
import { digestOf, planOf } from "../../fleet/FleetRun.ts"
import { Fleets } from "../../fleet/Fleets.ts"
import * as FleetOutcome from "./FleetOutcome.ts"
import * as FleetSession from "./FleetSession.ts"
import * as ResumeCommand from "../ueba/ResumeCommand.ts"
import * as Outcome from "../Outcome.ts"

export const run = (input: FleetSession.Input) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const fleet = yield* FleetSession.read(input, "privx-kit fleet apply")
    const plan = planOf(fleet)
    const { context, progress } = yield* FleetSession.open({
      fleet,
      dataDir: FleetSession.dataDirOf(input),
      digests: [digestOf(plan)]
    })
    return yield* Effect.gen(function* () {
      const fleets = yield* Fleets
      const services = yield* Effect.context<Effect.Services<ReturnType<typeof FleetSession.started>>>()
      const outcome = yield* fleets.run(plan, (started) => {
        runId = started.runId
        return Effect.provideContext(FleetSession.started(fleet.name, progress, started), services)
      })
      yield* progress.end
      return yield* FleetSession.applied(fleet.name, outcome)
    }).pipe(Effect.provideContext(context))
  }).pipe(
    // The live lines end before the outcome is reported.
    Effect.scoped,
    Outcome.report<FleetOutcome.Applied>({
      command: "fleet apply",
      json: input.json,
      verbose: input.verbose,
      toJson: FleetOutcome.toJson,
      toPerson: (result, out) => FleetOutcome.toPerson(result, out, input.all),
      exitName: ({ counts }) => FleetOutcome.exitName(counts),
      context: (ended) => goingOn(input, runId, ended)
    })
  )
}

const goingOn = (
  input: FleetSession.Input,
  runId: string | undefined,
  ended: "interrupted" | "failed"
): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const command = [
    "privx-kit fleet apply",
    ...ResumeCommand.text("", input.file).slice(1),
    ...input.only.flatMap((pattern) => ResumeCommand.text("--only", pattern)),
    ...input.label.flatMap((label) => ResumeCommand.text("--label", label)),
    ...ResumeCommand.text("--data-dir", input.dataDir)
  ].join(" ")
  return { fields: { runId, resume: command }, advice: `Continue with: ${command}` }
}
