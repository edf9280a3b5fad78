/** The certificate of the server, and its key. */
import * as Effect from "effect/Effect"
import * as tls from "node:tls"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"

/** PEM files. */
export interface Files {
  readonly cert: string
  readonly key: string
}

/** In the form that a listener accepts. A user who could change the files could impersonate this server. */
export const read = Effect.fn("Certificate.read")(function* (
  files: Files
): Effect.fn.Return<tls.SecureContextOptions, SettingsError> {
  const text = (what: string, file: string) =>
    Effect.mapError(
      SettingsFile.read(file),
      ({ fix, problem }) =>
        new SettingsError({
          problems: [{ setting: `${what} ${file}`, problem, fix }],
          looked: ["--tls-cert", "--tls-key"]
        })
    )
  const { cert, key } = yield* Effect.all({ cert: text("certificate", files.cert), key: text("key", files.key) })
  const options: tls.SecureContextOptions = { cert, key, minVersion: "TLSv1.2" }
  yield* Effect.try({
    try: () => tls.createSecureContext(options),
    catch: (cause) =>
      new SettingsError({
        problems: [
          {
            setting: `certificate ${files.cert}`,
            problem: `cannot be used with the key ${files.key} (${cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"})`,
            fix: "Put the certificate of the server first in its file, and use the key that belongs to it; both in PEM format."
          }
        ],
        looked: ["--tls-cert", "--tls-key"]
      })
  })
  return options
})
