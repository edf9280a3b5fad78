/** Prunes and checks the stored scripts. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fsck from "@privx-kit/artifacts/Fsck"
import * as PruneArtifacts from "../../setup/PruneArtifacts.ts"
import * as Settings from "@privx-kit/settings/Settings"
import * as LiveLine from "../../terminal/LiveLine.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import { UsageError } from "../UsageError.ts"

interface Input extends Globals {
  readonly json: boolean
}

export const prune = (
  input: Input & {
    readonly keep: number | undefined
    readonly olderThan: Duration.Duration | undefined
    readonly dryRun: boolean
  }
) =>
  Effect.gen(function* () {
    if (input.keep === undefined && input.olderThan === undefined) {
      return yield* new UsageError({
        command: "privx-kit artifacts prune",
        problems: ["Specify which scripts to remove: --keep N, --older-than TIME, or both."]
      })
    }
    return yield* PruneArtifacts.runIn(Settings.dataDirectory(input, Settings.thisHost()).path, input)
  }).pipe(
    Outcome.report<PruneArtifacts.Report>({
      command: "artifacts prune",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ kept, removed }) => ({
        dryRun: input.dryRun,
        removed: removed.map(({ bytes, path, sha256 }) => ({ sha256, bytes, path })),
        kept: kept.map(({ bytes, path, reason, sha256 }) => ({ sha256, bytes, path, reason }))
      }),
      toPerson: Effect.fnUntraced(function* ({ kept, removed }, out) {
        for (const { bytes, sha256 } of removed) {
          yield* out.line(`${input.dryRun ? "would remove" : "removed"} ${sha256}  ${Text.bytes(bytes)}`)
        }
        for (const { reason, sha256 } of kept) yield* out.line(out.style.dim(`kept    ${sha256}  ${reason}`))
        const freed = Text.bytes(removed.reduce((sum, { bytes }) => sum + bytes, 0))
        yield* out.line(
          `${removed.length} ${input.dryRun ? "would be removed" : "removed"} (${freed}), ${kept.length} kept.`
        )
      })
    })
  )

export const fsck = (input: Input) =>
  Effect.gen(function* () {
    const { err } = yield* Screen
    const directory = Settings.dataDirectory(input, Settings.thisHost()).path
    return yield* Fsck.run(directory, yield* following(err))
  }).pipe(
    Effect.scoped,
    Outcome.report<Fsck.Report>({
      command: "artifacts fsck",
      json: input.json,
      verbose: input.verbose,
      toJson: (report) => ({ sound: Fsck.isSound(report), ...report }),
      toPerson: showReport,
      exitName: (report) =>
        Fsck.isSound(report)
          ? "ok"
          : report.damaged.length === 0 && report.unreadable.length > 0
            ? "storage"
            : "mismatch"
    })
  )

/** A progress bar on a terminal. */
const following = Effect.fnUntraced(function* (err: Pane) {
  if (!err.animation) return undefined
  const live = yield* LiveLine.make(err)
  yield* Effect.addFinalizer(() => live.clear)
  return ({ artifacts, bytes, ofArtifacts, ofBytes }: Fsck.Progress) =>
    live.show((_, columns) => {
      const text = `${artifacts + 1} of ${ofArtifacts}, ${Text.bytes(bytes)} of ${Text.bytes(ofBytes)}`
      return Text.width(text) + 32 > columns
        ? Text.cut(text, columns, err.style.sign.ellipsis)
        : `  ${err.style.bar(ofBytes === 0 ? 1 : bytes / ofBytes, 24)}  ${text}`
    })
})

const showReport = Effect.fnUntraced(function* (report: Fsck.Report, out: Pane) {
  const { green, red, sign, yellow } = out.style
  for (const { detail, found, quarantined, sha256 } of report.damaged) {
    yield* out.line(`${red(sign.failed)} ${sha256}: ${detail}`)
    yield* out.line(`    its SHA-256 is now ${found}`)
    if (quarantined !== null) yield* out.line(`    moved to ${quarantined}`)
  }
  for (const { detail, path } of report.unreadable) {
    yield* out.line(`${red(sign.failed)} ${path}: cannot be read, left where it is (${detail})`)
  }
  for (const hint of new Set(report.unreadable.map((one) => one.hint))) yield* out.line(`    ${hint}`)
  for (const { mode, path, repaired } of report.exposed) {
    yield* out.line(
      `${yellow(sign.warning)} ${path}: other users could access it (${mode})${repaired ? "; its mode was corrected" : "; its mode cannot be corrected"}`
    )
  }
  const what = `${report.artifacts} ${report.artifacts === 1 ? "artifact" : "artifacts"}, ${Text.bytes(report.bytes)}`
  yield* out.line(
    Fsck.isSound(report)
      ? `${green(sign.ok)} ${what}: all unchanged`
      : `${red(sign.failed)} ${what}: ${report.damaged.length} changed, ${report.unreadable.length} unreadable, ${report.exposed.length} open to others`
  )
})
