/** Verifies a setup script from a file, without a PrivX: what it does, and whether it satisfies a policy. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import type { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as PolicyFile from "../../setup/PolicyFile.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import * as CapabilityChange from "../artifacts/CapabilityChange.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as DiffView from "../views/DiffView.ts"
import * as ReportView from "../views/ReportView.ts"
import type * as SetupFlags from "./SetupFlags.ts"

export interface Input extends Globals, Pick<SetupFlags.Input, "maxBytes" | "policy" | "sha256"> {
  /** `-` for standard input. */
  readonly file: string
  /** A file with an earlier script. */
  readonly since: string | undefined
  readonly json: boolean
}

interface Inspected {
  readonly file: string
  readonly report: VerificationReport
  /** Only if there is an earlier script; `null` if one of the two cannot be parsed. */
  readonly change?: CapabilityChange.CapabilityChange | null
}

export const run = (input: Input) =>
  inspect(input).pipe(
    Outcome.report<Inspected>({
      command: "ueba inspect",
      json: input.json,
      verbose: input.verbose,
      toJson: (inspected) => inspected,
      toPerson: show,
      exitName: ({ report }) => (report.verified ? "ok" : "verification")
    })
  )

const inspect = Effect.fnUntraced(function* ({
  file,
  maxBytes,
  policy,
  sha256,
  since
}: Input): Effect.fn.Return<Inspected, StorageFailed | SettingsError> {
  const requirements = policy === undefined ? undefined : yield* PolicyFile.read(policy)
  const script = yield* read(file)
  const report = yield* inspectSetupScript(script, {
    maxBytes,
    policy: requirements,
    sha256: sha256 === undefined ? undefined : yield* Effect.orDie(Schema.decodeEffect(Sha256)(sha256))
  })
  if (since === undefined) return { file, report }
  return { file, report, change: yield* CapabilityChange.between(yield* read(since), script) }
})

const read = (file: string) =>
  file === "-"
    ? BoundedFile.readStream(process.stdin, "Standard input", { maxBytes: largest })
    : BoundedFile.read(file, { maxBytes: largest })

/** In bytes. The size limit of the verification is lower by default, and its report names the size. */
const largest = 64 * 1024 * 1024

const show = Effect.fnUntraced(function* ({ change, file, report }: Inspected, out: Pane, verbose: boolean) {
  const { style } = out
  const options = { style, columns: out.columns() - 2, verbose }
  const indented = (lines: ReadonlyArray<string>) =>
    Effect.forEach(lines, (line) => out.line(`  ${line}`), { discard: true })
  yield* out.line()
  yield* indented([
    `${Text.padEnd("Script", 10)}${file === "-" ? "standard input" : file}`,
    `${Text.padEnd("Size", 10)}${Text.grouped(report.size)} bytes`,
    `${Text.padEnd("SHA-256", 10)}${report.sha256}`
  ])
  yield* out.line()
  yield* indented(ReportView.lines(report, options))
  if (change !== undefined) {
    yield* out.line()
    const lines = DiffView.changes(change, "the earlier script")
    yield* indented(
      lines.length === 0
        ? ["The script does the same as the earlier script."]
        : lines.flatMap((line) => Text.wrap(line, options.columns))
    )
  }
  yield* out.line()
  yield* out.line(
    report.verified
      ? `${style.green(style.sign.ok)} The script is verified: no required check failed.`
      : `${style.red(style.sign.failed)} The script is not verified: ${ReportView.verdict(report)}.`
  )
})
