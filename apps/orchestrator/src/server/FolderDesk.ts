/** The desk over a data folder: it reads, and leaves requests for the process that holds the folder, if there is one. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isHeld } from "../DataFolder.ts"
import * as Retention from "../runs/Retention.ts"
import * as Run from "../runs/Run.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { Runs } from "../runs/Runs.ts"
import * as Settlement from "../runs/Settlement.ts"
import { wanted } from "../Targets.ts"
import * as RunActions from "../runs/RunActions.ts"
import { RunDesk, type Wanted } from "./RunDesk.ts"

/** How often the record of a run that is followed is looked at. */
const interval = "200 millis"

export const layer = (dataDir: string): Layer.Layer<RunDesk> => {
  const reading = Effect.provide(RunAccess.layer(dataDir, "read"))
  const writing = Effect.provide(RunAccess.layer(dataDir, "write"))
  return Layer.succeed(RunDesk, {
    list: (wanted) => reading(list(wanted)),
    find: (run) => reading(RunAccess.find(run)),
    follow: (run, changed) => reading(follow(run, changed)),
    cancel: (run) =>
      writing(
        Effect.gen(function* () {
          const found = yield* RunAccess.find(run)
          yield* RunActions.cancel(found, RunAccess.me())
          yield* Settlement.settle(dataDir)
          return yield* Settlement.outcome(found.id)
        })
      ),
    decide: (run, decision) =>
      writing(
        Effect.gen(function* () {
          const by = RunAccess.me()
          const found = yield* RunAccess.find(run)
          const open = yield* RunActions.decide(found, { ...decision, by })
          // Whoever is at it sees this within a moment.
          return { run: open && isHeld(dataDir) ? yield* Settlement.outcome(found.id, "3 seconds") : found, by }
        })
      ),
    prune: (bound, options) => (options.dryRun ? reading : writing)(Retention.prune(bound, options))
  })
}

const list = Effect.fnUntraced(function* ({ limit, parts, since, status, target }: Wanted) {
  const runs = yield* Runs
  const found = yield* runs.list({
    whole: parts !== true && target === undefined && status.length === 0,
    target: target === undefined ? undefined : wanted(target),
    since,
    // What a killed process has left behind says `running` until it is looked at.
    status: status.includes("interrupted") ? [...status, "running"] : status,
    limit
  })
  const seen = yield* Effect.forEach(found, RunAccess.seen)
  return status.length === 0 ? seen : seen.filter((run) => status.includes(run.status))
})

const follow = Effect.fnUntraced(function* (beginning: string, changed: (run: Run.Run) => Effect.Effect<void>) {
  let run = yield* RunAccess.find(beginning)
  for (let told = ""; ; run = yield* Effect.delay(RunAccess.find(run.id), interval)) {
    if (Run.isOver(run)) return run
    const json = JSON.stringify(Run.toJson(run))
    if (json === told) continue
    told = json
    yield* changed(run)
  }
})
