/**
 * Bytes that are being stored: in memory while they are few, then in a temporary file.
 *
 * Most downloads bring bytes that are stored already: the same script from many hosts. Creating and removing a file
 * costs three times as much as all other processing of the bytes, and on a file system without a journal it slows down
 * later file creation as well.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as path from "node:path"
import type { DirectoryFlush } from "@privx-kit/files/DirectoryFlush"
import { LocalFile } from "@privx-kit/files/LocalFile"

/** In bytes. Smaller content stays in memory until its digest is known. */
const heldBack = 64 * 1024

/**
 * @since 0.1.0
 * @category models
 */
export class SpooledFile {
  /** Received bytes. */
  size = 0
  private readonly temporary: string
  private readonly hash = createHash("sha256")
  private held: Array<Uint8Array> = []
  private file: LocalFile | undefined

  constructor(temporary: string) {
    this.temporary = temporary
  }

  /** Whether a file is needed and does not exist yet. */
  get isLarge(): boolean {
    return this.size > heldBack && this.file === undefined
  }

  take(chunk: Uint8Array): void {
    this.hash.update(chunk)
    this.size += chunk.length
    if (this.file === undefined) this.held.push(chunk)
    else this.file.write(chunk)
  }

  /** Writes the bytes so far to the file; further bytes follow there. */
  async toFile(): Promise<void> {
    this.file = await LocalFile.begin(this.temporary)
    for (const chunk of this.held) this.file.write(chunk)
    this.held = []
  }

  /** The digest of all bytes; no more bytes may follow. */
  digest(): string {
    return this.hash.digest("hex")
  }

  /** Gives the file its final name, durably. */
  async keep(final: string, names: DirectoryFlush): Promise<void> {
    if (this.file === undefined) await this.toFile()
    await this.file?.sync()
    this.file?.rename(final)
    await names.flush(path.dirname(final))
  }

  /** Removes the file if it has no final name. */
  close(): void {
    this.file?.close()
  }
}
