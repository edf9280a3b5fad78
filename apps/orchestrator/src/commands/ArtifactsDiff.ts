/** Compares a script with the approved one, or two scripts. */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import { structuredPatch } from "diff"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import * as ArtifactFolder from "../artifacts/ArtifactFolder.ts"
import { Approvals } from "../runs/Approvals.ts"
import * as RunAccess from "../runs/RunAccess.ts"
import { RunConflict } from "../runs/RunFailures.ts"
import { Runs } from "../runs/Runs.ts"
import * as Settings from "../settings/Settings.ts"
import * as DiffView from "../terminal/DiffView.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends Globals {
  /** A run, or a digest. */
  readonly script: string
  /** A digest. */
  readonly other: string | undefined
  /** Lines around each change. */
  readonly context: number
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const { path: dataDir } = Settings.dataFolder(input, Settings.thisHost())
    return yield* compare(input, dataDir).pipe(Effect.provide(RunAccess.layer(dataDir, "read")))
  }).pipe(
    Outcome.report<DiffView.Comparison>({
      command: "artifacts diff",
      json: input.json,
      verbose: input.verbose,
      toJson: (comparison) => comparison,
      toPerson: DiffView.show
    })
  )

const compare = Effect.fnUntraced(function* ({ context, other, script }: Input, dataDir: string) {
  const approvals = yield* Approvals
  const { sha256, target } = yield* chosen(script, dataDir)
  const approved = other === undefined && target !== undefined ? (yield* approvals.last(target))?.sha256 : undefined
  const before = other === undefined ? approved : (yield* ArtifactFolder.find(dataDir, other)).sha256
  const [from, to] = yield* Effect.all([
    before === undefined ? Effect.succeed("") : text(dataDir, before),
    text(dataDir, sha256)
  ])
  const { hunks } = structuredPatch(before ?? "", sha256, from, to, undefined, undefined, { context })
  return { before: before ?? null, approved: other === undefined, after: sha256, target: target ?? null, hunks }
})

/** The script that is meant, and where it is from. */
const chosen = Effect.fnUntraced(function* (text: string, dataDir: string) {
  const runs = yield* Runs
  const ids = yield* runs.idsLike(text, 2)
  // A digest has no dashes and can begin like the id of a run: the run is meant then.
  if (ids.length > 0) {
    const { id, sha256, status, target } = yield* RunAccess.find(text)
    if (sha256 === null) {
      return yield* new RunConflict({ runId: id, status, detail: "it has no verified script" })
    }
    return { sha256, target }
  }
  const { sha256 } = yield* ArtifactFolder.find(dataDir, text)
  const [latest] = yield* runs.list({ sha256, limit: 1 })
  return { sha256, target: latest?.target }
})

const text = Effect.fnUntraced(function* (dataDir: string, sha256: string) {
  const { path } = yield* ArtifactFolder.find(dataDir, sha256)
  const bytes = yield* Effect.tryPromise({ try: () => fs.readFile(path), catch: fromSystem(path) })
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
    const detail = "its bytes no longer have the hash under which they were stored"
    return yield* new StorageFailed({ path, reason: "damaged", detail })
  }
  return bytes.toString("utf8")
})
