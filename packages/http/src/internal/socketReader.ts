/**
 * Reads a socket into reused memory. Node allocates 64 KiB for each read, and most of the time of a large body was
 * spent on allocating and freeing that memory.
 *
 * Received bytes are copied out at once. Only while a body goes to a reader that finishes a chunk before it asks for
 * the next one ({@link lend}) are the chunks the read buffers themselves, three in rotation: one that is being
 * processed, one that was read meanwhile, and one that is being read into.
 */
import type * as net from "node:net"
import { buildConnector } from "undici"

const ordinaryBytes = 64 * 1024

/** Buffer size of a lent body. A larger one does not fit into the caches of a processor. */
const lentBytes = 256 * 1024

/** Below this size, copying is cheaper. */
const worthLending = 32 * 1024

/**
 * One buffer for all sockets: received bytes are copied out before anything else is read. Not on Windows, which takes
 * the memory before there is anything to read.
 */
const shared = process.platform === "win32" ? undefined : Buffer.allocUnsafeSlow(ordinaryBytes)

const readers: WeakMap<object, Reader> = new WeakMap()

/**
 * Opens a socket like `buildConnector`, and returns it at once; the callback is called when the connection is
 * established.
 */
export type Open = (target: buildConnector.Options, callback: buildConnector.Callback) => net.Socket

/** `buildConnector` returns the socket, which its types leave out. */
export const opener = (options: buildConnector.BuildOptions): Open => buildConnector(options) as unknown as Open

/** Opens sockets that are read in this way. Sockets within a proxy's tunnel are read by Node. */
export const readingOpener =
  (options: buildConnector.BuildOptions): Open =>
  (target, callback) => {
    const reader = new Reader()
    const open = opener({ ...options, onread: { buffer: reader.next, callback: reader.onRead } })
    return open(target, (...result) => {
      if (result[0] === null) {
        reader.socket = result[1]
        readers.set(result[1], reader)
      }
      callback(...result)
    })
  }

/** From now on a chunk is valid only until the reader asks for the next one. */
export const lend = (socket: unknown): void => readerOf(socket)?.lend(true)

/** From now on a chunk belongs to its reader. */
export const endLending = (socket: unknown): void => readerOf(socket)?.lend(false)

const readerOf = (socket: unknown): Reader | undefined =>
  typeof socket === "object" && socket !== null ? readers.get(socket) : undefined

class Reader {
  socket: net.Socket | undefined
  private readonly ordinary = shared ?? Buffer.allocUnsafeSlow(ordinaryBytes)
  private turns: Array<Buffer | undefined> = []
  private turn = 0
  private lends = false

  lend(lends: boolean) {
    this.lends = lends
    this.turns = [undefined, undefined, undefined]
  }

  /** The buffer for the next read; called after each read. */
  readonly next = (): Uint8Array =>
    this.lends ? (this.turns[this.turn] ??= Buffer.allocUnsafeSlow(lentBytes)) : this.ordinary

  readonly onRead = (count: number, buffer: Uint8Array): boolean => {
    const { socket } = this
    // Nothing was requested before the connection was established.
    if (socket === undefined) return false
    const read = buffer.subarray(0, count)
    if (count < worthLending || buffer !== this.turns[this.turn]) return socket.push(Buffer.from(read))
    this.turn = (this.turn + 1) % this.turns.length
    // Bytes still buffered in the socket can be in any of the buffers.
    if (socket.readableLength > 0) this.turns[this.turn] = undefined
    return socket.push(read)
  }
}
