/** The certificate that the server shows, and its key. */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as tls from "node:tls"
import { SettingsError } from "../settings/SettingsError.ts"

/** PEM files. */
export interface Files {
  readonly cert: string
  readonly key: string
}

/** As a listener takes it. */
export const read = Effect.fn("Certificate.read")(function* (
  files: Files
): Effect.fn.Return<tls.SecureContextOptions, StorageFailed | SettingsError> {
  const text = (file: string) => Effect.tryPromise({ try: () => fs.readFile(file, "utf8"), catch: fromSystem(file) })
  const { cert, key } = yield* Effect.all({ cert: text(files.cert), key: text(files.key) })
  const options: tls.SecureContextOptions = { cert, key, minVersion: "TLSv1.2" }
  yield* Effect.try({
    try: () => tls.createSecureContext(options),
    catch: (cause) =>
      new SettingsError({
        problems: [
          {
            setting: `certificate ${files.cert}`,
            problem: `cannot be used with the key ${files.key} (${cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"})`,
            fix: "Give the certificate of the server first in its file, and the key that belongs to it, both PEM."
          }
        ],
        looked: ["--tls-cert", "--tls-key"]
      })
  })
  return options
})
