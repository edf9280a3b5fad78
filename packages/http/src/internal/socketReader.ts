/**
 * Reads a socket into memory that is used again, where Node would take fresh memory of 64 KiB for each read: of a large body
 * most of the time went into getting that memory and giving it back.
 *
 * What is read is copied out at once, exactly as long as it is. Only while a body goes to somebody who is done with a chunk
 * before asking for the next one ({@link lend}), its chunks are the read memory itself, in turn of three: one that is being
 * worked on, one that was read meanwhile, one that is read into.
 */
import type * as net from "node:net"
import { buildConnector } from "undici"

const ordinaryBytes = 64 * 1024

/** Of a body that is lent. More does not fit into the caches of a processor. */
const lentBytes = 256 * 1024

/** Below it copying costs less than it saves. */
const worthLending = 32 * 1024

/**
 * One for all sockets: what is read is copied out before anything else can be read. Not on Windows, which is given the memory
 * before there is anything to read.
 */
const shared = process.platform === "win32" ? undefined : Buffer.allocUnsafeSlow(ordinaryBytes)

const readers: WeakMap<object, Reader> = new WeakMap()

/** A connector of undici whose sockets are read so. Those within a proxy's tunnel are read as Node does it. */
export const connector =
  (options: buildConnector.BuildOptions): buildConnector.connector =>
  (target, callback) => {
    const reader = new Reader()
    const connect = buildConnector({ ...options, onread: { buffer: reader.next, callback: reader.onRead } })
    connect(target, (...result) => {
      if (result[0] === null) {
        reader.socket = result[1]
        readers.set(result[1], reader)
      }
      callback(...result)
    })
  }

/** From now on chunks are valid only until their reader wants the next one. */
export const lend = (socket: unknown): void => readerOf(socket)?.lend(true)

/** From now on chunks belong to whoever gets them. */
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

  /** Where the next read goes; asked for after each read. */
  readonly next = (): Uint8Array =>
    this.lends ? (this.turns[this.turn] ??= Buffer.allocUnsafeSlow(lentBytes)) : this.ordinary

  readonly onRead = (count: number, buffer: Uint8Array): boolean => {
    const { socket } = this
    // Before the connection stands nothing was asked for.
    if (socket === undefined) return false
    const read = buffer.subarray(0, count)
    if (count < worthLending || buffer !== this.turns[this.turn]) return socket.push(Buffer.from(read))
    this.turn = (this.turn + 1) % this.turns.length
    // What still waits in the socket can be of any turn.
    if (socket.readableLength > 0) this.turns[this.turn] = undefined
    return socket.push(read)
  }
}
