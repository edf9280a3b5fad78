/**
 * Reads files of unknown size into memory, up to a limit.
 *
 * @since 0.1.0
 */
import { fromSystem, StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as FileOwnership from "./FileOwnership.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Maximum size. A larger file fails as `tooLarge`. */
  readonly maxBytes: number
  /**
   * Whether a file that other users can change fails as `exposed`. The file that is examined is the file that is read.
   */
  readonly exclusive?: boolean
}

/**
 * Reads a whole file into memory, up to a limit.
 *
 * **When to use**: for a file that a user or another program wrote, whose size is unknown. `fs.readFile` would read
 * all of it.
 *
 * **Details**: pipes and devices are read as well, up to the same limit.
 *
 * **Errors**: `StorageFailed`; `tooLarge` if the file has more than `maxBytes` bytes, `exposed` if it must be exclusive and
 * another user can change it, `missing` if it does not exist, and the other reasons of the system.
 *
 * @example
 * ```ts
 * import * as BoundedFile from "@privx-kit/files/BoundedFile"
 *
 * export const policy = BoundedFile.read("/etc/privx-kit/policy.toml", { maxBytes: 256 * 1024, exclusive: true })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (file: string, options: Options): Effect.Effect<Buffer, StorageFailed> =>
  Effect.tryPromise({
    try: () => readWithin(file, options),
    catch: (error) => (error instanceof StorageFailed ? error : fromSystem(file)(error))
  })

/**
 * Reads a stream to its end into memory, up to a limit.
 *
 * **When to use**: for standard input, which can be a socket that has no path.
 *
 * **Errors**: `StorageFailed`; `tooLarge` if more than `maxBytes` bytes arrive, and the other reasons of the system.
 *
 * @param name how the failure calls the stream
 *
 * @example
 * ```ts
 * import * as BoundedFile from "@privx-kit/files/BoundedFile"
 *
 * export const script = BoundedFile.readStream(process.stdin, "standard input", { maxBytes: 4 * 1024 * 1024 })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const readStream = (
  stream: AsyncIterable<Uint8Array>,
  name: string,
  { maxBytes }: Pick<Options, "maxBytes">
): Effect.Effect<Buffer, StorageFailed> =>
  Effect.tryPromise({
    try: async () => {
      const pieces: Array<Uint8Array> = []
      let size = 0
      for await (const piece of stream) {
        size += piece.length
        if (size > maxBytes) throw tooLarge(name, maxBytes)
        pieces.push(piece)
      }
      return Buffer.concat(pieces, size)
    },
    catch: (error) => (error instanceof StorageFailed ? error : fromSystem(name)(error))
  })

const tooLarge = (path: string, maxBytes: number): StorageFailed =>
  new StorageFailed({ path, reason: "tooLarge", detail: `it has more than ${maxBytes} bytes` })

const readWithin = async (file: string, { exclusive = false, maxBytes }: Options): Promise<Buffer> => {
  const handle = await fs.open(file, "r")
  try {
    const problem = exclusive ? FileOwnership.problem(await handle.stat()) : undefined
    if (problem !== undefined) throw new StorageFailed({ path: file, reason: "exposed", detail: `it ${problem}` })
    const pieces: Array<Buffer> = []
    let size = 0
    for (;;) {
      // Reads one byte more than the limit, to detect a larger file.
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, maxBytes + 1 - size))
      const { bytesRead } = await handle.read(piece, 0, piece.length, null)
      if (bytesRead === 0) return Buffer.concat(pieces, size)
      size += bytesRead
      pieces.push(piece.subarray(0, bytesRead))
      if (size <= maxBytes) continue
      throw tooLarge(file, maxBytes)
    }
  } finally {
    await handle.close()
  }
}

const pieceBytes = 64 * 1024
