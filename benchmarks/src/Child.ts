/**
 * A process of its own for each thing that is measured: no peer shares a heap, a JIT or a garbage collector with another.
 * Parent and child talk in questions and answers.
 */
import { type ChildProcess, fork } from "node:child_process"

/** The same for all, so that no peer has other conditions than the rest. */
const execArgv = ["--conditions=@privx-kit/source", "--expose-gc", "--no-warnings=ExperimentalWarning"]

interface Reply {
  readonly value?: unknown
  readonly error?: string
}

export class Child<Question, Answer> {
  private readonly process: ChildProcess

  private constructor(process: ChildProcess) {
    this.process = process
  }

  /** Runs the module at `url`, which must call {@link answering}. */
  static start<Question, Answer>(url: URL, args: ReadonlyArray<string> = []): Child<Question, Answer> {
    return new Child(fork(url, args, { execArgv: [...execArgv, ...profiling(args)], serialization: "advanced" }))
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.process.off("message", onMessage)
        this.process.off("exit", onExit)
      }
      const onMessage = (message: unknown) => {
        settle()
        const reply = message as Reply
        if (reply.error === undefined) resolve(reply.value as Answer)
        else reject(new Error(reply.error))
      }
      const onExit = (code: number | null) => {
        settle()
        reject(new Error(`${this.process.spawnargs.at(-1)} ended with ${code} before it answered`))
      }
      this.process.on("message", onMessage)
      this.process.on("exit", onExit)
      this.process.send(question as object)
    })
  }

  /** Ends the process; it has no state that is worth a farewell. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return resolve()
      this.process.once("exit", () => resolve())
      // A child that disconnects ends by itself, and can write its profile then.
      this.process.disconnect()
    })
  }
}

/** `BENCH_PROFILE=kit` writes a CPU profile of the children that have this among their arguments. */
const profiling = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = process.env.BENCH_PROFILE
  return wanted !== undefined && args.includes(wanted) ? ["--cpu-prof", "--cpu-prof-dir=profiles"] : []
}

/** The child's side: answers each question, one after another, until the parent goes. */
export const answering = <Question, Answer>(answer: (question: Question) => Promise<Answer>): void => {
  process.on("disconnect", () => process.exit(0))
  process.on("message", (question: Question) => {
    answer(question).then(
      (value) => process.send?.({ value } satisfies Reply),
      (error: unknown) =>
        process.send?.({
          error: error instanceof Error ? (error.stack ?? error.message) : String(error)
        } satisfies Reply)
    )
  })
}
