/**
 * CA certificates of the user, which are read, split and checked before they are used.
 *
 * @since 0.1.0
 */
import * as Pem from "@privx-kit/http/Pem"
import { X509Certificate } from "node:crypto"
import * as Effect from "effect/Effect"
import type { Problem } from "./SettingsError.ts"
import * as SettingsFile from "./SettingsFile.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Certificates {
  /** One PEM text for each certificate. */
  readonly pems: ReadonlyArray<string>
  /** The texts as given, with their origin, for messages that name a position in a bundle. */
  readonly bundles: ReadonlyArray<{ readonly pem: string; readonly source: string }>
  readonly problems: ReadonlyArray<Problem>
  readonly warnings: ReadonlyArray<string>
}

/**
 * Reads CA certificates from PEM files, and checks each of them.
 *
 * **Details**: an expired certificate is a warning.
 *
 * **Errors**: none; a file that cannot be read, and a damaged certificate, are problems in the result.
 *
 * @example
 * ```ts
 * import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
 *
 * export const trusted = TrustAnchors.fromFiles(["/etc/ssl/privx-ca.pem"])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFiles = Effect.fnUntraced(function* (paths: ReadonlyArray<string>): Effect.fn.Return<Certificates> {
  const all = yield* Effect.forEach(paths, (path) =>
    Effect.match(SettingsFile.read(path), {
      onSuccess: (text) => parse(text, path),
      onFailure: ({ fix, problem }): Certificates => ({
        pems: [],
        bundles: [],
        warnings: [],
        problems: [{ setting: `CA file ${path}`, problem, fix }]
      })
    })
  )
  return {
    pems: all.flatMap(({ pems }) => pems),
    bundles: all.flatMap(({ bundles }) => bundles),
    problems: all.flatMap(({ problems }) => problems),
    warnings: all.flatMap(({ warnings }) => warnings)
  }
})

/**
 * Splits a PEM text into its certificates, and checks each of them.
 *
 * **Errors**: none; a text without a certificate, and a damaged certificate, are problems in the result.
 *
 * @param origin the origin of the text, for messages
 *
 * @example
 * ```ts
 * import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
 *
 * export const { problems } = TrustAnchors.parse("no certificate", "ca.pem")
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string, origin: string): Certificates => {
  const blocks = Pem.certificates(text)
  const problems: Array<Problem> = []
  const warnings: Array<string> = []
  if (blocks.length === 0) {
    problems.push({
      setting: `CA certificate of ${origin}`,
      problem: "contains no PEM certificate",
      fix: "Use a file with -----BEGIN CERTIFICATE----- blocks. To convert DER, run: openssl x509 -inform der -in FILE"
    })
  }
  blocks.forEach((block, index) => {
    try {
      const certificate = new X509Certificate(block)
      if (certificate.validToDate.getTime() < Date.now()) {
        warnings.push(
          `${origin}: certificate ${index + 1} (${nameOf(certificate)}) expired on ${day(certificate.validToDate)}`
        )
      }
    } catch {
      problems.push({
        setting: `CA certificate ${index + 1} of ${origin}`,
        problem: "is damaged",
        fix: "Export it again."
      })
    }
  })
  return { pems: blocks, bundles: [{ pem: text, source: origin }], problems, warnings }
}

const nameOf = (certificate: X509Certificate): string => certificate.subject.replaceAll("\n", ", ")

const day = (date: Date): string => date.toISOString().slice(0, 10)
