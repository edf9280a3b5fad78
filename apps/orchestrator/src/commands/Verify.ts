/** Checks a script against its manifest and attestation, and says what matches. */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as ProofFiles from "../artifacts/ProofFiles.ts"
import * as SigningKey from "../artifacts/SigningKey.ts"
import * as VerifyProof from "../artifacts/VerifyProof.ts"
import * as Settings from "../settings/Settings.ts"
import * as ReportView from "../terminal/ReportView.ts"
import type { Pane } from "../terminal/Screen.ts"
import * as Text from "../terminal/Text.ts"
import type { Globals } from "./GlobalFlags.ts"
import * as Outcome from "./Outcome.ts"

export interface Input extends Globals {
  readonly file: string
  readonly manifest: string | undefined
  readonly attestation: string | undefined
  readonly key: string | undefined
  readonly json: boolean
}

interface Verified {
  readonly file: string
  readonly manifest: string
  readonly runId: string
  readonly matches: boolean
  readonly findings: ReadonlyArray<VerifyProof.Finding>
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
  const files = ProofFiles.beside(path.resolve(input.manifest ?? ProofFiles.delivered(path.dirname(file)).manifest))
  const bytes = yield* Effect.tryPromise({ try: () => fs.readFile(file), catch: fromSystem(file) })
  const manifest = yield* ProofFiles.read(files.manifest)
  const attestation = yield* readAttestation(input.attestation, files.attestation)
  const findings = yield* VerifyProof.run({
    file: bytes,
    manifest,
    attestation,
    keys: yield* keysFor(input, files.publicKey)
  })
  return { file, manifest: files.manifest, runId: manifest.runId, matches: VerifyProof.matches(findings), findings }
})

/** One that was named must be there; that there is none beside the manifest is a finding. */
const readAttestation = (
  named: string | undefined,
  beside: string
): Effect.Effect<string | undefined, StorageFailed> => {
  const file = named === undefined ? beside : path.resolve(named)
  return Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) }).pipe(
    Effect.catchIf(
      (failure) => named === undefined && failure.reason === "missing",
      () => Effect.succeed(undefined)
    )
  )
}

/** A key that was named is the only one that counts. */
const keysFor = Effect.fnUntraced(function* (
  input: Input,
  beside: string
): Effect.fn.Return<ReadonlyArray<VerifyProof.Key>, StorageFailed | SigningKey.KeyUnusable> {
  if (input.key !== undefined) {
    return [{ key: yield* SigningKey.loadPublic(path.resolve(input.key)), from: "given" }]
  }
  const own = SigningKey.publicFile(Settings.dataFolder(input, Settings.thisHost()).path)
  const found = (file: string, from: VerifyProof.Key["from"]) =>
    SigningKey.loadPublic(file).pipe(
      Effect.map((key) => [{ key, from }]),
      Effect.catch(() => Effect.succeed([]))
    )
  return [...(yield* found(own, "data folder")), ...(yield* found(beside, "beside"))]
})

const show = Effect.fnUntraced(function* (verified: Verified, out: Pane) {
  const { style } = out
  const width = Math.max(...verified.findings.map(({ name }) => name.length))
  for (const { detail, name, outcome } of verified.findings) {
    yield* out.line(`  ${ReportView.sign(outcome, style)} ${Text.padEnd(name, width)}  ${style.dim(detail)}`)
  }
  const wrong = verified.findings.filter(({ outcome }) => outcome === "failed")
  yield* out.line()
  yield* out.line(
    verified.matches
      ? `${style.green(style.sign.ok)} ${verified.file} is the script of run ${verified.runId}.`
      : `${style.red(style.sign.failed)} ${verified.file} does not match ${verified.manifest}: ${wrong.map(({ name }) => name).join(", ")}.`
  )
})
