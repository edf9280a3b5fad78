/**
 * Checks that a directory is writable before anything is downloaded. Creates the directory and a file in it, and removes
 * what it has created.
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"

export const check = Effect.fn("OutputDirectory.check")(function* (
  directory: string
): Effect.fn.Return<void, StorageFailed> {
  const output = path.resolve(directory)
  const missing = yield* Effect.try({ try: () => missingOf(output), catch: fromSystem(output) })
  const probe = path.join(output, `.privx-kit.${process.pid}.part`)
  yield* DurableFile.makeDirectory(output).pipe(
    Effect.andThen(
      Effect.try({
        try: () => {
          fs.closeSync(fs.openSync(probe, "wx", 0o600))
          fs.rmSync(probe)
        },
        catch: fromSystem(output)
      })
    ),
    Effect.ensuring(
      Effect.sync(() => {
        for (const created of missing) {
          try {
            fs.rmdirSync(created)
          } catch {
            // Another process uses it by now, or it was never created.
          }
        }
      })
    )
  )
})

/** The directories that do not exist yet, the innermost first. */
const missingOf = (directory: string): ReadonlyArray<string> => {
  const missing: Array<string> = []
  for (let one = directory; fs.statSync(one, { throwIfNoEntry: false }) === undefined; one = path.dirname(one)) {
    missing.push(one)
    if (one === path.dirname(one)) break
  }
  return missing
}
