/**
 * A client without HTTP logic: it writes the given bytes to a socket, and records the received bytes until the other side
 * ends, breaks or falls silent. Its result is what was on the wire.
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { value } from "effect/Redacted"
import * as Net from "node:net"
import * as Tls from "node:tls"
import type { Simulator } from "../src/Simulator.ts"

export interface Answer {
  readonly statusLine: string
  readonly status: number
  /** Names in lower case, without `date`. */
  readonly headers: Readonly<Record<string, string>>
  /** The received bytes after the head, including chunk framing. */
  readonly body: string
  /** How it ended: `end` (gracefully), `silence`, or the error code of the system. */
  readonly ending: string
  /** The number of pieces, and the milliseconds until the first and the last byte. */
  readonly pieces: number
  readonly firstByte: number
  readonly lastByte: number
}

export interface Options {
  readonly tls?: Tls.ConnectionOptions
  /** The number of milliseconds without data that count as silence. Long if no silence is expected. */
  readonly silence?: number
}

export const ask = (
  simulator: Pick<Simulator["Service"], "url" | "ca">,
  request: string,
  { tls = {}, silence = 10_000 }: Options = {}
): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const began = performance.now()
    const port = Number(simulator.url.port)
    const socket =
      simulator.url.protocol === "https:"
        ? Tls.connect({ port, host: "127.0.0.1", ca: [...simulator.ca], ...tls })
        : Net.connect({ port, host: "127.0.0.1" })
    const chunks: Array<Buffer> = []
    let firstByte = 0
    let lastByte = 0
    const done = (ending: string) => {
      socket.destroy()
      resume(Effect.succeed({ ...parse(Buffer.concat(chunks)), ending, pieces: chunks.length, firstByte, lastByte }))
    }
    socket.on("data", (chunk) => {
      lastByte = performance.now() - began
      firstByte ||= lastByte
      chunks.push(Buffer.from(chunk))
    })
    socket.on("timeout", () => done("silence"))
    socket.on("end", () => done("end"))
    socket.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    socket.setTimeout(silence)
    socket.write(request)
    return Effect.sync(() => socket.destroy())
  })

const parse = (bytes: Buffer) => {
  const [head = "", ...rest] = bytes.toString("latin1").split("\r\n\r\n")
  const [statusLine = "", ...lines] = head.split("\r\n")
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()])
  )
  delete headers["date"]
  return { statusLine, status: Number(statusLine.split(" ")[1]), headers, body: rest.join("\r\n\r\n") }
}

/** A request as text, with `Connection: close` to make the end of the response visible. */
export const request = (line: string, headers: Readonly<Record<string, string>> = {}, body = ""): string =>
  [
    `${line} HTTP/1.1`,
    "Host: privx.example",
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body
  ].join("\r\n")

export const authorization = (token: Redacted.Redacted<string>) => ({ Authorization: `Bearer ${value(token)}` })

export const createSession = "POST /connection-manager/api/v1/ueba/setup-script"

export const configuration = "GET /connection-manager/api/v1/ueba/configure"

export const downloadSetupScript = (id: string) => `GET /connection-manager/api/v1/ueba/setup-script/${id}`

export const reauthenticate = (id: string) => `POST /rdp-proxy/api/v1/playback/${id}/keepalive`

/** A setup session, created over the wire. */
export const newSession = Effect.fnUntraced(function* (simulator: Simulator["Service"]) {
  const token = yield* simulator.issueToken()
  const answer = yield* ask(simulator, request(createSession, { ...authorization(token), "Content-Length": "0" }))
  return (JSON.parse(answer.body) as { readonly id: string }).id
})
