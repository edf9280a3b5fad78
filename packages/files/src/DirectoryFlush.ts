/**
 * Flushes the names of a directory to the disk. A flush takes milliseconds, and one flush serves every file that was named
 * before it began: many writers into one directory share it.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import { promisify } from "node:util"

const toDisk = promisify(fs.fsync)

interface Flush {
  readonly running: Promise<void>
  /** The flush after the running one: a name that is created now may not be part of the running flush. */
  next: Promise<void> | undefined
}

/**
 * Flushes the names of a directory to the disk, and shares a flush between those who use the same instance.
 *
 * **When to use**: one instance for each store that names many files, e.g. in its layer. `DurableFile` flushes by itself.
 *
 * **Details**: a caller waits for a flush that began after its call, because a name that is created during a flush may not
 * be part of it.
 *
 * **Errors**: `flush` rejects with the error of the system, for example `ENOENT` if the directory does not exist. A failure
 * is not remembered.
 *
 * @example
 * ```ts
 * import { DirectoryFlush } from "@privx-kit/files/DirectoryFlush"
 * import { LocalFile } from "@privx-kit/files/LocalFile"
 *
 * const names = new DirectoryFlush()
 *
 * export const note = async (text: string): Promise<void> => {
 *   const file = await LocalFile.begin("/var/lib/example/.note.part")
 *   file.write(new TextEncoder().encode(text))
 *   await file.sync()
 *   file.rename("/var/lib/example/note")
 *   await names.flush("/var/lib/example")
 *   file.close()
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class DirectoryFlush {
  readonly #flushes = new Map<string, Flush>()

  /** Flushes the current names of a directory. Rejects with the error of the system. */
  flush(directory: string): Promise<void> {
    const now = this.#flushes.get(directory)
    if (now === undefined) return this.#begin(directory)
    now.next ??= now.running.then(
      () => this.#begin(directory),
      () => this.#begin(directory)
    )
    return now.next
  }

  #begin(directory: string): Promise<void> {
    const running = force(directory).finally(() => {
      if (this.#flushes.get(directory)?.next === undefined) this.#flushes.delete(directory)
    })
    this.#flushes.set(directory, { running, next: undefined })
    return running
  }
}

const force = async (directory: string): Promise<void> => {
  const descriptor = fs.openSync(directory, "r")
  try {
    await toDisk(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
