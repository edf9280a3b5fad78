/** The flags and help of `privx-kit ueba inspect`. */
import * as FlagKinds from "../flags/FlagKinds.ts"
import { lazyCommand } from "../LazyCommand.ts"
import * as SetupFlags from "./SetupFlags.ts"

const { maxBytes, policy, sha256 } = SetupFlags.flags

export const inspect = lazyCommand("inspect", {
  parameters: {
    file: FlagKinds.argument("FILE", "The setup script, or - for standard input"),
    policy,
    since: FlagKinds.text("since", "FILE", "An earlier script: also show what this one does that the earlier did not"),
    sha256,
    maxBytes,
    json: FlagKinds.json
  },
  description:
    "Verify a setup script from a file, in the same way as privx-kit ueba setup verifies the one that it downloads: show what the script does to a host, and each check that failed or warned. The command needs no PrivX and no network, stores nothing, and does not execute the script.\n\n" +
    "Use it to read a script before it runs as root, and to try a policy on a known script. A check that compares the script with the UEBA configuration of PrivX applies only if the policy contains that configuration.",
  shortDescription: "Verify a setup script from a file, or try a policy on it",
  examples: [
    { command: "privx-kit ueba inspect setup.sh" },
    { command: "privx-kit ueba inspect setup.sh --policy policy.toml", description: "Try a policy" },
    { command: "privx-kit ueba inspect new.sh --since old.sh", description: "What the new script does in addition" },
    { command: "curl -fsS URL | privx-kit ueba inspect - --json", description: "In a script" }
  ],
  exitCodes: ["settings", "storage", "verification"],
  load: () => import("./UebaInspect.ts").then(({ run }) => run)
})
