/**
 * Runs the script of a run on this machine. What runs is a private copy of the verified bytes, by its own first line, in a
 * process group of its own; what it prints goes into a log.
 *
 * ```
 * executions/<run>/<n>.json   that it was begun, and how it ended
 * executions/<run>/<n>.log    what it printed
 * executions/<run>/<n>.sh     what was run, 0700
 * ```
 *
 * That it was begun is on the disk before it is, so that after a crash nobody runs it a second time without knowing.
 */
import * as Failure from "@privx-kit/core/Failure"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/http/DurableFile"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Delivery from "./Delivery.ts"

export const Record = Schema.Struct({
  number: Schema.Int,
  startedAt: Schema.DateTimeUtcFromString,
  /** Of privx-kit. */
  pid: Schema.Int,
  endedAt: Schema.NullOr(Schema.DateTimeUtcFromString),
  exitCode: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String),
  timedOut: Schema.Boolean,
  log: Schema.String
})

export type Record = typeof Record.Type

/** The script was not run, because it had been run before, or may have been. */
export class AlreadyExecuted extends Failure.rendered<Earlier>({
  message: (self) => before(self),
  hint: (self) =>
    `Look at ${self.log}; to run it once more, add --execute-again to the same command with --run ${self.runId}.`
})(
  Schema.TaggedError<AlreadyExecuted, { readonly hint: string }>()("AlreadyExecuted", {
    runId: Schema.String,
    startedAt: Schema.String,
    /** `null`: privx-kit or the machine went down in the middle; nobody knows how far the script came. */
    endedAt: Schema.NullOr(Schema.String),
    scriptExitCode: Schema.NullOr(Schema.Int),
    log: Schema.String
  })
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
    ? `The script of run ${self.runId} was not run: it was begun at ${self.startedAt}, and it is not known whether it ended.`
    : `The script of run ${self.runId} was not run: it was run at ${self.startedAt} already${self.scriptExitCode === null ? "" : `, and ended with exit code ${self.scriptExitCode}`}.`

const json = Schema.fromJsonString(Schema.toCodecJson(Record))

const folderOf = (dataFolder: string, runId: string): string => path.join(dataFolder, "executions", runId)

/** The latest execution of a run, if there was one. */
export const latest = Effect.fn("Execution.latest")(function* (
  dataFolder: string,
  runId: string
): Effect.fn.Return<Record | undefined, StorageFailed> {
  const folder = folderOf(dataFolder, runId)
  const names = yield* Effect.tryPromise({ try: () => fs.readdir(folder), catch: fromSystem(folder) }).pipe(
    Effect.catchIf(
      (failure) => failure.reason === "missing",
      () => Effect.succeed([])
    )
  )
  const number = Math.max(0, ...names.flatMap((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0)))
  if (number === 0) return undefined
  const file = path.join(folder, `${number}.json`)
  const text = yield* Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })
  return yield* Effect.mapError(
    Schema.decodeEffect(json)(text),
    // A record that a crash cut short still says that the script was begun.
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
  readonly dataFolder: string
  readonly runId: string
  readonly script: Uint8Array
  readonly timeout: Duration.Duration
  /** Follows on the execution of this number, or is the first; another process may have come first. */
  readonly after: number
  /** Gets what the script prints, as it comes. */
  readonly onOutput: (text: string) => void
  /** Told when it has been recorded that the script begins. */
  readonly onBegin?: ((record: Record) => Effect.Effect<void, StorageFailed>) | undefined
}

/** How long the script has to end after SIGTERM. */
const grace = 5000

/**
 * Runs it to its end, or to the time limit. Interrupted, it ends the script first. Fails when the script could not be
 * begun; whatever it ends with is in the answer.
 */
export const run = Effect.fn("Execution.run")(function* (options: Options): Effect.fn.Return<Record, StorageFailed> {
  const folder = folderOf(options.dataFolder, options.runId)
  const number = options.after + 1
  const file = (ending: string) => path.join(folder, `${number}.${ending}`)
  yield* DurableFile.makeFolder(folder)
  const begun: Record = {
    number,
    startedAt: yield* DateTime.now,
    pid: process.pid,
    endedAt: null,
    exitCode: null,
    signal: null,
    timedOut: false,
    log: file("log")
  }
  yield* claim(file("json"), begun)
  yield* Delivery.put(options.script, file("sh"), { runId: options.runId, mode: 0o700 })
  if (options.onBegin !== undefined) yield* options.onBegin(begun)
  const save = (ended: Record) =>
    Effect.as(
      DurableFile.write(file("json"), Buffer.from(Schema.encodeSync(json)(ended)), { owner: options.runId }),
      ended
    )
  return yield* carryOut(file("sh"), file("log"), options).pipe(
    Effect.flatMap((outcome) => Effect.flatMap(DateTime.now, (endedAt) => save({ ...begun, ...outcome, endedAt }))),
    // Ended by its user: that is an end, and no mystery.
    Effect.onExit((exit) =>
      Exit.isSuccess(exit)
        ? Effect.void
        : Effect.ignore(Effect.flatMap(DateTime.now, (endedAt) => save({ ...begun, endedAt, signal: "SIGTERM" })))
    )
  )
})

/** Exactly one process can make the file. */
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
      const folder = await fs.open(path.dirname(file), "r")
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
    catch: fromSystem(file)
  })

type Outcome = Pick<Record, "exitCode" | "signal" | "timedOut">

const carryOut = (script: string, logFile: string, options: Options): Effect.Effect<Outcome, StorageFailed> =>
  Effect.callback<Outcome, StorageFailed>((resume) => {
    const log = openSync(logFile, "ax", 0o600)
    // A group of its own, so that what the script starts can be ended with it.
    const child = spawn(script, [], {
      cwd: path.dirname(script),
      env: surroundings(),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true
    })
    const running = { child, over: false, timedOut: false }
    const decoder = new TextDecoder()
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        writeSync(log, chunk)
        options.onOutput(decoder.decode(chunk, { stream: true }))
      })
    }
    const timer = setTimeout(() => {
      running.timedOut = true
      end(running)
    }, Duration.toMillis(options.timeout))
    const finish = (effect: Effect.Effect<Outcome, StorageFailed>) => {
      if (running.over) return
      running.over = true
      clearTimeout(timer)
      fsyncSync(log)
      closeSync(log)
      resume(effect)
    }
    child.once("error", (cause) => finish(Effect.fail(fromSystem(script)(cause))))
    child.once("close", (exitCode, signal) => finish(Effect.succeed({ exitCode, signal, timedOut: running.timedOut })))
    return Effect.callback<void>((resume) => {
      if (running.over) return resume(Effect.void)
      child.once("close", () => resume(Effect.void))
      end(running)
    })
  })

const end = (running: { readonly child: ChildProcess; over: boolean }): void => {
  const signal = (name: NodeJS.Signals) => {
    try {
      if (running.child.pid !== undefined) process.kill(-running.child.pid, name)
    } catch {
      // The group is gone.
    }
  }
  signal("SIGTERM")
  setTimeout(() => {
    if (!running.over) signal("SIGKILL")
  }, grace).unref()
}

/** The script is no part of the kit: it gets none of the kit's settings, which may be secrets. */
const surroundings = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PRIVX_")))
