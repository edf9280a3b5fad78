/**
 * Bytes on their way into the store: in memory as long as they are few, then in a file under a temporary name.
 *
 * Most downloads bring what is stored already, the same script again and from host after host. To make a file only to remove
 * it again costs three times what all else does that is done with these bytes, and where the file system has no journal, whatever
 * makes a file afterwards pays for it as well.
 */
import { createHash } from "node:crypto"
import * as path from "node:path"
import { LocalFile, syncFolder } from "./LocalFile.ts"

/** What is no larger is held back until it is known what it is. */
const heldBack = 64 * 1024

export class Incoming {
  /** Bytes so far. */
  size = 0
  private readonly temporary: string
  private readonly hash = createHash("sha256")
  private held: Array<Uint8Array> = []
  private file: LocalFile | undefined

  constructor(temporary: string) {
    this.temporary = temporary
  }

  /** Whether a file is wanted and not there yet. */
  get isLarge(): boolean {
    return this.size > heldBack && this.file === undefined
  }

  take(chunk: Uint8Array): void {
    this.hash.update(chunk)
    this.size += chunk.length
    if (this.file === undefined) this.held.push(chunk)
    else this.file.write(chunk)
  }

  /** From now on the bytes are in the file, with those that were held back. */
  async toFile(): Promise<void> {
    this.file = await LocalFile.begin(this.temporary)
    for (const chunk of this.held) this.file.write(chunk)
    this.held = []
  }

  /** Of all that has come; nothing more may come afterwards. */
  digest(): string {
    return this.hash.digest("hex")
  }

  /** Gives it its final name; it lasts when this is over. */
  async keep(final: string): Promise<void> {
    if (this.file === undefined) await this.toFile()
    await this.file?.sync()
    this.file?.rename(final)
    await syncFolder(path.dirname(final))
  }

  /** What has no final name goes. */
  close(): void {
    this.file?.close()
  }
}
