/** Hands a verified script off after its run: writes it to standard output, or executes it on this machine. */
import { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import * as path from "node:path"
import * as ScriptExecution from "../../setup/ScriptExecution.ts"
import * as OrphanedScripts from "../../setup/OrphanedScripts.ts"
import * as OutputDirectory from "./OutputDirectory.ts"
import type { Owner } from "@privx-kit/artifacts/Manifest"
import * as ArtifactDirectory from "@privx-kit/artifacts/ArtifactDirectory"
import * as OwnerOf from "@privx-kit/artifacts/FileOwner"
import * as ProvenanceWriter from "@privx-kit/artifacts/ProvenanceWriter"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import type { SetupResult } from "../../setup/Setups.ts"
import { ask, canAsk } from "../../terminal/Question.ts"
import { Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { HandoffInput } from "./ScriptHandoffFlags.ts"
import type * as SetupFlags from "./SetupFlags.ts"
import { UsageError } from "../UsageError.ts"

export interface Prepared {
  readonly owner: typeof Owner.Type | undefined
  readonly signingKey: SigningKey.SigningKey | undefined
}

const command = "privx-kit ueba setup"

/** Finds every problem before the run starts. */
export const prepare = Effect.fnUntraced(function* (
  input: HandoffInput &
    Pick<SetupFlags.Input, "output" | "mode" | "owner"> & {
      readonly runId: string | undefined
      readonly json: boolean
    }
): Effect.fn.Return<Prepared, UsageError | StorageFailed | SigningKey.KeyUnusable> {
  const problems = [
    ...(input.stdout && input.json ? ["--stdout and --json both use standard output: leave out one of them."] : []),
    ...(input.execute && !input.yes && !canAsk()
      ? ["--execute asks for confirmation at a terminal, and there is none: add --yes."]
      : []),
    ...(input.executeAgain && !(input.execute && input.runId !== undefined)
      ? ["--execute-again needs --execute, and --run ID of the run whose script was executed."]
      : []),
    ...(input.runId === undefined && input.output === undefined && (input.mode ?? input.owner) !== undefined
      ? ["--mode and --owner apply to the script in the output directory: add --output."]
      : []),
    ...(input.owner !== undefined && process.getuid?.() !== 0 ? ["--owner works for root only."] : [])
  ]
  const owner =
    input.owner === undefined || problems.length > 0
      ? undefined
      : yield* OwnerOf.resolve(input.owner).pipe(
          Effect.mapError((why) => new UsageError({ command, problems: [`--owner ${why}.`] }))
        )
  if (problems.length > 0) return yield* new UsageError({ command, problems })
  if (input.output !== undefined) yield* OutputDirectory.check(input.output)
  const key = input.signingKey ?? process.env[Catalogue.ownEnvironment.signingKey.name]
  return {
    owner,
    signingKey: key === undefined || key === "" ? undefined : yield* SigningKey.load(path.resolve(key))
  }
})

export interface HandedOff {
  /** `undefined` if not requested; `declined` if the answer was no. */
  readonly execution: ScriptExecution.Record | "declined" | undefined
}

/** Called after the run, when the data directory is unlocked again. */
export const handOff = Effect.fnUntraced(function* (
  input: HandoffInput,
  dataDir: string,
  result: SetupResult,
  /** Called when the script starts. */
  onExecution: (execution: ScriptExecution.Record) => void
): Effect.fn.Return<HandedOff, StorageFailed | ScriptExecution.AlreadyExecuted, Screen> {
  if (!input.stdout && !input.execute) return { execution: undefined }
  const script = yield* ArtifactDirectory.read(dataDir, result.sha256)
  if (input.stdout) {
    const { out } = yield* Screen
    yield* out.write(script)
    // The provenance must not claim a handoff that did not happen, even if the reader has closed the pipe.
    yield* out.written
    yield* ProvenanceWriter.add(dataDir, result.runId, { to: "stdout", at: yield* DateTime.now })
  }
  return { execution: input.execute ? yield* execute(input, dataDir, result, script, onExecution) : undefined }
})

/** Warns of scripts that still run without supervision because a privx-kit process was killed. */
export const reportOrphans = Effect.fnUntraced(function* (
  dataDir: string
): Effect.fn.Return<void, StorageFailed, Screen> {
  const { err } = yield* Screen
  const { sign, yellow } = err.style
  for (const { group, log, runId, startedAt } of yield* OrphanedScripts.find(dataDir)) {
    yield* err.line(
      `${yellow(sign.warning)} The script of run ${runId} is still executing since ${DateTime.formatIso(startedAt)}, without a time limit: the privx-kit that started it was killed.`
    )
    yield* err.line(`  Its log: ${log}. To stop it: kill -- -${group}`)
  }
})

const execute = Effect.fnUntraced(function* (
  input: HandoffInput,
  dataDir: string,
  result: SetupResult,
  script: Uint8Array,
  onExecution: (execution: ScriptExecution.Record) => void
): Effect.fn.Return<ScriptExecution.Record | "declined", StorageFailed | ScriptExecution.AlreadyExecuted, Screen> {
  const { err } = yield* Screen
  const before = yield* ScriptExecution.latest(dataDir, result.runId)
  if (before !== undefined && before.notStarted === undefined && !input.executeAgain) {
    const earlier = ScriptExecution.alreadyExecuted(result.runId, before)
    if (input.yes || !canAsk()) return yield* earlier
    yield* err.line(`${err.style.yellow(err.style.sign.warning)} ${earlier.message} Its log: ${before.log}`)
    if (!(yield* ask("Execute it again?", err))) return yield* earlier
  } else if (!input.yes) {
    const what = `the verified script (${Text.grouped(result.bytes)} bytes, SHA-256 ${result.sha256})`
    const end = `It is stopped after ${Text.duration(Duration.toMillis(input.executeTimeout))}`
    if (!(yield* ask(`Execute ${what} on this machine as this user? ${end}.`, err))) return "declined"
  }
  return yield* ScriptExecution.run({
    dataDirectory: dataDir,
    runId: result.runId,
    script,
    timeout: input.executeTimeout,
    after: before?.number ?? 0,
    onRecord: (record) => {
      if (record.endedAt === null) onExecution(record)
      return ProvenanceWriter.add(dataDir, result.runId, { to: "execution", ...Struct.omit(record, ["pid", "group"]) })
    },
    onOutput: (text) => Effect.runSync(err.write(text))
  })
})
