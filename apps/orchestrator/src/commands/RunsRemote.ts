/** What the commands that carry something out have in common where a server does it: they follow, and say what goes on. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { kind as fleetKind } from "../fleet/FleetRun.ts"
import type { Run } from "../runs/Run.ts"
import * as RemoteDesk from "../server/RemoteDesk.ts"
import * as RemoteSetup from "../server/RemoteSetup.ts"
import { RunDesk } from "../server/RunDesk.ts"
import { ServerClient } from "../server/ServerClient.ts"
import * as ServerSettings from "../settings/ServerSettings.ts"
import * as Settings from "../settings/Settings.ts"
import * as ResultView from "../terminal/ResultView.ts"
import * as RunDetails from "../terminal/RunDetails.ts"
import { type Pane, Screen } from "../terminal/Screen.ts"
import type { SetupResult } from "../Setups.ts"
import * as Outcome from "./Outcome.ts"

/** The server that is meant. */
export const layer = (input: ServerSettings.Flags) =>
  Layer.unwrap(
    Effect.map(ServerSettings.resolve(input, Settings.thisHost()), (settings) =>
      RemoteDesk.layer.pipe(Layer.provideMerge(ServerClient.layer(settings)))
    )
  )

/** A line each time that there is something else to say. */
export const teller = (err: Pane) => {
  let told = ""
  return (run: Run): Effect.Effect<void> => {
    const text = RunDetails.now(run, err.style)
    if (text === told) return Effect.void
    told = text
    const id = run.id.slice(0, 8)
    const advice = `  privx-kit artifacts diff ${id} shows it; then: privx-kit runs approve ${id}, or reject.`
    return run.status === "waiting" ? Effect.andThen(err.line(text), err.line(advice)) : err.line(text)
  }
}

/** A run of a server goes on without whoever followed it. */
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
    advice: `The run goes on at the server; follow it with: ${command}`
  }
}

export interface RetryInput extends ServerSettings.Flags {
  readonly runId: string
  readonly wait: boolean
  readonly json: boolean
  readonly verbose: boolean
}

/** A fleet run is told host by host. */
export const retry = (input: RetryInput) =>
  Effect.flatMap(isOfFleet(input), (is) =>
    is
      ? Effect.flatMap(
          Effect.promise(() => import("./FleetRemote.ts")),
          (remote) => remote.retry({ ...input, file: undefined, all: false })
        )
      : setup(input)
  )

const isOfFleet = (input: RetryInput) =>
  RunDesk.use((desk) => desk.find(input.runId)).pipe(
    Effect.map(({ kind }) => kind === fleetKind),
    Effect.provide(layer(input)),
    // What is wrong with it is said where the run is wanted.
    Effect.orElseSucceed(() => false)
  )

const setup = (input: RetryInput) => {
  let runId: string | undefined
  return Effect.gen(function* () {
    const { err } = yield* Screen
    const { id } = yield* RemoteSetup.retry(input.runId)
    runId = id
    return yield* RemoteSetup.outcome(id, { wait: input.wait, changed: teller(err) })
  }).pipe(
    Effect.provide(layer(input)),
    Outcome.report<SetupResult>({
      command: "runs retry",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ResultView.show,
      context: (ended) => context(input, runId, ended)
    })
  )
}
