/**
 * Approves or rejects the script of a run. The decision names the reviewed script and the attempt, so it fails if the run
 * has a different script or attempt by then.
 */
import * as Effect from "effect/Effect"
import { RunConflict } from "@privx-kit/runs/RunFailures"
import * as Run from "@privx-kit/runs/Run"
import { RunClient } from "../../client/RunClient.ts"
import * as Settings from "@privx-kit/settings/Settings"
import * as DiffView from "../views/DiffView.ts"
import * as Question from "../../terminal/Question.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Outcome from "../Outcome.ts"
import * as RunClientLayer from "./RunClientLayer.ts"
import type { Input as ShowInput } from "./RunsShow.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { UsageError } from "../UsageError.ts"

export interface Input extends ShowInput {
  readonly approved: boolean
  /** The digest of the script that was reviewed before. */
  readonly sha256: string | undefined
  readonly comment: string | undefined
}

interface Decided {
  readonly run: Run.Run
  /** `undefined` if the person answered no. */
  readonly approved: boolean | undefined
  readonly by: string | null
}

export const run = (input: Input) =>
  decide(input).pipe(
    Effect.provide(RunClientLayer.layer(input)),
    Outcome.report<Decided>({
      command: input.approved ? "runs approve" : "runs reject",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ approved, by, run }) => ({ approved: approved ?? null, by, run: Run.toJson(run) }),
      toPerson
    })
  )

const decide = Effect.fnUntraced(function* (input: Input) {
  const { approved, comment } = input
  if (approved && input.sha256 === undefined && (input.json || !Question.canAsk())) {
    return yield* new UsageError({
      command: "privx-kit runs approve",
      problems: [
        "Without a terminal, the script cannot be shown: specify the SHA-256 of the reviewed script with --sha256."
      ]
    })
  }
  const client = yield* RunClient
  const run = yield* client.find(input.runId)
  const { attempt, id, sha256, status } = run
  if (sha256 === null) return yield* new RunConflict({ runId: id, status, detail: "it is not waiting for approval" })
  const reviewed = input.sha256 ?? (approved ? yield* reviewedAtTerminal(input, id) : sha256)
  if (reviewed === undefined) return { run, approved: undefined, by: null }
  const { by, run: after } = yield* client.decide(id, { approved, comment, sha256: reviewed, attempt })
  return { run: after, approved, by }
})

/** Shows the script as `artifacts diff` does, and asks for confirmation. Returns the digest of the shown script. */
const reviewedAtTerminal = Effect.fnUntraced(function* (input: Input, runId: string) {
  const { err } = yield* Screen
  const comparison = yield* compared(input, runId)
  yield* DiffView.show(comparison, err)
  return (yield* Question.ask("Approve this script?", err)) ? comparison.after : undefined
})

/** Number of context lines. */
const context = 3

const compared = Effect.fnUntraced(function* (input: Input, runId: string) {
  const wanted = { script: runId, other: undefined, context }
  if (ServerFlags.isServer(input)) {
    const [{ compare }, { layer }] = yield* Effect.promise(() =>
      Promise.all([import("../artifacts/ArtifactsDiffRemote.ts"), import("../ServerLayer.ts")])
    )
    return yield* Effect.provide(compare(wanted), layer(input))
  }
  const [{ compare }, RunAccess] = yield* Effect.promise(() =>
    Promise.all([import("../artifacts/ArtifactsDiff.ts"), import("@privx-kit/runs/RunAccess")])
  )
  const { path } = Settings.dataDirectory(input, Settings.thisHost())
  return yield* Effect.provide(compare(wanted, path), RunAccess.layer(path, "read"))
})

const toPerson = Effect.fnUntraced(function* ({ approved, run }: Decided, out: Pane) {
  const { green, sign } = out.style
  if (approved === undefined) return yield* out.line("Nothing was decided.")
  yield* out.line(`${green(sign.ok)} The script of the run ${run.id} is ${approved ? "approved" : "rejected"}.`)
  if (run.status === "succeeded") return
  yield* Run.isOver(run)
    ? out.line(`  The run has ${run.status}.`)
    : out.line(
        `  No process has resumed it yet. Run \`privx-kit ueba setup --run ${run.id.slice(0, 8)}\` to resume it.`
      )
})
