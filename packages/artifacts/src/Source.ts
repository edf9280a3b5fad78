/**
 * The server that sent a download, as far as connection and response show: the part of the manifest that the transport
 * knows.
 *
 * @since 0.1.0
 */
import type { Download } from "@privx-kit/http/Download"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const Time = Schema.DateTimeUtcFromString.annotate({ description: "ISO 8601, UTC" })

/**
 * @since 0.1.0
 * @category schemas
 */
export const Digest256 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/u))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Certificate = Schema.Struct({
  sha256: Digest256.annotate({ description: "Fingerprint: SHA-256 of the certificate (DER)" }),
  subject: Schema.String,
  issuer: Schema.String,
  serialNumber: Schema.String,
  validFrom: Time,
  validTo: Time,
  names: Schema.Array(Schema.String)
})

/**
 * The server that sent a download, as far as connection and response show.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Source = Schema.Struct({
  origin: Schema.String.annotate({ description: "Scheme, host and port" }),
  server: Schema.NullOr(Schema.String).annotate({ description: "The Server header, as sent" }),
  etag: Schema.NullOr(Schema.String),
  lastModified: Schema.NullOr(Schema.String),
  tls: Schema.NullOr(
    Schema.Struct({
      protocol: Schema.String,
      cipher: Schema.String,
      certificates: Schema.Array(Certificate).annotate({
        description:
          "The server's certificate first, each followed by its issuer; the chain was trusted when it was used"
      })
    })
  ).annotate({ description: "null: the connection had no TLS" })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Source = typeof Source.Type

/**
 * Records who answered a download: origin, headers, and the certificates that the connection trusted.
 *
 * @example
 * ```ts
 * import { sourceOf } from "@privx-kit/artifacts/Source"
 * import type { Download } from "@privx-kit/http/Download"
 *
 * export const certificates = (answer: Download) => sourceOf(answer).tls?.certificates ?? []
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceOf = (answer: Download): Source => ({
  origin: answer.origin,
  server: answer.server ?? null,
  etag: answer.etag ?? null,
  lastModified: answer.lastModified ?? null,
  tls:
    answer.peer === undefined
      ? null
      : {
          ...answer.peer,
          certificates: answer.peer.certificates.map((certificate) => ({
            ...certificate,
            validFrom: DateTime.fromDateUnsafe(certificate.validFrom),
            validTo: DateTime.fromDateUnsafe(certificate.validTo)
          }))
        }
})
