/**
 * Holds a file against the manifest and the attestation of the run that it should come from: offline, with nothing but the
 * files. Everything is looked at, whatever fails, so that the answer says exactly what does not match.
 */
import { CheckName, VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as VerificationReport from "@privx-kit/ueba/VerificationReport"
import { inspectSetupScript } from "@privx-kit/ueba/VerifySetupScript"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import * as UebaConfiguration from "../UebaConfiguration.ts"
import * as Attestation from "./Attestation.ts"
import * as Manifest from "./Manifest.ts"
import * as SigningKey from "./SigningKey.ts"

export interface Finding {
  /** Stable, e.g. `sha256`, `signature`, `check:shellSyntax`. */
  readonly name: string
  /** `warned`: it matches, and there is something that one should know. */
  readonly outcome: "passed" | "failed" | "warned" | "skipped"
  readonly detail: string
}

/** A key to check signatures with, and why it can be trusted. */
export interface Key {
  readonly key: crypto.KeyObject
  /** `beside`: it lay beside the manifest, where whoever changed that could have put it. */
  readonly from: "given" | "data folder" | "beside"
}

export interface Input {
  readonly file: Uint8Array
  readonly manifest: Manifest.Manifest
  /** What the file of the attestation holds; `undefined` where there is none. */
  readonly attestation: string | undefined
  /** The most trusted first. */
  readonly keys: ReadonlyArray<Key>
}

export const matches = (findings: ReadonlyArray<Finding>): boolean =>
  findings.every(({ outcome }) => outcome !== "failed")

export const run = Effect.fn("VerifyProof.run")(function* (input: Input): Effect.fn.Return<ReadonlyArray<Finding>> {
  const now = yield* DateTime.now
  return [
    ...ofFile(input),
    ...(yield* ofAttestation(input)),
    ...(yield* ofChecks(input)),
    ...ofApproval(input),
    ...ofCertificates(input, now)
  ]
})

const finding = (name: string, outcome: Finding["outcome"], detail: string): Finding => ({ name, outcome, detail })

const compare = (name: string, what: string, found: string | number, expected: string | number): Finding =>
  found === expected
    ? finding(name, "passed", `${what} ${found}`)
    : finding(name, "failed", `${what} ${found}, and the manifest says ${expected}`)

const ofFile = ({ file, manifest: { script } }: Input): ReadonlyArray<Finding> => [
  compare("size", "bytes:", file.byteLength, script.bytes),
  compare("sha256", "SHA-256", crypto.hash("sha256", file, "hex"), script.sha256),
  compare("sha512", "SHA-512", crypto.hash("sha512", file, "hex"), script.sha512)
]

const ofAttestation = Effect.fnUntraced(function* ({ attestation, keys, manifest }: Input) {
  if (attestation === undefined) {
    return [finding("signature", "failed", "there is no attestation: nobody vouches for the manifest")]
  }
  const read = yield* Effect.result(Attestation.read(attestation))
  if (Result.isFailure(read)) return [finding("signature", "failed", `the attestation cannot be used: ${read.failure}`)]
  const { envelope, statement } = read.success
  const [subject] = statement.subject
  const { sha256, sha512 } = manifest.script
  return [
    signature(envelope, keys),
    subject?.digest["sha256"] === sha256 && subject.digest["sha512"] === sha512
      ? finding("subject", "passed", "the attestation is about the script of the manifest")
      : finding("subject", "failed", `the attestation is about ${subject?.digest["sha256"] ?? "nothing"}`),
    isDeepStrictEqual(statement.predicate, Manifest.encode(manifest))
      ? finding("manifest", "passed", "the manifest is the one that was signed")
      : finding("manifest", "failed", `the manifest was changed after it was signed: ${changed(statement, manifest)}`)
  ]
})

const signature = (envelope: Attestation.Envelope, keys: ReadonlyArray<Key>): Finding => {
  const signing = keys.find(({ key }) => Attestation.isSignedBy(envelope, key))
  if (signing === undefined) {
    const ids = envelope.signatures.map(({ keyid }) => keyid ?? "unnamed").join(", ")
    return finding(
      "signature",
      "failed",
      keys.length === 0
        ? `there is no public key to check it with; it says that it is by key ${ids}`
        : `it is not by ${keys.length === 1 ? "the" : "any"} key known here (${keys.map(({ key }) => SigningKey.idOf(key)).join(", ")}), or what was signed was changed; it says that it is by ${ids}`
    )
  }
  const by = `by key ${SigningKey.idOf(signing.key)}`
  return signing.from === "beside"
    ? finding("signature", "warned", `${by}, which lay beside the manifest: give --key with one from a place you trust`)
    : finding("signature", "passed", `${by} (${signing.from === "given" ? "--key" : "the data folder's own"})`)
}

/** Which fields differ, down to two levels: enough to know where to look. */
const changed = (statement: Attestation.Statement, manifest: Manifest.Manifest): string => {
  const differences = (signed: unknown, found: unknown, depth: number): ReadonlyArray<string> => {
    if (isDeepStrictEqual(signed, found)) return []
    if (depth === 0 || !isObject(signed) || !isObject(found)) return [""]
    return [...new Set([...Object.keys(signed), ...Object.keys(found)])].flatMap((key) =>
      differences(signed[key], found[key], depth - 1).map((rest) => (rest === "" ? key : `${key}.${rest}`))
    )
  }
  return differences(statement.predicate, Manifest.encode(manifest), 2).join(", ")
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The checks of today's version, held to what the run held them to. */
const ofChecks = Effect.fnUntraced(function* ({ file, manifest }: Input) {
  const { expected, script, verification } = manifest
  const again = yield* inspectSetupScript(file, {
    announcedLength: script.announcedLength ?? undefined,
    sha256: expected.sha256 === undefined ? undefined : Schema.decodeSync(Sha256)(expected.sha256),
    minBytes: expected.minBytes,
    maxBytes: expected.maxBytes,
    policy: yield* policyOf(expected),
    ...UebaConfiguration.toOptions(expected.configuration)
  })
  return [
    verification.verified
      ? finding("verification", "passed", "the run had verified the script")
      : finding("verification", "failed", "the run had not verified the script"),
    ...verification.checks.map((before) => {
      const name = `check:${before.name}`
      const now = again.checks.find((check) => check.name === before.name)
      if (now === undefined) return finding(name, "skipped", "this version of privx-kit has no such check")
      const found = VerificationReport.renderFinding(now)
      if (now.outcome === before.outcome) {
        return finding(name, now.outcome === "skipped" ? "skipped" : "passed", `${now.outcome}, as then: ${found}`)
      }
      if (now.outcome === "skipped") return finding(name, "skipped", `cannot be repeated here: ${found}`)
      const differs = `${now.outcome}, and then it was ${before.outcome}: ${found}`
      return again.sha256 === script.sha256
        ? finding(name, "warned", `${differs} (the bytes are the same; the time and this version are not)`)
        : finding(name, "failed", differs)
    })
  ]
})

/** A policy of another version may speak of checks that are not there any more. */
const policyOf = ({ checks, policy }: Manifest.Manifest["expected"]): Effect.Effect<VerificationPolicy> =>
  decodePolicy(policy ?? {}).pipe(
    Effect.catch(() => Effect.succeed<VerificationPolicy>({})),
    Effect.map((policy) => ({
      ...policy,
      checks: Object.fromEntries(Object.entries(checks).filter(([name]) => isCheckName(name)))
    }))
  )

const decodePolicy = Schema.decodeUnknownEffect(Schema.toCodecJson(VerificationPolicy))

const isCheckName = Schema.is(CheckName)

const ofApproval = ({ manifest: { review } }: Input): ReadonlyArray<Finding> => {
  if (review === null || (!review.required && review.decision === null)) {
    return [finding("approval", "skipped", "nobody had to approve it")]
  }
  const { decision } = review
  if (decision === null) return [finding("approval", "failed", "an approval was required, and there was none")]
  return [
    decision.approved
      ? finding("approval", "passed", `approved by ${decision.by} at ${DateTime.formatIso(decision.at)}`)
      : finding("approval", "failed", `rejected by ${decision.by} at ${DateTime.formatIso(decision.at)}`)
  ]
}

const ofCertificates = ({ manifest: { downloadedAt, source } }: Input, now: DateTime.Utc): ReadonlyArray<Finding> => {
  if (source === null) return [finding("certificates", "skipped", "the manifest does not say who answered")]
  if (source.tls === null) return [finding("certificates", "warned", `${source.origin} was asked without TLS`)]
  return source.tls.certificates.map(({ sha256, subject, validFrom, validTo }, index) => {
    const name = `certificate:${index}`
    const validity = `${subject}, valid ${day(validFrom)} to ${day(validTo)}, SHA-256 ${sha256}`
    if (downloadedAt.epochMilliseconds < validFrom.epochMilliseconds) {
      return finding(name, "failed", `was not valid yet at the download: ${validity}`)
    }
    if (downloadedAt.epochMilliseconds > validTo.epochMilliseconds) {
      return finding(name, "failed", `had expired at the download: ${validity}`)
    }
    return now.epochMilliseconds > validTo.epochMilliseconds
      ? finding(name, "passed", `was valid at the download, has expired since: ${validity}`)
      : finding(name, "passed", validity)
  })
}

const day = (time: DateTime.Utc): string => DateTime.formatIso(time).slice(0, 10)
