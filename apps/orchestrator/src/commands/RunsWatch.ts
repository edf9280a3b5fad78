/** Follows one run that another process carries out, here or at a server. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ExitCode from "../ExitCode.ts"
import * as Run from "../runs/Run.ts"
import { RunDesk } from "../server/RunDesk.ts"
import { FailureJson } from "../runs/RunKinds.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import { Screen } from "../terminal/Screen.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsDesk from "./RunsDesk.ts"
import type { Input } from "./RunsShow.ts"

const command = "runs watch"

export const run = (input: Input) =>
  follow(input).pipe(
    Effect.provide(RunsDesk.layer(input)),
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
  const desk = yield* RunDesk
  const { err, out } = yield* Screen
  const run = yield* desk.follow(input.runId, (run) =>
    input.json
      ? out.line(Outcome.document(command, { result: Run.toJson(run) }, { compact: true }))
      : err.line(RunDetails.now(run, err.style))
  )
  return { run, exitName: yield* exitOf(run) }
})

const exitOf = (run: Run.Run): Effect.Effect<ExitCode.Name> =>
  run.failure === null
    ? Effect.succeed("ok")
    : Schema.decodeUnknownEffect(FailureJson)(run.failure).pipe(
        Effect.map(ExitCode.of),
        // A failure of a later version.
        Effect.orElseSucceed((): ExitCode.Name => "defect")
      )
