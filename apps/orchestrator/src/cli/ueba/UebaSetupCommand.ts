/** The flags and help of `privx-kit ueba setup`. */
import * as Flag from "effect/cli/Flag"
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { exitsOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as JobFlags from "./JobFlags.ts"
import * as ScriptHandoffFlags from "./ScriptHandoffFlags.ts"
import * as SetupFlags from "./SetupFlags.ts"

const { fresh, runId, wait } = JobFlags.flags

const { mode, owner, requireApproval, ...inputs } = SetupFlags.flags

export const setup = lazyCommand("setup", {
  parameters: {
    ...ConnectionFlags.flags,
    server: ServerFlags.server,
    ...inputs,
    runId,
    fresh,
    idempotencyKey: FlagKinds.required(
      "idempotency-key",
      "KEY",
      "Name the run: the same key always means the same run, ended or not"
    ).pipe(
      Flag.filter(
        (text) => text.length <= 200,
        () => "1 to 200 characters"
      ),
      Flag.optional
    ),
    requireApproval,
    wait,
    authorizeDownload: FlagKinds.toggle(
      "authorize-download",
      "Also send the token with the download; the API reference does not require it"
    ),
    mode,
    owner,
    ...ScriptHandoffFlags.flags,
    json: FlagKinds.json
  },
  description:
    "Create a UEBA setup session, download the setup script, verify it, and store it with a manifest.\n\n" +
    "The job is a durable run. If it stops, because of Ctrl-C or a power cut, the same command or --run ID resumes it. No " +
    "half-written file ever has its final name. Progress goes to standard error, the result to standard output.\n\n" +
    "The script is stored and not executed. With --execute, the verified bytes are executed once on this machine, by this " +
    "account, after you confirm; their output is logged.",
  shortDescription: "Create a session, download the setup script, verify it",
  examples: [
    { command: "privx-kit ueba setup --base-url https://privx.example.com --output ./ueba" },
    {
      command: "privx-kit ueba setup --sha256 HEX --json > result.json",
      description: "In a script, with a known digest"
    },
    { command: "privx-kit ueba setup --run 1f0c", description: "Resume an interrupted run" },
    { command: "privx-kit ueba setup --stdout | less", description: "Read the script first" },
    { command: "privx-kit ueba setup --execute --execute-timeout 15m", description: "Execute it here, after asking" }
  ],
  exitCodes: [
    ...exitsOf.network,
    ...exitsOf.dataDirectory,
    ...exitsOf.signals,
    "verification",
    "runNotFound",
    "approval",
    "rejected",
    "cancelled",
    "conflict",
    "mismatch",
    "execution",
    "notExecuted"
  ],
  settings: JobFlags.settings,
  load: () => import("./UebaSetup.ts").then(({ run }) => run),
  loadRemote: () => import("./UebaSetupRemote.ts").then(({ run }) => run)
})
