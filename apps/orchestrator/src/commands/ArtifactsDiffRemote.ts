/** Compares the script of a run at a server with the approved one there. */
import { structuredPatch } from "diff"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as RemoteSetup from "../server/RemoteSetup.ts"
import { RunDesk } from "../server/RunDesk.ts"
import type * as ServerSettings from "../settings/ServerSettings.ts"
import * as DiffView from "../terminal/DiffView.ts"
import type { Input as LocalInput } from "./ArtifactsDiff.ts"
import * as Outcome from "./Outcome.ts"
import * as RunsRemote from "./RunsRemote.ts"
import { UsageError } from "./UsageError.ts"

export interface Input extends LocalInput, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  compare(input).pipe(
    Effect.provide(RunsRemote.layer(input)),
    Outcome.report<DiffView.Comparison>({
      command: "artifacts diff",
      json: input.json,
      verbose: input.verbose,
      toJson: (comparison) => comparison,
      toPerson: DiffView.show
    })
  )

const compare = Effect.fnUntraced(function* ({ context, other, script }: Input) {
  if (other !== undefined) {
    return yield* new UsageError({
      command: "privx-kit artifacts diff",
      problems: ["A server compares the script of a run with the approved one: leave out the second script."]
    })
  }
  const desk = yield* RunDesk
  const { id, target } = yield* desk.find(script)
  const [after, before] = yield* Effect.all([RemoteSetup.download(id, "script"), RemoteSetup.approvedScript(id)])
  const sha256 = digest(after)
  const approved = before === undefined ? undefined : digest(before)
  const { hunks } = structuredPatch(
    approved ?? "",
    sha256,
    before?.toString("utf8") ?? "",
    after.toString("utf8"),
    undefined,
    undefined,
    { context }
  )
  return { before: approved ?? null, approved: true, after: sha256, target, hunks }
})

const digest = (bytes: Uint8Array): string => crypto.hash("sha256", bytes, "hex")
