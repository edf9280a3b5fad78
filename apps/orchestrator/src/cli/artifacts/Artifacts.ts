/** Lists, shows and exports stored scripts, without the lock of the data directory. */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
import { scriptName } from "@privx-kit/ueba/ScriptName"
import * as Delivery from "@privx-kit/artifacts/Delivery"
import * as Settings from "@privx-kit/settings/Settings"
import * as Text from "../../terminal/Text.ts"
import type * as FlagKinds from "../flags/FlagKinds.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

interface Input extends Globals {
  readonly json: boolean
}

export const list = (input: Input & { readonly ids: boolean; readonly output: FlagKinds.Output | undefined }) =>
  ArtifactDirectory.listDescribed(Settings.dataDirectory(input, Settings.thisHost()).path).pipe(
    Outcome.report<ReadonlyArray<ArtifactDirectory.Described>>({
      command: "artifacts list",
      ...Outcome.formatOf(input),
      verbose: input.verbose,
      toJson: (all) => all.map(toJson),
      toPerson: Effect.fnUntraced(function* (all, out) {
        if (input.ids) return yield* Effect.forEach(all, ({ sha256 }) => out.line(sha256), { discard: true })
        if (all.length === 0) return yield* out.line("Nothing is stored yet.")
        for (const one of all) {
          const [latest] = one.runs
          const from = latest === undefined ? "" : latest.target
          const more = one.runs.length > 1 ? out.style.dim(`(${one.runs.length} runs)`) : ""
          yield* out.line(
            `${out.style.cyan(one.sha256.slice(0, 12))}  ${when(one.storedAt)}  ${Text.bytes(one.bytes).padStart(9)}  ${from} ${more}`.trimEnd()
          )
        }
      })
    })
  )

/** Path and access rights are known only for a data directory. */
export interface Shown extends Pick<ArtifactDirectory.Described, "sha256" | "bytes" | "storedAt" | "runs"> {
  readonly path?: string
  readonly mode?: string
  readonly exposed?: boolean
  readonly intact: boolean
}

export const show = (input: Input & { readonly sha256: string }) =>
  Effect.gen(function* () {
    const one = yield* ArtifactDirectory.find(Settings.dataDirectory(input, Settings.thisHost()).path, input.sha256)
    return { ...one, intact: (yield* ArtifactDirectory.hash(one.path)) === one.sha256 }
  }).pipe(reportShown(input))

export const reportShown = (input: Pick<Input, "json" | "verbose">) =>
  Outcome.report<Shown>({
    command: "artifacts show",
    json: input.json,
    verbose: input.verbose,
    toJson: ({ intact, ...one }) => ({ ...toJson(one), intact }),
    toPerson: Effect.fnUntraced(function* (one, out) {
      const { green, red, sign } = out.style
      const rows: ReadonlyArray<readonly [string, string | undefined]> = [
        ["SHA-256", one.sha256],
        ["File", one.path],
        ["Size", `${Text.grouped(one.bytes)} bytes`],
        ["Stored", when(one.storedAt)],
        ["Mode", one.exposed === true ? red(`${one.mode}: other users can access it`) : one.mode],
        ["Content", one.intact ? green(`${sign.ok} intact`) : red(`${sign.failed} changed: privx-kit artifacts fsck`)],
        ...one.runs.map(
          ({ downloadedAt, runId, target }) => ["Run", `${runId}  ${when(downloadedAt)}  ${target}`] as const
        )
      ]
      for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 10)}${value}`)
    }),
    exitName: ({ intact }) => (intact ? "ok" : "mismatch")
  })

interface Exported {
  readonly sha256: string
  readonly path: string
  readonly bytes: number
  readonly mode: string
}

export const exportTo = (
  input: Input & {
    readonly sha256: string
    readonly path: string
    readonly mode: number | undefined
    readonly force: boolean
  }
) =>
  Effect.gen(function* () {
    const mode = input.mode ?? 0o600
    const { path: dataDir } = Settings.dataDirectory(input, Settings.thisHost())
    const one = yield* ArtifactDirectory.find(dataDir, input.sha256)
    const bytes = yield* ArtifactDirectory.read(dataDir, one.sha256)
    const file = yield* placeFor(path.resolve(input.path), input.force)
    yield* Delivery.put(bytes, file, { runId: "export", mode })
    return { sha256: one.sha256, path: file, bytes: one.bytes, mode: Delivery.modeText(mode) }
  }).pipe(
    Outcome.report<Exported>({
      command: "artifacts export",
      json: input.json,
      verbose: input.verbose,
      toJson: (exported) => exported,
      toPerson: ({ mode, path, sha256 }, out) => out.line(`${path}  ${mode}  SHA-256 ${sha256}`)
    })
  )

/** In a directory, the script gets the name of a delivered script. */
const placeFor = Effect.fnUntraced(function* (target: string, force: boolean) {
  const kindOf = (file: string) =>
    Effect.promise(() =>
      fs.stat(file).then(
        (stat) => (stat.isDirectory() ? "directory" : "file"),
        () => "nothing"
      )
    )
  const file = (yield* kindOf(target)) === "directory" ? path.join(target, scriptName) : target
  if (force || (yield* kindOf(file)) === "nothing") return file
  return yield* new StorageFailed({
    path: file,
    reason: "other",
    detail: "something is there already; --force replaces a file"
  })
})

const toJson = <A extends Omit<Shown, "intact">>(one: A) => ({
  ...one,
  storedAt: DateTime.formatIso(one.storedAt),
  runs: one.runs.map((run) => ({ ...run, downloadedAt: DateTime.formatIso(run.downloadedAt) }))
})

/** `2026-11-22 07:42`, UTC. */
const when = (time: DateTime.Utc): string => DateTime.formatIso(time).slice(0, 16).replace("T", " ")
