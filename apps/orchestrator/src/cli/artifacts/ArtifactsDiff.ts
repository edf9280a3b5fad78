/** Compares a script with the reference of its PrivX host, or two scripts. */
import { structuredPatch } from "diff"
import * as Effect from "effect/Effect"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
import * as CapabilityChange from "./CapabilityChange.ts"
import { Approvals, referenceOf } from "@privx-kit/runs/Approvals"
import * as RunAccess from "@privx-kit/runs/RunAccess"
import { RunConflict } from "@privx-kit/runs/RunFailures"
import { Runs } from "@privx-kit/runs/Runs"
import * as Settings from "@privx-kit/settings/Settings"
import * as DiffView from "../views/DiffView.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

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
    const { path: dataDir } = Settings.dataDirectory(input, Settings.thisHost())
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

/** The compared scripts, and the number of context lines. */
export type Comparison = Pick<Input, "script" | "other" | "context">

export const compare = Effect.fnUntraced(function* ({ context, other, script }: Comparison, dataDir: string) {
  const approvals = yield* Approvals
  const { sha256, target } = yield* chosen(script, dataDir)
  const latest = other === undefined && target !== undefined ? yield* approvals.last(target) : undefined
  const reference = latest === undefined ? undefined : referenceOf(latest)
  const before = other === undefined ? reference?.sha256 : (yield* ArtifactDirectory.find(dataDir, other)).sha256
  const [from, to] = yield* Effect.all([
    before === undefined ? Effect.succeed(undefined) : content(dataDir, before),
    content(dataDir, sha256)
  ])
  const { hunks } = structuredPatch(before ?? "", sha256, textOf(from), textOf(to), undefined, undefined, { context })
  const capabilities = yield* CapabilityChange.between(from, to)
  return {
    before: before ?? null,
    basis: reference?.basis ?? null,
    after: sha256,
    target: target ?? null,
    capabilities,
    hunks
  }
})

/** The selected script and its source. */
const chosen = Effect.fnUntraced(function* (text: string, dataDir: string) {
  const runs = yield* Runs
  const ids = yield* runs.idsLike(text, 2)
  // A digest has no dashes and can begin like a run id: the run takes precedence.
  if (ids.length > 0) {
    const { id, sha256, status, target } = yield* RunAccess.find(text)
    if (sha256 === null) {
      return yield* new RunConflict({ runId: id, status, detail: "it has no verified script" })
    }
    return { sha256, target }
  }
  const { sha256 } = yield* ArtifactDirectory.find(dataDir, text)
  const [latest] = yield* runs.list({ sha256, limit: 1 })
  return { sha256, target: latest?.target }
})

const textOf = (bytes: Buffer | undefined): string => bytes?.toString("utf8") ?? ""

const content = Effect.fnUntraced(function* (dataDir: string, sha256: string) {
  const stored = yield* ArtifactDirectory.find(dataDir, sha256)
  return yield* ArtifactDirectory.read(dataDir, stored.sha256)
})
