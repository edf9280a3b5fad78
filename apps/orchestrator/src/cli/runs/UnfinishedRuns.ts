/**
 * A command executes only the requested runs. It lists the other unfinished runs of the data directory, with the commands
 * that resume or cancel them.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import type { Run } from "@privx-kit/runs/Run"
import { RunOwnership } from "@privx-kit/runs/RunOwnership"
import { Runs } from "@privx-kit/runs/Runs"
import { kind as bootstrapKind } from "../../bootstrap/BootstrapRun.ts"
import { kind as setupKind } from "../../setup/SetupRun.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as ResumeCommand from "../ueba/ResumeCommand.ts"

/** The kinds of run that commands execute individually, with the commands that resume them. */
const commands: Readonly<Record<string, string>> = {
  [setupKind]: "privx-kit ueba setup",
  [bootstrapKind]: "privx-kit ueba bootstrap"
}

/** Lets the engine execute only the setups and bootstraps with these ids. Ids can be added later. */
export const own = (ids: ReadonlySet<string>): Layer.Layer<never> =>
  Layer.succeed(RunOwnership, ({ kind, runId }) => !(kind in commands) || ids.has(runId))

const unfinished = Effect.map(
  Runs.use((runs) =>
    Effect.forEach(Object.keys(commands), (kind) => runs.list({ kind, unfinished: true, whole: true }))
  ),
  (lists) => lists.flat()
)

/** Lets the engine execute every run except setups and bootstraps that do not belong to a fleet. */
export const ownFleets: Effect.Effect<Layer.Layer<never>, StorageFailed, Runs> = Effect.map(unfinished, (others) => {
  const ids = new Set(others.map(({ id }) => id))
  return Layer.succeed(RunOwnership, ({ runId }) => !ids.has(runId))
})

/** Maximum number of listed runs. */
const most = 5

/**
 * Lists the unfinished setups and bootstraps that are not executed.
 *
 * @param dataDir as given to the command
 */
export const report = Effect.fnUntraced(function* (
  asked: ReadonlySet<string>,
  dataDir: string | undefined
): Effect.fn.Return<void, StorageFailed, Runs | Screen> {
  const { err } = yield* Screen
  const { sign, yellow } = err.style
  const others = (yield* unfinished).filter(({ id }) => !asked.has(id))
  const place = ResumeCommand.text("--data-dir", dataDir)
  for (const run of others.slice(0, most)) {
    const resume = [commands[run.kind] ?? "", "--run", run.id, ...place].join(" ")
    const cancel = ["privx-kit runs cancel", run.id, ...place].join(" ")
    yield* err.line(`${yellow(sign.warning)} ${stateOf(run)} It is left alone.`)
    yield* err.line(`  To resume it: ${resume}`)
    yield* err.line(`  To cancel it: ${cancel}`)
  }
  if (others.length > most) {
    yield* err.line(
      `  ${others.length - most} more runs are unfinished: run ${["privx-kit runs list", ...place].join(" ")} to see them.`
    )
  }
})

const stateOf = ({ id, status, target }: Run): string =>
  `Run ${id} for ${target} ${status === "waiting" ? "waits for approval" : "is unfinished"}.`
