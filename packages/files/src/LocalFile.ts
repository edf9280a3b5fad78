/**
 * Small files next to the local database. Writes go to the system's cache synchronously, like those of SQLite. Only the
 * flush to the disk is asynchronous.
 *
 * Use `DurableFile` for large files, and for directories that a user chose.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import { promisify } from "node:util"

const toDisk = promisify(fs.fsync)
/** Creating a name can wait for a flush of the file system: asynchronous, so that it does not block the event loop. */
const opened = promisify(fs.open)

/**
 * A file under a temporary name, written synchronously.
 *
 * **When to use**: for small files in the directory of the local database, many at a time. `DurableFile` is for large files,
 * and for directories that a user chose.
 *
 * **Gotchas**: `write` blocks the event loop. The name is durable only after a `DirectoryFlush`.
 *
 * **Errors**: each method throws, or rejects with, the error of the system.
 *
 * @example
 * ```ts
 * import { LocalFile } from "@privx-kit/files/LocalFile"
 *
 * export const part = async (): Promise<void> => {
 *   const file = await LocalFile.begin("/var/lib/example/.note.part")
 *   try {
 *     file.write(new TextEncoder().encode("hello\n"))
 *     await file.sync()
 *     file.rename("/var/lib/example/note")
 *   } finally {
 *     file.close()
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class LocalFile {
  readonly name: string
  private readonly descriptor: number
  private open = true
  private named = false

  private constructor(name: string, descriptor: number) {
    this.name = name
    this.descriptor = descriptor
  }

  /** Creates the file. Replaces a file that a killed process has left under that name. */
  static async begin(name: string, mode = 0o600): Promise<LocalFile> {
    try {
      return new LocalFile(name, await opened(name, "wx", mode))
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
      fs.unlinkSync(name)
      return new LocalFile(name, await opened(name, "wx", mode))
    }
  }

  /** Blocks the event loop: only for small amounts. */
  write(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(this.descriptor, bytes, offset)
  }

  sync(): Promise<void> {
    return toDisk(this.descriptor)
  }

  /** Renames it to its final name, replacing an existing file. The name is durable after a `DirectoryFlush`. */
  rename(final: string): void {
    fs.renameSync(this.name, final)
    this.named = true
  }

  /** Closes the file, and removes it unless it was renamed. */
  close(): void {
    if (!this.open) return
    this.open = false
    fs.closeSync(this.descriptor)
    if (!this.named) fs.rmSync(this.name, { force: true })
  }
}
