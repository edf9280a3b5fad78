/**
 * The client for a data directory. It reads the record, and leaves requests for the process that holds the directory, if
 * there is one.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Domains, layerRunKinds } from "../domain/Domains.ts"
import { isHeld } from "@privx-kit/durable/DataDirectory"
import * as Retention from "@privx-kit/runs/Retention"
import * as Run from "@privx-kit/runs/Run"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import type { RunKinds } from "@privx-kit/runs/RunKinds"
import { Runs } from "@privx-kit/runs/Runs"
import * as RunReconciler from "@privx-kit/runs/RunReconciler"
import { normalize } from "@privx-kit/settings/PrivxHosts"
import * as RunActions from "@privx-kit/runs/RunActions"
import { RunClient, type RunFilter } from "./RunClient.ts"

/** How often the record of a followed run is polled. */
const interval = "200 millis"

export const layer = (dataDir: string): Layer.Layer<RunClient, never, Domains> =>
  Layer.effect(
    RunClient,
    Effect.map(Domains, (domains) => make(dataDir, layerRunKinds.pipe(Layer.provide(Layer.succeed(Domains, domains)))))
  )

const make = (dataDir: string, kinds: Layer.Layer<RunKinds>): RunClient["Service"] => {
  const reading = Effect.provide([RunAccess.layer(dataDir, "read"), kinds])
  const writing = Effect.provide([RunAccess.layer(dataDir, "write"), kinds])
  return {
    list: (wanted) => reading(list(wanted)),
    find: (run) => reading(RunAccess.find(run)),
    follow: (run, changed) => reading(follow(run, changed)),
    cancel: (run, comment) =>
      writing(
        Effect.gen(function* () {
          const found = yield* RunAccess.find(run)
          yield* RunActions.cancel(found, RunAccess.me(), comment)
          yield* RunReconciler.settle(dataDir)
          return yield* RunReconciler.outcome(found.id)
        })
      ),
    decide: (run, decision) =>
      writing(
        Effect.gen(function* () {
          const by = RunAccess.me()
          const found = yield* RunAccess.find(run)
          const open = yield* RunActions.decide(found, { ...decision, by })
          // The executing process sees this within a moment.
          return { run: open && isHeld(dataDir) ? yield* RunReconciler.outcome(found.id, "3 seconds") : found, by }
        })
      ),
    prune: (bound, options) => (options.dryRun ? reading : writing)(Retention.prune(bound, options))
  }
}

const list = Effect.fnUntraced(function* ({ limit, parts, since, status, target }: RunFilter) {
  const runs = yield* Runs
  const found = yield* runs.list({
    whole: parts !== true && target === undefined && status.length === 0,
    target: target === undefined ? undefined : normalize(target),
    since,
    // The run of a killed process has the status `running` until the record is checked.
    status: status.includes("interrupted") ? [...status, "running"] : status,
    limit
  })
  const seen = yield* Effect.forEach(found, RunAccess.seen)
  return status.length === 0 ? seen : seen.filter((run) => status.includes(run.status))
})

const follow = Effect.fnUntraced(function* (beginning: string, changed: (run: Run.Run) => Effect.Effect<void>) {
  let run = yield* RunAccess.find(beginning)
  for (let emitted = ""; ; run = yield* Effect.delay(RunAccess.find(run.id), interval)) {
    if (Run.isOver(run)) return run
    const json = JSON.stringify(Run.toJson(run))
    if (json === emitted) continue
    emitted = json
    yield* changed(run)
  }
})
