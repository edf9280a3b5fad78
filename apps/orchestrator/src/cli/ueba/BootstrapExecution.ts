/** Executes the script of a bootstrap on this machine: once, unless `--execute-again` is given. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import * as crypto from "node:crypto"
import * as fs from "node:fs/promises"
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as ProvenanceWriter from "@privx-kit/artifacts/ProvenanceWriter"
import { ExecutionFailed } from "../../bootstrap/BootstrapFailure.ts"
import type { ScriptExecutor } from "../../bootstrap/ScriptExecutor.ts"
import * as ScriptExecution from "../../setup/ScriptExecution.ts"
import { ask, canAsk } from "../../terminal/Question.ts"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import { UsageError } from "../UsageError.ts"

export interface Input {
  readonly execute: boolean
  readonly yes: boolean
  readonly executeAgain: boolean
  readonly executeTimeout: Duration.Duration
}

/** Asks before the run starts, because it may take hours until there is a script to execute. */
export const prepare = Effect.fnUntraced(function* (
  input: Input,
  command: string
): Effect.fn.Return<
  ((place: { readonly dataDir: string; readonly err: Pane }) => ScriptExecutor) | undefined,
  UsageError,
  Screen
> {
  const { err } = yield* Screen
  if (!input.execute) {
    return input.executeAgain
      ? yield* new UsageError({ command, problems: ["--execute-again needs --execute."] })
      : undefined
  }
  if (!input.yes) {
    if (!canAsk()) {
      const problems = ["--execute asks for confirmation at a terminal, and there is none: add --yes."]
      return yield* new UsageError({ command, problems })
    }
    const end = Text.duration(Duration.toMillis(input.executeTimeout))
    const question = `Execute the setup script on this machine as this user once it is verified? It is stopped after ${end}.`
    if (!(yield* ask(question, err))) {
      return yield* new UsageError({
        command,
        problems: ["You declined to execute the script. To bootstrap without executing it, leave out --execute."]
      })
    }
  }
  return (place) => executor(input, place)
})

const executor =
  (input: Input, { dataDir, err }: { readonly dataDir: string; readonly err: Pane }): ScriptExecutor =>
  (setup) =>
    Effect.gen(function* () {
      const { artifact, runId, sha256 } = setup
      const before = yield* ScriptExecution.latest(dataDir, runId)
      if (before !== undefined && before.notStarted === undefined && !input.executeAgain) {
        // The script was executed before a crash, but the journal does not show it yet.
        if (before.endedAt !== null && before.exitCode === 0) return "executed before"
        const how =
          before.endedAt === null
            ? "was started before, and it is unknown whether it ended"
            : `was executed before and ${outcomeOf(before)}`
        return yield* new ExecutionFailed({
          outcome: `${how}; to execute it again, add --execute-again`,
          log: before.log
        })
      }
      const script = yield* Effect.tryPromise({ try: () => fs.readFile(artifact), catch: fromSystem(artifact) })
      if (crypto.hash("sha256", script, "hex") !== sha256) {
        return yield* new StorageFailed({
          path: artifact,
          reason: "damaged",
          detail: "its bytes no longer have the hash under which they were stored"
        })
      }
      const record = yield* ScriptExecution.run({
        dataDirectory: dataDir,
        runId,
        script,
        timeout: input.executeTimeout,
        after: before?.number ?? 0,
        onRecord: (record) =>
          ProvenanceWriter.add(dataDir, runId, { to: "execution", ...Struct.omit(record, ["pid", "group"]) }),
        onOutput: (text) => Effect.runSync(err.write(text))
      })
      return record.exitCode === 0
        ? `executed; its log: ${record.log}`
        : yield* new ExecutionFailed({ outcome: outcomeOf(record), log: record.log })
    })

const outcomeOf = ({ exitCode, notStarted, signal, timedOut }: ScriptExecution.Record): string =>
  notStarted !== undefined
    ? `was not started: ${notStarted}`
    : timedOut
      ? "took too long and was stopped"
      : exitCode === null
        ? `was ended by ${signal ?? "a signal"}`
        : `exited with code ${exitCode}`
