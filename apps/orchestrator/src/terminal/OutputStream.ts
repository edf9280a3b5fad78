/**
 * Standard output or standard error, with a check of every write.
 *
 * Node's stream for a file ignores the number of bytes that the system has written: on a full disk, the output is
 * truncated without an error. Files and devices are therefore written completely here; pipes and terminals use Node's
 * stream.
 */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as fs from "node:fs"

export interface OutputStream {
  /** Writes, or starts to. A failure is kept for {@link OutputStream.flush}; nothing is written afterwards. */
  readonly write: (data: string | Uint8Array) => void
  /** Waits for all writes, and returns the first failure. */
  readonly flush: () => Promise<StorageFailed | undefined>
}

/** @param name for messages, e.g. `Standard output` */
export const of = (stream: NodeJS.WritableStream & { readonly fd: number }, name: string): OutputStream =>
  isFile(stream.fd) ? ofFile(stream.fd, name) : ofStream(stream, name)

const isFile = (descriptor: number): boolean => {
  try {
    const stat = fs.fstatSync(descriptor)
    return !stat.isFIFO() && !stat.isSocket() && !(stat.isCharacterDevice() && isTerminal(descriptor))
  } catch {
    return false
  }
}

const isTerminal = (descriptor: number): boolean => (descriptor === 1 ? process.stdout : process.stderr).isTTY === true

/**
 * @param writeSync the system call, which may write fewer bytes than given
 */
export const ofFile = (
  descriptor: number,
  name: string,
  writeSync: (descriptor: number, bytes: Uint8Array, offset: number) => number = fs.writeSync
): OutputStream => {
  let failure: StorageFailed | undefined
  return {
    write: (data) => {
      if (failure !== undefined) return
      const bytes = typeof data === "string" ? Buffer.from(data) : data
      try {
        for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset)
      } catch (error) {
        failure = fromSystem(name)(error)
      }
    },
    flush: () => Promise.resolve(failure)
  }
}

const ofStream = (stream: NodeJS.WritableStream, name: string): OutputStream => {
  let failure: StorageFailed | undefined
  const done = (error?: Error | null) => {
    if (error instanceof Error) failure ??= fromSystem(name)(error)
  }
  return {
    write: (data) => {
      if (failure === undefined) stream.write(data, done)
    },
    flush: () =>
      new Promise((resolve) => {
        if (failure !== undefined) return resolve(failure)
        stream.write("", (error) => {
          done(error)
          resolve(failure)
        })
      })
  }
}
