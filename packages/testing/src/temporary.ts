/** Directories that exist for the duration of a test. */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const make = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-test-"))
  // For tests that drop root's privileges.
  fs.chmodSync(directory, 0o755)
  return directory
}

export const directory = Effect.acquireRelease(Effect.sync(make), (directory) =>
  Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

/** A separate file system of the given size; `undefined` if this user may not mount one. */
export const smallDisk = (size: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = make()
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0755`, "tmpfs", directory], { stdio: "ignore" })
        return directory
      } catch {
        fs.rmSync(directory, { recursive: true })
        return undefined
      }
    }),
    (directory) =>
      Effect.sync(() => {
        if (directory === undefined) return
        execFileSync("umount", ["--lazy", directory], { stdio: "ignore" })
        fs.rmSync(directory, { recursive: true, force: true })
      })
  )

/** All files below, as paths relative to `directory`, sorted; none where there is no such directory. */
export const filesBelow = (directory: string): ReadonlyArray<string> =>
  fs.existsSync(directory)
    ? fs
        .readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
        .sort()
    : []

export const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8)

/** Fills the file system to the last block. */
export const fill = (file: string): void => {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) fs.appendFileSync(file, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    }
  }
}
