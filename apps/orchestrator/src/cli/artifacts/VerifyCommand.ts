/** The flags and help of `privx-kit verify`. */
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"
import { variablesOf } from "../HelpSections.ts"
import { lazyCommand } from "../LazyCommand.ts"

export const verify = lazyCommand("verify", {
  parameters: {
    file: FlagKinds.argument("FILE", "The setup script to check"),
    manifest: FlagKinds.text("manifest", "FILE", "Manifest of the run (default: the one beside the script)").pipe(
      Flag.withAlias("m")
    ),
    attestation: FlagKinds.text(
      "attestation",
      "FILE",
      "Attestation of the manifest (default: the .intoto.jsonl beside it)"
    ),
    key: FlagKinds.text("key", "PEM", "Public key that must have signed (default: the key of the data directory)"),
    trustKeyBeside: FlagKinds.toggle(
      "trust-key-beside",
      "Accept a signature by the .pub.pem next to the manifest. It proves only that the files belong together"
    ),
    host: FlagKinds.text("host", "URL|NAME", "PrivX host that the script must have come from"),
    run: FlagKinds.text("run", "ID", "Run that the manifest must be of: its id, or at least 8 characters of it"),
    json: FlagKinds.json
  },
  description:
    "Check that a script is the one of a manifest, and that the manifest is the one that was signed. The command needs no PrivX and no network. It reports each match: size, digests, signature, the checks of the run, approval, certificates.\n\n" +
    "The signature must be by the key that --key names, or by the key of the data directory. A public key beside the manifest proves nothing, because anyone who can change the manifest can change that key as well; --trust-key-beside accepts it. A genuine set of another host or run matches too: say with --host and --run what it must be of.",
  shortDescription: "Check a script against the manifest and attestation of its run, offline",
  examples: [
    { command: "privx-kit verify ueba/privx-ueba-setup.sh --key attestation.pub.pem" },
    { command: "privx-kit verify ueba/privx-ueba-setup.sh --host privx.example.com", description: "Of this host" },
    { command: "privx-kit verify setup.sh --manifest archive/setup.manifest.json --json", description: "In a script" }
  ],
  exitCodes: ["settings", "storage", "mismatch"],
  settings: { own: variablesOf.dataDirectory },
  load: () => import("./Verify.ts").then(({ run }) => run)
})
