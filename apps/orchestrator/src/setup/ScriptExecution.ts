/**
 * Executes the script of a run on this machine, and records the outcome. It executes a private copy of the verified
 * bytes.
 *
 * ```
 * executions/<run>/<n>.json   when it started, and how it ended
 * executions/<run>/<n>.log    its output
 * executions/<run>/<n>.sh     what was run, 0700
 * ```
 *
 * The start is recorded on disk before the script starts, so that after a crash it is not executed again unknowingly.
 */
import * as Failure from "@privx-kit/core/Failure"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as FileOwnership from "@privx-kit/files/FileOwnership"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { renameSync, rmSync, writeFileSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Delivery from "@privx-kit/artifacts/Delivery"
import * as ScriptProcess from "./ScriptProcess.ts"

export const Record = Schema.Struct({
  number: Schema.Int,
  startedAt: Schema.DateTimeUtcFromString,
  /** The process id of privx-kit. */
  pid: Schema.Int,
  /** The process group of the script, once it has started. */
  group: Schema.optionalKey(Schema.Int),
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  timedOut: Schema.Boolean,
  /** Whether privx-kit was stopped and ended the script first. */
  interrupted: Schema.optionalKey(Schema.Boolean),
  /** Why the script was not started. */
  notStarted: Schema.optionalKey(Schema.String),
  log: Schema.String
})

export type Record = typeof Record.Type

/** The script was not executed, because it has been, or may have been, executed before. */
export class AlreadyExecuted extends Failure.Class<AlreadyExecuted>()(
  "AlreadyExecuted",
  {
    runId: Schema.String,
    startedAt: Schema.String,
    /** `null` if privx-kit or the machine crashed: it is unknown how much of the script was executed. */
    endedAt: Schema.NullOr(Schema.String),
    scriptExitCode: Schema.NullOr(Schema.Int),
    log: Schema.String
  },
  {
    message: (self) => before(self),
    hint: (self) =>
      `Read ${self.log}. To execute the script again, add --execute-again to the same command with --run ${self.runId}.`
  }
) {}

interface Earlier {
  readonly runId: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly scriptExitCode: number | null
  readonly log: string
}

const before = (self: Earlier): string =>
  self.endedAt === null
    ? `The script of run ${self.runId} was not executed again: it was started at ${self.startedAt}, and it is unknown whether it ended.`
    : `The script of run ${self.runId} was not executed again: it was already executed at ${self.startedAt}${self.scriptExitCode === null ? "" : `, and ended with exit code ${self.scriptExitCode}`}.`

const json = Schema.fromJsonString(Schema.toCodecJson(Record))

const directoryOf = (dataDirectory: string, runId: string): string => path.join(dataDirectory, "executions", runId)

/** The latest execution of a run, if there is one. */
export const latest = Effect.fn("Execution.latest")(function* (
  dataDirectory: string,
  runId: string
): Effect.fn.Return<Record | undefined, StorageFailed> {
  const directory = directoryOf(dataDirectory, runId)
  const names = yield* Effect.tryPromise({ try: () => fs.readdir(directory), catch: fromSystem(directory) }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const number = Math.max(0, ...names.flatMap((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0)))
  if (number === 0) return undefined
  const file = path.join(directory, `${number}.json`)
  const text = yield* Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })
  return yield* Effect.mapError(
    Schema.decodeEffect(json)(text),
    // A record that a crash has truncated still shows that the script was started.
    (error) => new StorageFailed({ path: file, reason: "damaged", detail: error.message })
  )
})

export const alreadyExecuted = (runId: string, record: Record): AlreadyExecuted =>
  new AlreadyExecuted({
    runId,
    startedAt: DateTime.formatIso(record.startedAt),
    endedAt: record.endedAt === null ? null : DateTime.formatIso(record.endedAt),
    scriptExitCode: record.exitCode,
    log: record.log
  })

export interface Options {
  readonly dataDirectory: string
  readonly runId: string
  readonly script: Uint8Array
  readonly timeout: Duration.Duration
  /** The number of the previous execution, 0 if there is none. Fails if another process has started one meanwhile. */
  readonly after: number
  /** Receives the output of the script as it arrives. */
  readonly onOutput: (text: string) => void
  /** Called with each record: at the start of the script and at its end. */
  readonly onRecord: (record: Record) => Effect.Effect<void, StorageFailed>
}

/**
 * Executes the script until it ends or reaches the time limit. If it is interrupted, it ends the script first. Every
 * outcome is recorded and returned, including a script that could not be started.
 */
export const run = Effect.fn("Execution.run")(function* (options: Options): Effect.fn.Return<Record, StorageFailed> {
  const directory = directoryOf(options.dataDirectory, options.runId)
  const number = options.after + 1
  const file = (ending: string) => path.join(directory, `${number}.${ending}`)
  yield* DurableFile.makeDirectory(directory)
  yield* expectPrivate(directory)
  const started: Record = {
    number,
    startedAt: yield* DateTime.now,
    pid: process.pid,
    endedAt: null,
    exitCode: null,
    signal: null,
    timedOut: false,
    log: file("log")
  }
  const ended = Effect.fnUntraced(function* (outcome: Partial<Record>) {
    const record = { ...started, ...outcome, endedAt: yield* DateTime.now }
    yield* DurableFile.write(file("json"), Buffer.from(Schema.encodeSync(json)(record)), { owner: options.runId })
    yield* options.onRecord(record)
    return record
  })
  return yield* Effect.uninterruptibleMask(
    Effect.fnUntraced(function* (restore) {
      yield* claim(file("json"), started)
      const script = yield* Delivery.put(options.script, file("sh"), { runId: options.runId, mode: 0o700 }).pipe(
        Effect.andThen(options.onRecord(started)),
        Effect.andThen(
          Effect.try({
            try: () => {
              const script = ScriptProcess.start(file("sh"), file("log"), options.onOutput)
              if (script.group !== undefined) noteGroup(file("json"), { ...started, group: script.group })
              return script
            },
            catch: fromSystem(file("log"))
          })
        ),
        // Nothing was executed, so the user can try again.
        Effect.tapError((failure) => Effect.ignore(ended({ notStarted: failure.message })))
      )
      const outcome = Effect.promise(() => script.outcome)
      const waited = yield* Effect.exit(restore(Effect.timeoutOption(outcome, options.timeout)))
      if (Exit.isSuccess(waited) && Option.isSome(waited.value)) return yield* ended(waited.value.value)
      script.end()
      const forced = { ...(yield* outcome), ...(Exit.isSuccess(waited) ? { timedOut: true } : { interrupted: true }) }
      const record = yield* ended(forced)
      return Exit.isSuccess(waited) ? record : yield* Effect.failCause(waited.cause)
    })
  )
})

/** The executed copy is in this directory: another user must not be able to replace it. */
const expectPrivate = Effect.fnUntraced(function* (directory: string): Effect.fn.Return<void, StorageFailed> {
  for (const one of [path.dirname(directory), directory]) {
    const stat = yield* Effect.tryPromise({ try: () => fs.stat(one), catch: fromSystem(one) })
    const problem = FileOwnership.problem(stat)
    if (problem !== undefined) {
      return yield* new StorageFailed({ path: one, reason: "exposed", detail: `it ${problem}` })
    }
  }
})

/**
 * Recorded immediately, because this process can be killed at any time. If it fails, only the report of `OrphanedScripts`
 * is missing.
 */
const noteGroup = (file: string, record: Record): void => {
  const temporary = `${file}.${record.pid}.part`
  try {
    writeFileSync(temporary, Schema.encodeSync(json)(record), { mode: 0o600 })
    renameSync(temporary, file)
  } catch {
    rmSync(temporary, { force: true })
  }
}

/** Exactly one process can create the file. */
const claim = (file: string, record: Record): Effect.Effect<void, StorageFailed> =>
  Effect.tryPromise({
    try: async () => {
      const handle = await fs.open(file, "wx", 0o600)
      try {
        await handle.writeFile(Schema.encodeSync(json)(record))
        await handle.sync()
      } finally {
        await handle.close()
      }
      const directory = await fs.open(path.dirname(file), "r")
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    },
    catch: fromSystem(file)
  })
