/**
 * Compares a file with the manifest and the attestation of its run, offline and using only the files. All checks are
 * made, even if one fails, so that the result says exactly what does not match.
 *
 * @since 0.1.0
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
import * as RecordedConfiguration from "@privx-kit/ueba/RecordedConfiguration"
import * as Attestation from "./Attestation.ts"
import type * as Manifest from "./Manifest.ts"
import * as SigningKey from "./SigningKey.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  /** Stable, e.g. `sha256`, `signature`, `check:shellSyntax`. */
  readonly name: string
  /** `warned`: it matches, but the reader should know the detail. */
  readonly outcome: "passed" | "failed" | "warned" | "skipped"
  readonly detail: string
}

/**
 * A key that verifies signatures, and why it is trusted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  readonly key: crypto.KeyObject
  /** `beside`: it is stored next to the manifest, where anyone who changed the manifest could have replaced it. */
  readonly from: "given" | "data directory" | "beside"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Input {
  readonly file: Uint8Array
  readonly document: Manifest.Document
  /** The content of the attestation file; `undefined` if there is none. */
  readonly attestation: string | undefined
  /** Most trusted first. */
  readonly keys: ReadonlyArray<Key>
  /**
   * Whether a signature by the key next to the manifest is sufficient. It proves only that the files belong together.
   */
  readonly trustKeyBeside?: boolean
  /** The expected origin of the manifest, which the caller knows from another source. */
  readonly expected?: {
    /** Base URL, or host name, of the PrivX host. */
    readonly host?: string | undefined
    /** Id of the run, or a prefix of at least {@link shortestRun} characters. */
    readonly run?: string | undefined
  }
}

/**
 * Shorter prefixes of an id are not specific enough.
 *
 * @since 0.1.0
 * @category constants
 */
export const shortestRun = 8

/**
 * Returns whether nothing failed.
 *
 * @example
 * ```ts
 * import * as ProvenanceVerification from "@privx-kit/artifacts/ProvenanceVerification"
 *
 * export const text = (findings: ReadonlyArray<ProvenanceVerification.Finding>): string =>
 *   ProvenanceVerification.matches(findings) ? "genuine" : "not genuine"
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const matches = (findings: ReadonlyArray<Finding>): boolean =>
  findings.every(({ outcome }) => outcome !== "failed")

/**
 * Verifies a script against its manifest and attestation: digests, signature, origin and the recorded checks.
 *
 * **When to use**: offline, also long after the run and on another machine.
 *
 * **Gotchas**: a key that lies beside the manifest proves only that the files belong together. It counts if `trustKeyBeside`
 * is set.
 *
 * **Errors**: none; each comparison is a finding.
 *
 * @example
 * ```ts
 * import * as ProvenanceVerification from "@privx-kit/artifacts/ProvenanceVerification"
 * import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
 * import * as SigningKey from "@privx-kit/artifacts/SigningKey"
 * import * as Effect from "effect/Effect"
 * import { readFileSync } from "node:fs"
 *
 * const files = ProvenanceFiles.delivered("/srv/ueba")
 *
 * export const genuine = Effect.gen(function* () {
 *   const document = yield* ProvenanceFiles.readDocument(files.manifest)
 *   const attestation = yield* ProvenanceFiles.readAttestation(files.attestation)
 *   const key = yield* SigningKey.loadPublic("/etc/privx-kit/attestation.pub.pem")
 *   const findings = yield* ProvenanceVerification.run({
 *     file: readFileSync("/srv/ueba/privx-ueba-setup.sh"),
 *     document,
 *     attestation,
 *     keys: [{ key, from: "given" }],
 *     expected: { host: "privx.example.com" }
 *   })
 *   return ProvenanceVerification.matches(findings)
 * })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const run = Effect.fn("ProvenanceVerification.run")(function* (
  input: Input
): Effect.fn.Return<ReadonlyArray<Finding>> {
  const now = yield* DateTime.now
  return [
    ...ofFile(input),
    ...ofExpected(input),
    ...(yield* examineAttestation(input)),
    ...(yield* ofChecks(input)),
    ...ofApproval(input),
    ...ofCertificates(input, now)
  ]
})

const finding = (name: string, outcome: Finding["outcome"], detail: string): Finding => ({ name, outcome, detail })

const compare = (name: string, what: string, found: string | number, expected: string | number): Finding =>
  found === expected
    ? finding(name, "passed", `${what} ${found}`)
    : finding(name, "failed", `${what} ${found}, but the manifest says ${expected}`)

const ofFile = ({ document, file }: Input): ReadonlyArray<Finding> => {
  const { script } = document.manifest
  return [
    compare("size", "bytes:", file.byteLength, script.bytes),
    compare("sha256", "SHA-256", crypto.hash("sha256", file, "hex"), script.sha256),
    compare("sha512", "SHA-512", crypto.hash("sha512", file, "hex"), script.sha512)
  ]
}

/** Genuine files of another host or run are not what the caller asked about. */
const ofExpected = ({ document, expected = {} }: Input): ReadonlyArray<Finding> => {
  const { runId, target } = document.manifest
  const { host, run } = expected
  const findings: Array<Finding> = []
  if (host !== undefined) {
    findings.push(
      isOf(target, host)
        ? finding("host", "passed", `the script came from ${target}`)
        : finding("host", "failed", `the script came from ${target}, not from ${host}`)
    )
  }
  if (run !== undefined) {
    findings.push(
      run.length >= shortestRun && runId.startsWith(run.toLowerCase())
        ? finding("run", "passed", `run ${runId}`)
        : finding("run", "failed", `the manifest is of run ${runId}, not of ${run}`)
    )
  }
  return findings
}

/** A host name matches any port of that host. */
const isOf = (target: string, host: string): boolean => {
  const known = URL.parse(target)
  if (known === null) return false
  if (!host.includes("://")) return known.host === host.toLowerCase() || known.hostname === host.toLowerCase()
  const expected = URL.parse(host)
  return expected !== null && baseOf(expected) === baseOf(known)
}

const baseOf = ({ origin, pathname }: URL): string => `${origin}${pathname.replace(/\/+$/, "")}`

/**
 * Verifies that an attestation is about a manifest, and is signed by one of the keys.
 *
 * **When to use**: where the script is not at hand. {@link run} verifies it as well.
 *
 * **Errors**: none; each comparison is a finding.
 *
 * @example
 * ```ts
 * import * as ProvenanceVerification from "@privx-kit/artifacts/ProvenanceVerification"
 * import type { Document } from "@privx-kit/artifacts/Manifest"
 *
 * export const findings = (document: Document, attestation: string, keys: ReadonlyArray<ProvenanceVerification.Key>) =>
 *   ProvenanceVerification.examineAttestation({ document, attestation, keys })
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const examineAttestation = Effect.fnUntraced(function* (
  input: Pick<Input, "attestation" | "document" | "keys" | "trustKeyBeside">
): Effect.fn.Return<ReadonlyArray<Finding>> {
  const { attestation, document } = input
  if (attestation === undefined) {
    return [finding("signature", "failed", "no attestation exists, so nothing proves the manifest")]
  }
  const read = yield* Effect.result(Attestation.read(attestation))
  if (Result.isFailure(read)) return [finding("signature", "failed", `the attestation cannot be used: ${read.failure}`)]
  const { envelope, statement } = read.success
  const [subject] = statement.subject
  const { sha256, sha512 } = document.manifest.script
  return [
    signature(envelope, input),
    subject?.digest["sha256"] === sha256 && subject.digest["sha512"] === sha512
      ? finding("subject", "passed", "the attestation is about the script of the manifest")
      : finding("subject", "failed", `the attestation is about ${subject?.digest["sha256"] ?? "nothing"}`),
    Attestation.isAbout(statement, document.json)
      ? finding("manifest", "passed", "the manifest equals the signed one")
      : finding(
          "manifest",
          "failed",
          `the manifest was changed after it was signed: ${changed(statement, document.json)}`
        )
  ]
})

const signature = (
  envelope: Attestation.Envelope,
  { keys, trustKeyBeside = false }: Pick<Input, "keys" | "trustKeyBeside">
): Finding => {
  const signing = keys.find(({ key }) => Attestation.isSignedBy(envelope, key))
  if (signing === undefined) {
    const ids = envelope.signatures.map(({ keyid }) => keyid ?? "unnamed").join(", ")
    return finding(
      "signature",
      "failed",
      keys.length === 0
        ? `there is no public key to verify it; it claims to be by key ${ids}`
        : `it is not by ${keys.length === 1 ? "the" : "any"} trusted key (${keys.map(({ key }) => SigningKey.idOf(key)).join(", ")}), or the signed content was changed; it claims to be by ${ids}`
    )
  }
  const by = `by key ${SigningKey.idOf(signing.key)}`
  if (signing.from === "given") return finding("signature", "passed", `${by} (--key)`)
  if (signing.from === "data directory") return finding("signature", "passed", `${by} (the data directory's own)`)
  const notOwn = keys.some(({ from }) => from === "data directory") ? ", and not by the key of the data directory" : ""
  return trustKeyBeside
    ? finding(
        "signature",
        "warned",
        `${by}, which is stored next to the manifest${notOwn}: this proves only that the files belong together`
      )
    : finding(
        "signature",
        "failed",
        `${by}, which is stored next to the manifest and proves nothing${notOwn}. Pass --key with a key from a source that you trust`
      )
}

/** Names the fields that differ, down to two levels. */
const changed = (statement: Attestation.Statement, document: Schema.Json): string => {
  const differences = (signed: unknown, found: unknown, depth: number): ReadonlyArray<string> => {
    if (isDeepStrictEqual(signed, found)) return []
    if (depth === 0 || !isObject(signed) || !isObject(found)) return [""]
    return [...new Set([...Object.keys(signed), ...Object.keys(found)])].flatMap((key) =>
      differences(signed[key], found[key], depth - 1).map((rest) => (rest === "" ? key : `${key}.${rest}`))
    )
  }
  return differences(statement.predicate, document, 2).join(", ")
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Repeats the checks of this version with the requirements of the run. */
const ofChecks = Effect.fnUntraced(function* ({ document, file }: Input) {
  const { expected, script, verification } = document.manifest
  const again = yield* inspectSetupScript(file, {
    announcedLength: script.announcedLength ?? undefined,
    sha256: expected.sha256 === undefined ? undefined : Schema.decodeSync(Sha256)(expected.sha256),
    minBytes: expected.minBytes,
    maxBytes: expected.maxBytes,
    policy: yield* policyOf(expected),
    ...RecordedConfiguration.toOptions(expected.configuration)
  })
  return [
    verification.verified
      ? finding("verification", "passed", "the run verified the script")
      : finding("verification", "failed", "the run did not verify the script"),
    ...verification.checks.map((before) => {
      const name = `check:${before.name}`
      const now = again.checks.find((check) => check.name === before.name)
      if (now === undefined) return finding(name, "skipped", "this version of privx-kit has no such check")
      const found = VerificationReport.renderFinding(now)
      if (now.outcome === before.outcome) {
        return finding(name, isIdle(now) ? "skipped" : "passed", `${now.outcome}, as in the run: ${found}`)
      }
      if (isIdle(now)) return finding(name, "skipped", `cannot be repeated on this machine: ${found}`)
      const differs = `${now.outcome}, but ${before.outcome} in the run: ${found}`
      return again.sha256 === script.sha256
        ? finding(name, "warned", `${differs} (the bytes are the same; the time or the version of privx-kit differs)`)
        : finding(name, "failed", differs)
    })
  ]
})

/** Whether the check was not applicable. */
const isIdle = ({ outcome }: VerificationReport.CheckReport): boolean =>
  outcome === "notApplicable" || outcome === "off"

/** A policy of another version may contain checks that no longer exist. */
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

const ofApproval = ({ document }: Input): ReadonlyArray<Finding> => {
  const { review } = document.manifest
  if (review === null || (!review.required && review.decision === null)) {
    const isBaseline = review?.change === "new"
    return [
      finding(
        "approval",
        "skipped",
        isBaseline ? "trusted on first use; no approval was required" : "no approval was required"
      )
    ]
  }
  const { decision } = review
  if (decision === null) return [finding("approval", "failed", "an approval was required, but none was recorded")]
  return [
    decision.approved
      ? finding("approval", "passed", `approved by ${decision.by} at ${DateTime.formatIso(decision.at)}`)
      : finding("approval", "failed", `rejected by ${decision.by} at ${DateTime.formatIso(decision.at)}`)
  ]
}

const ofCertificates = ({ document }: Input, now: DateTime.Utc): ReadonlyArray<Finding> => {
  const { downloadedAt, source } = document.manifest
  if (source === null) return [finding("certificates", "skipped", "the manifest does not name the server")]
  if (source.tls === null) return [finding("certificates", "warned", `${source.origin} was contacted without TLS`)]
  return source.tls.certificates.map(({ sha256, subject, validFrom, validTo }, index) => {
    const name = `certificate:${index}`
    const validity = `${subject}, valid ${day(validFrom)} to ${day(validTo)}, SHA-256 ${sha256}`
    if (downloadedAt.epochMilliseconds < validFrom.epochMilliseconds) {
      return finding(name, "failed", `was not yet valid at the time of the download: ${validity}`)
    }
    if (downloadedAt.epochMilliseconds > validTo.epochMilliseconds) {
      return finding(name, "failed", `had expired at the time of the download: ${validity}`)
    }
    return now.epochMilliseconds > validTo.epochMilliseconds
      ? finding(name, "passed", `was valid at the time of the download and has expired since: ${validity}`)
      : finding(name, "passed", validity)
  })
}

const day = (time: DateTime.Utc): string => DateTime.formatIso(time).slice(0, 10)
