/** Submits a UEBA setup to a server, follows it, and downloads its result. */
import * as Effect from "effect/Effect"
import type { Run } from "@privx-kit/runs/Run"
import * as RemoteSetup from "../../client/RemoteSetup.ts"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as ResultView from "../views/ResultView.ts"
import { inputsOf } from "../../setup/SetupRequest.ts"
import { SetupRun } from "../../setup/SetupRun.ts"
import * as ScriptHandoff from "./ScriptHandoff.ts"
import * as SetupFlagValues from "./SetupFlagValues.ts"
import * as RunsRemote from "../runs/RunsRemote.ts"
import type { Input as LocalInput } from "./UebaSetup.ts"
import { UsageError } from "../UsageError.ts"

export interface Input extends LocalInput, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  RunsRemote.follow(input, {
    command: "ueba setup",
    toJson: (result) => result,
    toPerson: ResultView.show,
    work: Effect.fnUntraced(function* ({ changed, follows }) {
      const problems = contradictions(input)
      if (problems.length > 0) return yield* new UsageError({ command: "privx-kit ueba setup", problems })
      const { owner } = yield* ScriptHandoff.prepare({ ...input, signingKey: "" })
      const { id } = yield* Effect.tap(begin(input), follows)
      const result = yield* RemoteSetup.outcome(SetupRun, id, { wait: input.wait, changed })
      return input.output === undefined
        ? result
        : yield* RemoteSetup.bring(result, { output: input.output, mode: input.mode, owner })
    })
  })

/** The selected run, or a new one. */
const begin = Effect.fnUntraced(function* (input: Input) {
  if (input.runId !== undefined) return yield* Effect.flatMap(RunClient, (client) => client.find(input.runId ?? ""))
  const { mode: _, output: __, ...inputs } = yield* inputsOf(yield* SetupFlagValues.requested(input, undefined))
  const run: Run = yield* RemoteSetup.submit({
    ...(input.baseUrl === undefined ? {} : { target: input.baseUrl }),
    ...inputs,
    ...(input.idempotencyKey === undefined ? {} : { idempotencyKey: input.idempotencyKey }),
    fresh: input.fresh
  })
  return run
})

/** Options that a server does not support, or that would not apply to a resumed run. */
const contradictions = (input: Input): ReadonlyArray<string> => {
  // The script of any run can be downloaded, with the permissions that this command sets.
  const { mode: _, output: __, owner: ___, ...inputs } = input
  const late = input.runId === undefined ? [] : SetupFlagValues.ofNew(inputs)
  return [
    ...RunsRemote.executedThere([
      ["--execute", input.execute],
      ["--stdout", input.stdout],
      ["--operator", input.operator !== undefined],
      ["--signing-key", input.signingKey !== undefined],
      ["--authorize-download", input.authorizeDownload]
    ]),
    ...(late.length > 0 ? [`--run resumes a run with its recorded inputs: leave out ${late.join(", ")}.`] : [])
  ]
}
