/**
 * A server on a real socket that sends exactly what a test specifies: it responds to each request with the next scripted
 * response, and records the requests. A response is a list of raw pieces, so that it can be malformed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"

export interface Received {
  readonly line: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Text (the test encodes non-ASCII characters as latin1) or bytes to send. `close` ends the connection, `reset` breaks
 * it, `hang` sends nothing more.
 */
export type Piece =
  | string
  | Uint8Array
  | { readonly repeat: string; readonly times: number }
  /** Repeats every few milliseconds without end. */
  | { readonly drip: string }
  /** Sends nothing for this many milliseconds. */
  | { readonly pause: number }
  | "close"
  | "reset"
  | "hang"
export type Answer = ReadonlyArray<Piece>
export type Script = ReadonlyArray<Answer> | ((received: Received, index: number) => Answer)

export interface WireServer {
  readonly url: URL
  readonly received: Array<Received>
  /** Connections that the client closed or broke before the response was complete. */
  readonly connections: { open: number; total: number }
}

export const answer = (status: number, body: string, headers: Record<string, string> = {}): Answer => [
  [
    `HTTP/1.1 ${status} X`,
    ...Object.entries({
      "Content-Type": "application/json",
      "Content-Length": String(Buffer.byteLength(body)),
      ...headers
    }).map(([name, value]) => `${name}: ${value}`),
    "",
    body
  ].join("\r\n")
]

export const errorBody = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  answer(status, JSON.stringify({ error_code: code }), headers)

export const make = (script: Script): Effect.Effect<WireServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly wire: WireServer; readonly server: net.Server; readonly sockets: Set<net.Socket> }>(
      (resume) => {
        const sockets = new Set<net.Socket>()
        const received: Array<Received> = []
        const connections = { open: 0, total: 0 }
        const server = net.createServer((socket) => {
          sockets.add(socket)
          connections.open++
          connections.total++
          socket.on("close", () => {
            sockets.delete(socket)
            connections.open--
          })
          socket.on("error", () => socket.destroy())
          let buffer = ""
          socket.on("data", (chunk) => {
            buffer += chunk.toString("latin1")
            for (let request = take(buffer); request !== undefined; request = take(buffer)) {
              buffer = request.rest
              received.push(request.received)
              const index = received.length - 1
              const pieces =
                typeof script === "function" ? script(request.received, index) : (script[index] ?? ["hang"])
              play(socket, pieces)
            }
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as net.AddressInfo
          resume(
            Effect.succeed({
              wire: { url: new URL(`http://127.0.0.1:${port}`), received, connections },
              server,
              sockets
            })
          )
        })
      }
    ),
    ({ server, sockets }) =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map(({ wire }) => wire))

const take = (buffer: string): { readonly received: Received; readonly rest: string } | undefined => {
  const end = buffer.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const [line = "", ...lines] = buffer.slice(0, end).split("\r\n")
  const headers = Object.fromEntries(
    lines.map((text) => [text.slice(0, text.indexOf(":")).toLowerCase(), text.slice(text.indexOf(":") + 1).trim()])
  )
  const length = Number(headers["content-length"] ?? 0)
  if (buffer.length < end + 4 + length) return undefined
  return {
    received: { line, headers, body: buffer.slice(end + 4, end + 4 + length) },
    rest: buffer.slice(end + 4 + length)
  }
}

const play = (socket: net.Socket, pieces: Answer) => {
  for (const [index, piece] of pieces.entries()) {
    if (piece === "hang") return
    if (piece === "close") return void socket.end()
    if (piece === "reset") return void socket.resetAndDestroy()
    if (typeof piece === "string" || piece instanceof Uint8Array) socket.write(piece)
    else if ("pause" in piece) {
      const timer = setTimeout(() => play(socket, pieces.slice(index + 1)), piece.pause)
      return void socket.once("close", () => clearTimeout(timer))
    } else if ("drip" in piece) return drip(socket, piece.drip)
    else for (let n = 0; n < piece.times && !socket.destroyed; n++) socket.write(piece.repeat)
  }
}

const drip = (socket: net.Socket, text: string) => {
  const timer = setInterval(() => socket.write(text), 3)
  socket.once("close", () => clearInterval(timer))
}
