/** Shared parts of commands that follow a run on a server and show its progress. */
import * as Effect from "effect/Effect"
import type { Failure } from "@privx-kit/core/Failure"
import type { DurableRun } from "@privx-kit/runs/DurableRun"
import { BootstrapRun, kind as bootstrapKind } from "../../bootstrap/BootstrapRun.ts"
import { kind as fleetKind } from "../../fleet/FleetRun.ts"
import * as Run from "@privx-kit/runs/Run"
import * as RemoteSetup from "../../client/RemoteSetup.ts"
import { RunClient } from "../../client/RunClient.ts"
import * as ServerSettings from "../../client/ServerSettings.ts"
import * as ResultView from "../views/ResultView.ts"
import * as RunDetails from "../views/RunDetails.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import { kind as setupKind, SetupRun } from "../../setup/SetupRun.ts"
import * as ServerLayer from "../ServerLayer.ts"
import * as Outcome from "../Outcome.ts"
import * as BootstrapView from "../ueba/BootstrapView.ts"

/** Prints a line when the text changes. */
export const teller = (err: Pane) => {
  let shown = ""
  return (run: Run.Run): Effect.Effect<void> => {
    const text = RunDetails.now(run, err.style)
    if (text === shown) return Effect.void
    shown = text
    const id = run.id.slice(0, 8)
    const advice = `  A person with the role approver can review it: privx-kit artifacts diff ${id}, then privx-kit runs approve ${id}, or reject.`
    return run.status === "waiting" ? Effect.andThen(err.line(text), err.line(advice)) : err.line(text)
  }
}

/** A run continues on the server when the following command ends. */
export const context = (
  input: ServerSettings.Flags,
  runId: string | undefined,
  ended: "interrupted" | "failed"
): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const server = input.server === undefined ? "" : ` --server ${input.server}`
  const command = `privx-kit runs watch ${runId}${server}`
  return {
    fields: { runId, resume: command },
    advice: `The run continues at the server; follow it with: ${command}`
  }
}

/** The context of work that follows a run on a server. */
export interface Following {
  /** Names the followed run, as soon as it is known. */
  readonly follows: (run: Pick<Run.Run, "id">) => Effect.Effect<void>
  /** Shows the progress of a run. */
  readonly changed: (run: Run.Run) => Effect.Effect<void>
}

/** A command that submits a run to a server, follows it, and shows its result. */
export const follow = <Result, E extends Failure, R>(
  input: ServerSettings.Flags & { readonly json: boolean; readonly verbose: boolean },
  options: Pick<Outcome.Options<Result>, "command" | "toJson" | "toPerson"> & {
    readonly work: (following: Following) => Effect.Effect<Result, E, R>
  }
) => {
  let runId: string | undefined
  return Screen.use(({ err }) =>
    options.work({
      follows: ({ id }) =>
        Effect.sync(() => {
          runId = id
        }),
      changed: teller(err)
    })
  ).pipe(
    Effect.provide(ServerLayer.layer(input)),
    Outcome.report<Result>({
      command: options.command,
      json: input.json,
      verbose: input.verbose,
      toJson: options.toJson,
      toPerson: options.toPerson,
      context: (ended) => context(input, runId, ended)
    })
  )
}

/** The problem of flags that apply only if the command itself executes the run. */
export const executedThere = (
  flags: ReadonlyArray<readonly [name: string, isGiven: boolean]>
): ReadonlyArray<string> => {
  const given = flags.flatMap(([name, isGiven]) => (isGiven ? [name] : []))
  return given.length > 0 ? [`The server executes the run: leave out ${given.join(", ")}.`] : []
}

export interface RetryInput extends ServerSettings.Flags {
  readonly runId: string
  readonly wait: boolean
  readonly json: boolean
  readonly verbose: boolean
}

/** Shows a fleet run host by host, and the result of a run of another kind. */
export const retry = (input: RetryInput) =>
  Effect.flatMap(kindOf(input), (kind) => {
    switch (kind) {
      case fleetKind:
        return Effect.flatMap(
          Effect.promise(() => import("../fleet/FleetRemote.ts")),
          (remote) => remote.retry({ ...input, file: undefined, all: false })
        )
      case setupKind:
      case undefined:
        return retried(input, SetupRun, ResultView.show)
      case bootstrapKind:
        return retried(input, BootstrapRun, BootstrapView.show)
      default:
        return other(input)
    }
  })

const kindOf = (input: RetryInput) =>
  RunClient.use((client) => client.find(input.runId)).pipe(
    Effect.map(({ kind }) => kind),
    Effect.provide(ServerLayer.layer(input)),
    // Problems of the run are reported where the run is used.
    Effect.orElseSucceed(() => undefined)
  )

const retried = <Inputs, Result, E extends Failure>(
  input: RetryInput,
  kind: DurableRun<Inputs, Result, E>,
  toPerson: (result: Result, out: Pane, verbose: boolean) => Effect.Effect<void>
) =>
  follow(input, {
    command: "runs retry",
    toJson: (result) => result,
    toPerson,
    work: ({ changed, follows }) =>
      RemoteSetup.retry(input.runId).pipe(
        Effect.tap(follows),
        Effect.flatMap(({ id }) => RemoteSetup.outcome(kind, id, { wait: input.wait, changed }))
      )
  })

/** A run of a kind without a view for its results. */
const other = (input: RetryInput) =>
  follow(input, {
    command: "runs retry",
    toJson: Run.toJson,
    toPerson: RunDetails.show,
    work: ({ changed, follows }) =>
      RemoteSetup.retry(input.runId).pipe(
        Effect.tap(follows),
        Effect.flatMap(({ id }) => RunClient.use((client) => client.follow(id, changed)))
      )
  })
