/**
 * Files beside the database of this machine, written with few turns of the event loop: what goes into the system's cache is
 * done at once, as the database does it, and only the disk is waited for. Files of one folder wait for it together.
 *
 * For a file of any size, or in a folder of anybody's, there is `DurableFile`.
 */
import * as fs from "node:fs"
import { promisify } from "node:util"

const toDisk = promisify(fs.fsync)
/** A new name waits for what is just being forced to the disk: not while everything else does. */
const opened = promisify(fs.open)

/** A file under a temporary name. */
export class LocalFile {
  readonly name: string
  private readonly descriptor: number
  private open = true
  private named = false

  private constructor(name: string, descriptor: number) {
    this.name = name
    this.descriptor = descriptor
  }

  /** Takes the place of what a process that was killed has left under that name. */
  static async begin(name: string, mode = 0o600): Promise<LocalFile> {
    try {
      return new LocalFile(name, await opened(name, "wx", mode))
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
      fs.unlinkSync(name)
      return new LocalFile(name, await opened(name, "wx", mode))
    }
  }

  /** At most so many bytes that nobody else waits long. */
  write(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(this.descriptor, bytes, offset)
  }

  sync(): Promise<void> {
    return toDisk(this.descriptor)
  }

  /** Gives it its final name, in the place of what has that. It lasts when its folder has been forced to the disk. */
  rename(final: string): void {
    fs.renameSync(this.name, final)
    this.named = true
  }

  /** Afterwards it is gone, unless it has its final name. */
  close(): void {
    if (!this.open) return
    this.open = false
    fs.closeSync(this.descriptor)
    if (!this.named) fs.rmSync(this.name, { force: true })
  }
}

interface Syncing {
  readonly running: Promise<void>
  /** What begins when that is over: whoever comes now is not sure to be part of what is running. */
  next: Promise<void> | undefined
}

const underWay = new Map<string, Syncing>()

/** Forces to the disk which names a folder has now. */
export const syncFolder = (folder: string): Promise<void> => {
  const now = underWay.get(folder)
  if (now === undefined) return begin(folder)
  now.next ??= now.running.then(
    () => begin(folder),
    () => begin(folder)
  )
  return now.next
}

const begin = (folder: string): Promise<void> => {
  const running = force(folder).finally(() => {
    if (underWay.get(folder)?.next === undefined) underWay.delete(folder)
  })
  underWay.set(folder, { running, next: undefined })
  return running
}

const force = async (folder: string): Promise<void> => {
  const descriptor = fs.openSync(folder, "r")
  try {
    await toDisk(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
