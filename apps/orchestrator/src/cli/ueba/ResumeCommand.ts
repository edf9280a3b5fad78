/** The command that resumes a stopped run with the same settings. */
import * as Duration from "effect/Duration"
import type { ConnectionInput } from "../flags/ConnectionFlags.ts"
import * as DurationText from "@privx-kit/settings/DurationText"
import type { Globals } from "../flags/GlobalFlags.ts"
import { defaultExecuteTimeout, type HandoffInput } from "./ScriptHandoffFlags.ts"
import type * as Outcome from "../Outcome.ts"

export interface Input extends ConnectionInput, Globals {
  readonly authorizeDownload?: boolean
  readonly wait: boolean
  readonly json: boolean
  readonly handOver?: HandoffInput
}

/**
 * Describes the run after the command was stopped or failed.
 *
 * @param executing the log of the script, if the command was stopped while the script was running
 */
export const context = (
  input: Input,
  runId: string | undefined,
  ended: "interrupted" | "failed",
  executing?: string
): Outcome.Context => {
  if (runId === undefined) return { fields: {}, advice: undefined }
  // A failed run has ended.
  if (ended === "failed") return { fields: { runId }, advice: undefined }
  const command = words(input, runId, executing !== undefined).join(" ")
  return executing === undefined
    ? { fields: { runId, resume: command }, advice: `Continue with: ${command}` }
    : {
        fields: { runId, resume: command, log: executing },
        advice: `The script was ended in the middle; its log: ${executing}. To run it once more: ${command}`
      }
}

/** Excludes inputs of the run: a resumed run keeps its recorded inputs. */
const words = (input: Input, runId: string, again: boolean): ReadonlyArray<string> => [
  "privx-kit ueba setup --run",
  runId,
  ...text("--base-url", input.baseUrl),
  ...input.caFiles.flatMap((file) => text("--ca-file", file)),
  ...text("--config", input.config),
  ...text("--data-dir", input.dataDir),
  ...time("--timeout", input.timeout),
  ...time("--deadline", input.deadline),
  ...on("--insecure-http", input.insecureHttp),
  ...on("--authorize-download", input.authorizeDownload),
  ...on("--no-wait", !input.wait),
  ...(input.handOver === undefined ? [] : handOver(input.handOver, again)),
  ...on("--json", input.json)
]

const handOver = (input: HandoffInput, again: boolean): ReadonlyArray<string> => [
  ...on("--stdout", input.stdout),
  ...on("--execute", input.execute),
  ...on("--execute-again", input.executeAgain || again),
  ...on("--yes", input.yes),
  ...time(
    "--execute-timeout",
    Duration.equals(input.executeTimeout, defaultExecuteTimeout) ? undefined : input.executeTimeout
  ),
  ...text("--operator", input.operator),
  ...text("--signing-key", input.signingKey)
]

const on = (name: string, given: boolean | undefined): ReadonlyArray<string> => (given === true ? [name] : [])

export const text = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`]

const time = (name: string, value: Duration.Duration | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, DurationText.render(value)]
