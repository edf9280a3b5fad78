/** Proxies on loopback that connect every name to loopback. Only they can resolve the names. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"

export interface Proxy {
  readonly port: number
  /** The received requests: `CONNECT host:port`, `GET http://…`, `SOCKS host:port`. */
  readonly asked: Array<string>
  readonly credentials: Array<string>
}

const listening = (server: net.Server, proxy: Omit<Proxy, "port">): Effect.Effect<Proxy, never, Scope.Scope> => {
  const sockets = new Set<net.Socket>()
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket)
    socket.on("error", () => socket.destroy())
    socket.on("close", () => sockets.delete(socket))
  })
  return Effect.acquireRelease(
    Effect.callback<Proxy>((resume) => {
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({ ...proxy, port: (server.address() as net.AddressInfo).port }))
      )
    }),
    () =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )
}

const join = (socket: net.Socket, port: number, ready: () => void) => {
  const upstream = net.connect(port, "127.0.0.1", () => {
    ready()
    upstream.pipe(socket).pipe(upstream)
  })
  upstream.on("error", () => socket.destroy())
  socket.on("error", () => upstream.destroy())
  socket.on("close", () => upstream.destroy())
}

/** An HTTP proxy that opens tunnels and forwards plain requests. */
export const http1 = (
  options: {
    /** Responds to every request with this status instead. */
    readonly status?: number
    readonly tls?: { readonly cert: string; readonly key: string }
  } = {}
): Effect.Effect<Proxy, never, Scope.Scope> => {
  const asked: Array<string> = []
  const credentials: Array<string> = []
  const note = (request: http.IncomingMessage) => {
    asked.push(`${request.method} ${request.url}`)
    credentials.push(Buffer.from((request.headers["proxy-authorization"] ?? "").slice(6), "base64").toString())
  }
  const forward: http.RequestListener = (request, response) => {
    note(request)
    if (options.status !== undefined) return void response.writeHead(options.status).end("no")
    const url = new URL(request.url ?? "")
    const { "proxy-authorization": _, ...headers } = request.headers
    http
      .request({ host: "127.0.0.1", port: url.port, method: request.method, path: url.pathname, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers)
        answer.pipe(response)
      })
      .end()
  }
  const server = options.tls === undefined ? http.createServer(forward) : https.createServer(options.tls, forward)
  server.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    note(request)
    if (options.status !== undefined)
      return void socket.end(`HTTP/1.1 ${options.status} X\r\nContent-Length: 0\r\n\r\n`)
    join(socket, Number(/\d+$/.exec(request.url ?? "")?.[0]), () => socket.write("HTTP/1.1 200 OK\r\n\r\n"))
  })
  return listening(server, { asked, credentials })
}

/** A SOCKS 5 proxy (RFC 1928, 1929), as far as CONNECT needs it. */
export const socks = (
  options: { readonly password?: string; readonly reply?: number; readonly silent?: boolean } = {}
): Effect.Effect<Proxy, never, Scope.Scope> => {
  const asked: Array<string> = []
  const credentials: Array<string> = []
  const server = net.createServer((socket) => {
    let state: "greeting" | "password" | "request" = "greeting"
    socket.on("data", (chunk) => {
      const data = typeof chunk === "string" ? Buffer.from(chunk) : chunk
      if (options.silent === true) return
      if (state === "greeting") {
        const wanted = options.password === undefined ? 0 : 2
        state = wanted === 0 ? "request" : "password"
        return void socket.write(Buffer.from([5, data.subarray(2).includes(wanted) ? wanted : 0xff]))
      }
      if (state === "password") {
        const nameEnd = 2 + (data[1] ?? 0)
        const name = data.subarray(2, nameEnd).toString()
        const password = data.subarray(nameEnd + 1, nameEnd + 1 + (data[nameEnd] ?? 0)).toString()
        credentials.push(`${name}:${password}`)
        state = "request"
        return void socket.write(Buffer.from([1, password === options.password ? 0 : 1]))
      }
      const kind = data[3]
      const length = kind === 3 ? (data[4] ?? 0) + 1 : kind === 4 ? 16 : 4
      const host = kind === 3 ? data.subarray(5, 4 + length).toString() : [...data.subarray(4, 4 + length)].join(".")
      const port = data.readUInt16BE(4 + length)
      asked.push(`SOCKS ${host}:${port}`)
      const answer = Buffer.from([5, options.reply ?? 0, 0, 1, 0, 0, 0, 0, 0, 0])
      if ((options.reply ?? 0) !== 0) return void socket.end(answer)
      socket.removeAllListeners("data")
      socket.pause()
      join(socket, port, () => {
        socket.write(answer)
        socket.resume()
      })
    })
  })
  return listening(server, { asked, credentials })
}
