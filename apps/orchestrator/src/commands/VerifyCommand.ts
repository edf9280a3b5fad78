/** `privx-kit verify`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as HelpSections from "./HelpSections.ts"

export const verify = Command.make(
  "verify",
  {
    file: Argument.String("FILE").pipe(Argument.withDescription("The set-up script to check")),
    manifest: Flag.String("manifest").pipe(
      Flag.withAlias("m"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("Manifest of the run (default: the one that was delivered beside the script)"),
      Flag.optional
    ),
    attestation: Flag.String("attestation").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Attestation of the manifest (default: the .intoto.jsonl beside it)"),
      Flag.optional
    ),
    key: Flag.String("key").pipe(
      Flag.withMetavar("PEM"),
      Flag.withDescription(
        "Public key that must have signed (default: the data folder's own, else the .pub.pem beside the manifest)"
      ),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document instead of text"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Verify.ts"))
    yield* run({
      ...globals,
      file: input.file,
      manifest: Option.getOrUndefined(input.manifest),
      attestation: Option.getOrUndefined(input.attestation),
      key: Option.getOrUndefined(input.key),
      json: input.json
    })
  })
).pipe(
  Command.withDescription(
    "Check that a script is the one of a manifest, and that the manifest is the one that was signed. It needs no PrivX and " +
      "no network, and says of each thing whether it matches: size, digests, signature, the checks of the run once more, " +
      "approval, certificates.\n\n" +
      "A public key that lies beside a manifest proves nothing to somebody who doubts the folder: give --key with one that " +
      "came another way."
  ),
  Command.withShortDescription("Check a script against the manifest and attestation of its run, offline"),
  Command.withExamples([
    { command: "privx-kit verify ueba/privx-ueba-setup.sh --key attestation.pub.pem" },
    { command: "privx-kit verify setup.sh --manifest archive/setup.manifest.json --json", description: "For a script" }
  ]),
  Command.annotate(HelpSections.HelpSections, [HelpSections.environment, HelpSections.exitCodes])
)
