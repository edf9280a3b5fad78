/** The flags and help of `privx-kit support-bundle`. */
import * as ConnectionFlags from "../flags/ConnectionFlags.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import * as ServerFlags from "../flags/ServerFlags.ts"
import { lazyCommand } from "../LazyCommand.ts"
import type { Input } from "./SupportBundle.ts"

/** @param version the version of privx-kit */
export const supportBundle = (version: string) =>
  lazyCommand("support-bundle", {
    parameters: {
      ...ConnectionFlags.flags,
      server: ServerFlags.server,
      file: FlagKinds.text("file", "FILE", "Where to write the bundle (default: privx-kit-support.json)"),
      json: FlagKinds.json
    },
    description:
      "Collect the data for a problem report in one JSON file: versions, settings with their sources, the checks of doctor, the last 50 runs with their failures, and logs of executed scripts.\n\n" +
      "Secrets are redacted; names of hosts, files and people are not. Read the file before you share it.",
    shortDescription: "Collect the data for a problem report, with secrets redacted",
    examples: [{ command: "privx-kit support-bundle" }, { command: "privx-kit support-bundle --file report.json" }],
    exitCodes: ["storage"],
    settings: { privx: true, own: ["dataDir", "config", "server", "serverToken", "serverTokenFile"] },
    load: async (input: Input) => {
      const { run } = await import("./SupportBundle.ts")
      return () => run(version, input)
    }
  })
