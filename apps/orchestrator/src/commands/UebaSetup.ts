/** Carries a UEBA set-up through as a durable run, and tells how it went. */
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RunEvents } from "../RunEvents.ts"
import * as PrivxClient from "../settings/PrivxClient.ts"
import * as Settings from "../settings/Settings.ts"
import { type SetupResult, Setups } from "../Setups.ts"
import * as ResultView from "../terminal/ResultView.ts"
import * as RunView from "../terminal/RunView.ts"
import { Screen } from "../terminal/Screen.ts"
import type { ConnectionInput } from "./ConnectionFlags.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"
import { UsageError } from "./UsageError.ts"
import * as Warnings from "./Warnings.ts"

export interface Input extends ConnectionInput, Globals {
  readonly output: string | undefined
  readonly sha256: string | undefined
  readonly maxBytes: number | undefined
  readonly runId: string | undefined
  readonly fresh: boolean
  readonly authorizeDownload: boolean
  readonly json: boolean
}

export const run = (input: Input) => {
  let view: RunView.RunView | undefined
  return Effect.flatMap(Screen, ({ err }) => RunView.make(err, input.runId)).pipe(
    Effect.tap((made) =>
      Effect.sync(() => {
        view = made
      })
    ),
    Effect.flatMap((view) => setup(input, view)),
    // What is drawn over ends before anything is said about the outcome.
    Effect.scoped,
    Outcome.report<SetupResult>({
      command: "ueba setup",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ResultView.show,
      context: (ended) => goingOn(input, view?.runId(), ended)
    })
  )
}

const setup = Effect.fnUntraced(function* (input: Input, view: RunView.RunView) {
  const { err } = yield* Screen
  if (input.runId !== undefined) {
    const contradictory = contradictions(input)
    if (contradictory.length > 0) {
      return yield* new UsageError({
        command: "privx-kit ueba setup",
        problems: [
          `--run continues a run with the inputs that it was begun with: leave out ${contradictory.join(", ")}.`
        ]
      })
    }
  }
  const { settings, warnings } = yield* Settings.resolve(input, Settings.thisHost())
  yield* Warnings.show(warnings, err)
  return yield* Effect.flatMap(Setups, (setups) =>
    setups.run({
      target: settings.baseUrl,
      runId: input.runId,
      fresh: input.fresh,
      output: input.output,
      sha256: input.sha256,
      maxBytes: input.maxBytes
    })
  ).pipe(
    Effect.provide(
      Setups.layer({ dataDir: settings.dataDir, target: settings.baseUrl }).pipe(
        Layer.provide(Ueba.layer({ authorizeDownload: input.authorizeDownload })),
        Layer.provide(PrivxClient.layer(settings, input)),
        Layer.provide(Layer.succeed(RunEvents, view.observe))
      )
    )
  )
})

const contradictions = (input: Input): ReadonlyArray<string> => [
  ...(input.fresh ? ["--new"] : []),
  ...(input.output === undefined ? [] : ["--output"]),
  ...(input.sha256 === undefined ? [] : ["--sha256"]),
  ...(input.maxBytes === undefined ? [] : ["--max-bytes"])
]

/** How the run is continued with the same settings: what was given as a flag must be given again. */
const goingOn = (input: Input, runId: string | undefined, ended: "interrupted" | "failed"): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  // A run that failed is over.
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const command = [
    "privx-kit ueba setup --run",
    runId,
    ...flag("--base-url", input.baseUrl),
    ...input.caFiles.flatMap((file) => flag("--ca-file", file)),
    ...flag("--config", input.config),
    ...flag("--data-dir", input.dataDir),
    ...(input.insecureHttp ? ["--insecure-http"] : []),
    ...(input.authorizeDownload ? ["--authorize-download"] : [])
  ].join(" ")
  return { fields: { runId, resume: command }, advice: `Continue with: ${command}` }
}

const flag = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`]
