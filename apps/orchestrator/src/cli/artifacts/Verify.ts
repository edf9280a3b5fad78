/** Checks a script against its manifest and attestation, and reports what matches. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import * as ProvenanceVerification from "@privx-kit/artifacts/ProvenanceVerification"
import * as Settings from "@privx-kit/settings/Settings"
import * as ReportView from "../views/ReportView.ts"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends Globals {
  readonly file: string
  readonly manifest: string | undefined
  readonly attestation: string | undefined
  readonly key: string | undefined
  readonly trustKeyBeside: boolean
  readonly host: string | undefined
  readonly run: string | undefined
  readonly json: boolean
}

interface Verified {
  readonly file: string
  readonly manifest: string
  readonly runId: string
  readonly target: string
  readonly matches: boolean
  readonly findings: ReadonlyArray<ProvenanceVerification.Finding>
}

export const run = (input: Input) =>
  verify(input).pipe(
    Outcome.report<Verified>({
      command: "verify",
      json: input.json,
      verbose: input.verbose,
      toJson: (verified) => verified,
      toPerson: show,
      exitName: ({ matches }) => (matches ? "ok" : "mismatch")
    })
  )

const verify = Effect.fnUntraced(function* (
  input: Input
): Effect.fn.Return<Verified, StorageFailed | SigningKey.KeyUnusable> {
  const file = path.resolve(input.file)
  const files = ProvenanceFiles.beside(
    path.resolve(input.manifest ?? ProvenanceFiles.delivered(path.dirname(file)).manifest)
  )
  const bytes = yield* BoundedFile.read(file, { maxBytes: largest })
  const document = yield* ProvenanceFiles.readDocument(files.manifest)
  const attestation = yield* readAttestation(input.attestation, files.attestation)
  const findings = yield* ProvenanceVerification.run({
    file: bytes,
    document,
    attestation,
    keys: yield* keysFor(input, files.publicKey),
    trustKeyBeside: input.trustKeyBeside,
    expected: { host: input.host, run: input.run }
  })
  const { runId, target } = document.manifest
  return {
    file,
    manifest: files.manifest,
    runId,
    target,
    matches: ProvenanceVerification.matches(findings),
    findings
  }
})

/** In bytes. Scripts and attestations are much smaller. */
const largest = 64 * 1024 * 1024

/** A file that an option names must exist; a missing file next to the manifest is a finding. */
const readAttestation = (
  named: string | undefined,
  beside: string
): Effect.Effect<string | undefined, StorageFailed> => {
  const file = named === undefined ? beside : path.resolve(named)
  return BoundedFile.read(file, { maxBytes: largest }).pipe(
    Effect.map((bytes) => bytes.toString("utf8")),
    Effect.catchIf(
      (failure) => named === undefined && failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
}

/** A key that an option names is the only trusted one. Otherwise the key of the data directory takes precedence. */
const keysFor = Effect.fnUntraced(function* (
  input: Input,
  beside: string
): Effect.fn.Return<ReadonlyArray<ProvenanceVerification.Key>, StorageFailed | SigningKey.KeyUnusable> {
  if (input.key !== undefined) {
    return [{ key: yield* SigningKey.loadPublic(path.resolve(input.key)), from: "given" }]
  }
  const own = yield* SigningKey.ownPublic(Settings.dataDirectory(input, Settings.thisHost()).path)
  const lying = yield* Effect.option(SigningKey.loadPublic(beside))
  return [
    ...(own === undefined ? [] : [{ key: own, from: "data directory" as const }]),
    ...(lying._tag === "None" ? [] : [{ key: lying.value, from: "beside" as const }])
  ]
})

const show = Effect.fnUntraced(function* (verified: Verified, out: Pane) {
  const { style } = out
  const width = Math.max(...verified.findings.map(({ name }) => name.length))
  for (const { detail, name, outcome } of verified.findings) {
    yield* out.line(
      `  ${ReportView.sign(outcome === "skipped" ? "notApplicable" : outcome, style)} ${Text.padEnd(name, width)}  ${style.dim(detail)}`
    )
  }
  const wrong = verified.findings.filter(({ outcome }) => outcome === "failed")
  yield* out.line()
  yield* out.line(
    verified.matches
      ? `${style.green(style.sign.ok)} ${verified.file} is the script of run ${verified.runId}, downloaded from ${verified.target}.`
      : `${style.red(style.sign.failed)} ${verified.file} does not match ${verified.manifest}: ${wrong.map(({ name }) => name).join(", ")}.`
  )
})
