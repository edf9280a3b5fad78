/** Compares the script of a run on a server with the reference script of its PrivX host there. */
import { structuredPatch } from "diff"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as CapabilityChange from "./CapabilityChange.ts"
import * as RemoteSetup from "../../client/RemoteSetup.ts"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import * as DiffView from "../views/DiffView.ts"
import type { Input as LocalInput, Comparison } from "./ArtifactsDiff.ts"
import * as Outcome from "../Outcome.ts"
import * as ServerLayer from "../ServerLayer.ts"
import { UsageError } from "../UsageError.ts"

export interface Input extends LocalInput, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  compare(input).pipe(
    Effect.provide(ServerLayer.layer(input)),
    Outcome.report<DiffView.Comparison>({
      command: "artifacts diff",
      json: input.json,
      verbose: input.verbose,
      toJson: (comparison) => comparison,
      toPerson: DiffView.show
    })
  )

export const compare = Effect.fnUntraced(function* ({ context, other, script }: Comparison) {
  if (other !== undefined) {
    return yield* new UsageError({
      command: "privx-kit artifacts diff",
      problems: [
        "A server compares the script of a run with the approved one or the baseline: leave out the second script."
      ]
    })
  }
  const client = yield* RunClient
  const { id, target } = yield* client.find(script)
  const [after, reference] = yield* Effect.all([RemoteSetup.download(id, "script"), RemoteSetup.reference(id)])
  const sha256 = digest(after)
  const before = reference === undefined ? undefined : digest(reference.script)
  const { hunks } = structuredPatch(
    before ?? "",
    sha256,
    reference?.script.toString("utf8") ?? "",
    after.toString("utf8"),
    undefined,
    undefined,
    { context }
  )
  const capabilities = yield* CapabilityChange.between(reference?.script, after)
  return { before: before ?? null, basis: reference?.basis ?? null, after: sha256, target, capabilities, hunks }
})

const digest = (bytes: Uint8Array): string => crypto.hash("sha256", bytes, "hex")
