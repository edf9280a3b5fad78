/** Follows one run that another process executes, on this machine or on a server. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ExitCode from "../ExitCode.ts"
import * as Run from "@privx-kit/runs/Run"
import { RunClient } from "../../client/RunClient.ts"
import { Domains, failureOf } from "../../domain/Domains.ts"
import * as RunDetails from "../views/RunDetails.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"
import type { Input } from "./RunsShow.ts"

const command = "runs watch"

export const run = (input: Input) =>
  follow(input).pipe(
    Effect.provide(RunClientLayer.layer(input)),
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
  readonly exitName: ExitCode.Exit
}

const follow = Effect.fnUntraced(function* (input: Input) {
  const client = yield* RunClient
  const { err, out } = yield* Screen
  const run = yield* client.follow(input.runId, (run) =>
    input.json
      ? out.line(Outcome.document(command, { result: Run.toJson(run) }, { compact: true }))
      : err.line(RunDetails.now(run, err.style))
  )
  return { run, exitName: yield* exitOf(run) }
})

const exitOf = Effect.fnUntraced(function* (run: Run.Run) {
  if (run.failure === null) return ExitCode.exit("ok")
  const { failure } = yield* Domains
  return Option.match(yield* failureOf(run), {
    // A failure from a later version.
    onNone: () => ExitCode.exit("defect"),
    onSome: (known) => ExitCode.ofFailure(known, failure)
  })
})
