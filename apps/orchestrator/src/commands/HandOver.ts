/** What becomes of a verified script after its run: it goes to standard output, or it is run here. */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as readline from "node:readline/promises"
import * as Execution from "../artifacts/Execution.ts"
import type { Owner } from "../artifacts/Manifest.ts"
import * as OwnerOf from "../artifacts/Owner.ts"
import * as ProofFiles from "../artifacts/ProofFiles.ts"
import * as SigningKey from "../artifacts/SigningKey.ts"
import * as Catalogue from "../settings/Catalogue.ts"
import type { SetupResult } from "../Setups.ts"
import { type Pane, Screen } from "../terminal/Screen.ts"
import * as Text from "../terminal/Text.ts"
import type { HandOverInput } from "./HandOverFlags.ts"
import { UsageError } from "./UsageError.ts"

export interface Prepared {
  readonly owner: typeof Owner.Type | undefined
  readonly signingKey: SigningKey.SigningKey | undefined
}

const command = "privx-kit ueba setup"

/** Everything that can be found wrong is, before anything is begun. */
export const prepare = Effect.fnUntraced(function* (
  input: HandOverInput & {
    readonly output: string | undefined
    readonly runId: string | undefined
    readonly json: boolean
  }
): Effect.fn.Return<Prepared, UsageError | StorageFailed | SigningKey.KeyUnusable> {
  const problems = [
    ...(input.stdout && input.json ? ["--stdout and --json both want standard output."] : []),
    ...(input.execute && !input.yes && !canAsk()
      ? ["--execute asks on a terminal, and there is none: add --yes."]
      : []),
    ...(input.executeAgain && !(input.execute && input.runId !== undefined)
      ? ["--execute-again needs --execute, and --run ID with the run that was executed."]
      : []),
    ...(input.runId === undefined && input.output === undefined && (input.mode ?? input.owner) !== undefined
      ? ["--mode and --owner are for the script in the output folder: add --output."]
      : []),
    ...(input.owner !== undefined && process.getuid?.() !== 0 ? ["--owner is for root only."] : [])
  ]
  const owner =
    input.owner === undefined || problems.length > 0
      ? undefined
      : yield* OwnerOf.resolve(input.owner).pipe(
          Effect.mapError((why) => new UsageError({ command, problems: [`--owner ${why}.`] }))
        )
  if (problems.length > 0) return yield* new UsageError({ command, problems })
  const key = input.signingKey ?? process.env[Catalogue.ownEnvironment.signingKey.name]
  return {
    owner,
    signingKey: key === undefined || key === "" ? undefined : yield* SigningKey.load(path.resolve(key))
  }
})

const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

export interface HandedOver {
  /** `undefined` where it was not asked for; `declined` where the answer was no. */
  readonly execution: Execution.Record | "declined" | undefined
}

/** After the run, when the data folder is free again. */
export const carryOut = Effect.fnUntraced(function* (
  input: HandOverInput,
  dataFolder: string,
  result: SetupResult,
  /** Told when the script begins. */
  onExecution: (begun: Execution.Record) => void
): Effect.fn.Return<HandedOver, StorageFailed | Execution.AlreadyExecuted, Screen> {
  if (!input.stdout && !input.execute) return { execution: undefined }
  const script = yield* read(result)
  if (input.stdout) {
    yield* toStdout(script)
    yield* ProofFiles.add(dataFolder, result.runId, { to: "stdout", at: yield* DateTime.now })
  }
  return { execution: input.execute ? yield* execute(input, dataFolder, result, script, onExecution) : undefined }
})

/** The stored bytes, which nobody else could change, and which are looked at once more. */
const read = Effect.fnUntraced(function* (result: SetupResult): Effect.fn.Return<Uint8Array, StorageFailed> {
  const { artifact, sha256 } = result
  const bytes = yield* Effect.tryPromise({ try: () => fs.readFile(artifact), catch: fromSystem(artifact) })
  if (crypto.hash("sha256", bytes, "hex") === sha256) return bytes
  return yield* new StorageFailed({
    path: artifact,
    reason: "damaged",
    detail: "its bytes no longer have the hash under which they were stored"
  })
})

/** Bytes, not text. A reader that has gone away is no failure of ours. */
const toStdout = (script: Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    process.stdout.write(script, () => resume(Effect.void))
  })

const execute = Effect.fnUntraced(function* (
  input: HandOverInput,
  dataFolder: string,
  result: SetupResult,
  script: Uint8Array,
  onExecution: (begun: Execution.Record) => void
): Effect.fn.Return<Execution.Record | "declined", StorageFailed | Execution.AlreadyExecuted, Screen> {
  const { err } = yield* Screen
  const before = yield* Execution.latest(dataFolder, result.runId)
  if (before !== undefined && before.notStarted === undefined && !input.executeAgain) {
    const earlier = Execution.alreadyExecuted(result.runId, before)
    if (input.yes || !canAsk()) return yield* earlier
    yield* err.line(`${err.style.yellow(err.style.sign.warning)} ${earlier.message} Its log: ${before.log}`)
    if (!(yield* ask("Run it once more?", err))) return yield* earlier
  } else if (!input.yes) {
    const what = `the verified script (${Text.grouped(result.bytes)} bytes, SHA-256 ${result.sha256})`
    const end = `it is ended after ${Text.duration(Duration.toMillis(input.executeTimeout))}`
    if (!(yield* ask(`Run ${what} on this machine as this user? ${end}.`, err))) return "declined"
  }
  return yield* Execution.run({
    dataFolder,
    runId: result.runId,
    script,
    timeout: input.executeTimeout,
    after: before?.number ?? 0,
    onRecord: (record) => {
      if (record.endedAt === null) onExecution(record)
      return ProofFiles.add(dataFolder, result.runId, { to: "execution", ...Struct.omit(record, ["pid"]) })
    },
    onOutput: (text) => void Effect.runSync(err.write(text))
  })
})

const ask = (question: string, err: Pane): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr })
    const abort = new AbortController()
    const answered = (yes: boolean) => {
      terminal.close()
      // Nothing waits for more input, and the process may end.
      process.stdin.pause()
      resume(Effect.succeed(yes))
    }
    terminal.question(`${err.style.bold(question)} [y/N] `, { signal: abort.signal }).then(
      (answer) => answered(/^y(es)?$/i.test(answer.trim())),
      () => answered(false)
    )
    // Ctrl-C and the end of the input are a no.
    terminal.once("SIGINT", () => process.kill(process.pid, "SIGINT"))
    terminal.once("close", () => abort.abort())
    return Effect.sync(() => terminal.close())
  })
