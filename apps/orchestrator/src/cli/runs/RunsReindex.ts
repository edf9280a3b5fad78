/** Rebuilds the record of runs from the manifests. */
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as Settings from "@privx-kit/settings/Settings"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import * as RecordReindex from "../../setup/RecordReindex.ts"
import type { Pane } from "../../terminal/Screen.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends Globals {
  readonly key: string | undefined
  readonly json: boolean
}

export const run = (input: Input) =>
  Effect.gen(function* () {
    const key = input.key === undefined ? undefined : yield* SigningKey.loadPublic(path.resolve(input.key))
    return yield* RecordReindex.runIn(Settings.dataDirectory(input, Settings.thisHost()).path, key)
  }).pipe(
    Outcome.report<RecordReindex.Report>({
      command: "runs reindex",
      json: input.json,
      verbose: input.verbose,
      toJson: (report) => report,
      toPerson,
      exitName: ({ refused }) => (refused.length === 0 ? "ok" : "mismatch")
    })
  )

const toPerson = Effect.fnUntraced(function* (
  { added, known, refused }: RecordReindex.Report,
  { line, style: { green, red, sign } }: Pane
) {
  for (const { manifest, reason } of refused) yield* line(`${red(sign.failed)} ${manifest} was not used: ${reason}.`)
  if (refused.length > 0) {
    yield* line("  If another key signed these manifests, specify its public key with --key.")
  }
  yield* line(
    `${green(sign.ok)} ${added.length === 1 ? "1 run was" : `${added.length} runs were`} added from manifests; ${known} ${known === 1 ? "was" : "were"} on record already.`
  )
})
