/**
 * Reads a file that settings or secrets come from: the config file, a fleet file, a certificate, a token. A file that another
 * user can change is refused, because that user would decide which host is reached, whom the program trusts and what it does.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as BoundedFile from "@privx-kit/files/BoundedFile"
import type { Attributes } from "@privx-kit/files/FileOwnership"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"

/**
 * Why a file is not used: the end of a sentence that begins with the file, and what to do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly missing: boolean
  readonly problem: string
  readonly fix: string
}

/** In bytes. A bundle of all public authorities takes a quarter of it. */
const largest = 1024 * 1024

/**
 * Reads a file that settings or secrets come from, as UTF-8.
 *
 * **Errors**: `Fault` if the file does not exist, is larger than allowed, can be changed by another user, or cannot be read:
 * the end of a sentence that begins with the file, and advice.
 *
 * @param options.maxBytes default 1 MiB
 *
 * @example
 * ```ts
 * import * as SettingsFile from "@privx-kit/settings/SettingsFile"
 *
 * export const token = SettingsFile.read("/run/secrets/privx-token", { maxBytes: 64 * 1024 })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (file: string, options: { readonly maxBytes?: number } = {}): Effect.Effect<string, Fault> => {
  const { maxBytes = largest } = options
  return BoundedFile.read(file, { maxBytes, exclusive: true }).pipe(
    Effect.map((bytes) => bytes.toString("utf8")),
    Effect.mapError((failure) => describe(failure, file, maxBytes))
  )
}

/**
 * Returns whether a file of secrets deserves a warning, because other users can read it.
 *
 * **Details**: a file of root that only its group can read, such as a mounted Secret of Kubernetes with an `fsGroup`, does
 * not: the group is the only way of this process to it. Where there are no user ids, as on Windows, the answer is no.
 *
 * **Errors**: none; the answer is no for a file that cannot be examined.
 *
 * @example
 * ```ts
 * import * as SettingsFile from "@privx-kit/settings/SettingsFile"
 *
 * export const exposed = SettingsFile.isReadableByOthers("/run/secrets/privx-token")
 * ```
 *
 * @since 0.1.0
 * @category predicates
 */
export const isReadableByOthers = (file: string): Effect.Effect<boolean> =>
  Effect.promise(() =>
    fs.stat(file).then(
      (attributes) => process.geteuid !== undefined && readableByOthers(attributes, process.geteuid()),
      () => false
    )
  )

/**
 * Without the file system, for a test of each kind of owner.
 *
 * @internal
 */
export const readableByOthers = (attributes: Attributes, self: number): boolean => {
  const lentByRoot = attributes.uid === 0 && self !== 0
  return (attributes.mode & (lentByRoot ? 0o037 : 0o077)) !== 0
}

const describe = ({ detail, reason }: StorageFailed, file: string, maxBytes: number): Fault => {
  switch (reason) {
    case "missing":
      return { missing: true, problem: "does not exist", fix: "Check the path." }
    case "tooLarge":
      return { missing: false, problem: `is larger than ${Math.round(maxBytes / 1024)} KiB`, fix: "Check the path." }
    case "exposed":
      return {
        missing: false,
        problem: detail.replace(/^it /, ""),
        fix: `Check its content, then make it yours alone: chown, chmod go-w ${file}`
      }
    default:
      return {
        missing: false,
        problem: `cannot be read (${/^[A-Z0-9]+(?=:)/.exec(detail)?.[0] ?? detail})`,
        fix: "Check what it is, and its permissions."
      }
  }
}
