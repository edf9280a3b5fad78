/**
 * The server of the suite `soak`: answers, and fails in all the ways a server can, drawn from a seed. Bare TCP, so that an
 * answer can be as wrong as it must.
 */
import * as net from "node:net"
import { answering } from "../Child.ts"
import { thing } from "../requests/thing.ts"

export interface Question {
  readonly _tag: "Listen" | "Count"
}

export interface Answer {
  readonly url: string
  readonly open: number
  readonly connections: number
  readonly faults: Readonly<Record<string, number>>
}

const answer = (status: number, type: string, body: string, headers = "") =>
  `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`

const json = "application/json"
const good = answer(200, json, JSON.stringify(thing))
const errorBody = (code: string) => JSON.stringify({ error_code: code, error_message: "drawn", details: [null] })

/** Each fault with its share of the answers. */
const faults: ReadonlyArray<readonly [name: string, share: number, play: (socket: net.Socket) => void]> = [
  ["MAX_LOAD", 0.01, (socket) => socket.write(answer(503, json, errorBody("MAX_LOAD")))],
  [
    "Retry-After",
    0.002,
    (socket) => socket.write(answer(429, json, errorBody("TOO_MANY_CONNECTIONS"), "Retry-After: 0\r\n"))
  ],
  ["BAD_REQUEST", 0.005, (socket) => socket.write(answer(400, json, errorBody("BAD_REQUEST")))],
  ["html", 0.005, (socket) => socket.write(answer(502, "text/html", "<html><body>Bad Gateway</body></html>"))],
  ["not what was promised", 0.002, (socket) => socket.write(answer(200, json, '{"id":1}'))],
  ["reset", 0.003, (socket) => socket.resetAndDestroy()],
  ["reset in the body", 0.003, (socket) => socket.write(good.slice(0, -20), () => socket.resetAndDestroy())],
  ["truncated", 0.003, (socket) => socket.end(good.slice(0, -20))],
  ["closed after the answer", 0.003, (socket) => socket.end(good.replace("\r\n", "\r\nConnection: close\r\n"))],
  ["not HTTP", 0.001, (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
  ["silent", 0.0002, () => undefined]
]

/** mulberry32: small, and the same everywhere. */
const generator = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = generator(Number(process.argv[2] ?? 1))
const counts: Record<string, number> = {}
let open = 0
let connections = 0

const play = (socket: net.Socket) => {
  let left = random()
  for (const [name, share, fault] of faults) {
    left -= share
    if (left >= 0) continue
    counts[name] = (counts[name] ?? 0) + 1
    return void fault(socket)
  }
  socket.write(good)
}

const server = net.createServer({ noDelay: true }, (socket) => {
  open++
  connections++
  socket.on("close", () => {
    open--
  })
  socket.on("error", () => socket.destroy())
  let waiting = ""
  socket.on("data", (chunk) => {
    waiting += chunk.toString("latin1")
    for (let end = waiting.indexOf("\r\n\r\n"); end >= 0 && !socket.destroyed; end = waiting.indexOf("\r\n\r\n")) {
      waiting = waiting.slice(end + 4)
      play(socket)
    }
  })
})

const count = (): Answer => ({
  url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
  open,
  connections,
  faults: counts
})

answering<Question, Answer>(async ({ _tag }) => {
  if (_tag === "Listen") await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return count()
})
