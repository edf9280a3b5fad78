/** Follows one run from another process, by looking at its record. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ExitCode from "../ExitCode.ts"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import * as Settings from "../settings/Settings.ts"
import { FailureJson } from "../SetupWorkflow.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import { Screen } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import type { Input } from "./RunsShow.ts"

const command = "runs watch"

/** How often the record is looked at. */
const interval = "200 millis"

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* follow(input).pipe(Effect.provide(RunAccess.layer(dataDir, "read")))
  }).pipe(
    Outcome.report<Ended>({
      command,
      json: input.json,
      compact: true,
      verbose: input.verbose,
      toJson: ({ run }) => Run.toJson(run),
      toPerson: ({ run }, out) => RunDetails.show(run, out),
      exitName: ({ exitName }) => exitName
    })
  )

interface Ended {
  readonly run: Run.Run
  readonly exitName: ExitCode.Name
}

const follow = Effect.fnUntraced(function* (input: Input) {
  const { err, out } = yield* Screen
  let run = yield* RunAccess.find(input.runId)
  for (let told = ""; ; run = yield* Effect.delay(RunAccess.find(run.id), interval)) {
    if (Run.isOver(run)) return { run, exitName: yield* exitOf(run) }
    const json = JSON.stringify(Run.toJson(run))
    if (json === told) continue
    told = json
    yield* input.json
      ? out.line(Outcome.document(command, { result: Run.toJson(run) }, { compact: true }))
      : err.line(RunDetails.now(run, err.style))
  }
})

const exitOf = (run: Run.Run): Effect.Effect<ExitCode.Name> =>
  run.failure === null
    ? Effect.succeed("ok")
    : Schema.decodeUnknownEffect(FailureJson)(run.failure).pipe(
        Effect.map(ExitCode.of),
        // A failure of a later version.
        Effect.orElseSucceed((): ExitCode.Name => "defect")
      )
