/**
 * The trust anchors of a UEBA configuration: their certificates, and whether PrivX could use them for an address.
 *
 * @since 0.1.0
 */
import * as Failure from "@privx-kit/core/Failure"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { X509Certificate } from "node:crypto"
import { embedded, isFor, nameOf } from "./internal/text/certificates.ts"
import { hostOf } from "./internal/text/hostOf.ts"

/**
 * A certificate of the trust anchors, with the facts that people compare.
 *
 * @since 0.1.0
 * @category models
 */
export interface TrustAnchor {
  /** The common name, or the whole subject if there is none. */
  readonly name: string
  /** SHA-256, in the notation of OpenSSL: `AB:CD:…`. */
  readonly fingerprint: string
  /** Whether it is a CA certificate. */
  readonly ca: boolean
  readonly notAfter: Date
}

/**
 * The trust anchors cannot be used for the address. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class TrustAnchorsInvalid extends Failure.Class<TrustAnchorsInvalid>()(
  "TrustAnchorsInvalid",
  {
    address: Schema.String,
    /** One entry for each problem. */
    problems: Schema.Array(Schema.String)
  },
  {
    message: ({ address, problems }) =>
      `The trust anchors cannot be used for ${address === "" ? "the UEBA host" : address}: ${problems.join("; ")}.`,
    hint: "Provide the CA certificate of the UEBA host as PEM, with every CA up to the root."
  }
) {}

/**
 * Parses the certificates of a PEM text.
 *
 * **When to use**: to show or compare certificates. {@link check} says whether they can be used.
 *
 * **Gotchas**: certificates that cannot be read are left out.
 *
 * @example
 * ```ts
 * import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
 * import type { UebaConfiguration } from "@privx-kit/ueba/UebaConfiguration"
 *
 * export const names = ({ trust_anchors }: UebaConfiguration) =>
 *   TrustAnchors.read(trust_anchors).map(({ name }) => name)
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const read = (pem: string): ReadonlyArray<TrustAnchor> =>
  embedded(pem).flatMap(({ certificate }) => (Result.isSuccess(certificate) ? [describe(certificate.success)] : []))

/**
 * Whether two PEM texts contain the same certificates, regardless of order and formatting.
 *
 * @example
 * ```ts
 * import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
 *
 * TrustAnchors.isSame("", "") // true
 * ```
 *
 * @since 0.1.0
 * @category inspecting
 */
export const isSame = (one: string, other: string): boolean =>
  one.trim() === other.trim() || (read(one).length > 0 && fingerprints(one) === fingerprints(other))

const fingerprints = (pem: string): string =>
  [...new Set(read(pem).map(({ fingerprint }) => fingerprint))].toSorted().join()

/**
 * Checks trust anchors before they are configured:
 *
 * - there is at least one certificate, and each can be read;
 * - each is valid now;
 * - each that is not self-signed was signed by another one of them, which is a CA certificate;
 * - each certificate of a host is valid for the address.
 *
 * **Errors**: {@link TrustAnchorsInvalid}, with every problem.
 *
 * @example
 * ```ts
 * import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
 *
 * const anchors = (pem: string) => TrustAnchors.check(pem, "ueba.example.com:8443")
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (pem: string, address: string): Effect.Effect<ReadonlyArray<TrustAnchor>, TrustAnchorsInvalid> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const found = embedded(pem)
    const certificates = found.flatMap(({ certificate }) =>
      Result.isSuccess(certificate) ? [certificate.success] : []
    )
    const problems = [
      ...(found.length === 0 ? ["there is no PEM certificate"] : []),
      ...found.flatMap(({ certificate }, index) =>
        Result.isFailure(certificate) ? [`certificate ${index + 1} ${certificate.failure}`] : []
      ),
      ...certificates.flatMap((certificate) => [
        ...validity(certificate, now),
        ...chain(certificate, certificates),
        ...naming(certificate, hostOf(address))
      ])
    ]
    return problems.length === 0
      ? Effect.succeed(certificates.map(describe))
      : Effect.fail(new TrustAnchorsInvalid({ address, problems }))
  })

const describe = (certificate: X509Certificate): TrustAnchor => ({
  name: nameOf(certificate),
  fingerprint: certificate.fingerprint256,
  ca: certificate.ca,
  notAfter: certificate.validToDate
})

const validity = (certificate: X509Certificate, now: number): ReadonlyArray<string> => {
  const { validFromDate, validToDate } = certificate
  if (validToDate.getTime() < now) return [`${nameOf(certificate)} expired on ${dateOf(validToDate)}`]
  return validFromDate.getTime() > now ? [`${nameOf(certificate)} is valid only from ${dateOf(validFromDate)} on`] : []
}

const chain = (certificate: X509Certificate, all: ReadonlyArray<X509Certificate>): ReadonlyArray<string> => {
  // The signature of a self-signed certificate was verified when it was read.
  if (certificate.issuer === certificate.subject) return []
  const name = nameOf(certificate)
  const issuers = all.filter((other) => other !== certificate && certificate.checkIssued(other))
  if (issuers.length === 0) return [`the certificate that signed ${name} is missing`]
  if (!issuers.some((issuer) => certificate.verify(issuer.publicKey))) {
    return [`the signature of ${name} does not match the certificate of its issuer`]
  }
  return issuers.some(({ ca }) => ca) ? [] : [`${name} was signed by a certificate that is not a CA certificate`]
}

const naming = (certificate: X509Certificate, host: string): ReadonlyArray<string> =>
  certificate.ca || host === "" || isFor(certificate, host) ? [] : [`${nameOf(certificate)} is not for ${host}`]

const dateOf = (date: Date): string => date.toISOString().slice(0, 10)
