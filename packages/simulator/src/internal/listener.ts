/** The HTTP or HTTPS server: how it listens and closes its connections. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import type * as HttpServer from "effect/http/HttpServer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import type { Socket } from "node:net"
import type { Certificates } from "../Certificates.ts"
import { SimulatorError } from "../SimulatorError.ts"

export interface Listener {
  readonly url: URL
  readonly serve: HttpServer.HttpServer["Service"]["serve"]
  /** Breaks a connection with a TCP reset. */
  readonly reset: (socket: Socket) => void
  /** Stops listening, and closes every connection, including active ones. */
  readonly shutdown: Effect.Effect<void>
}

const host = "127.0.0.1"

// Longer than any client keeps an idle connection: otherwise a request could coincide with the end of its connection,
// and fail in a test without faults.
const settings = { keepAliveTimeout: 120_000, requestTimeout: 0 }

export const make = Effect.fnUntraced(function* (
  port: number,
  certificates: Certificates | undefined
): Effect.fn.Return<Listener, SimulatorError, Scope.Scope> {
  const node =
    certificates === undefined
      ? Http.createServer(settings)
      : Https.createServer({
          ...settings,
          cert: certificates.certificate,
          key: Redacted.value(certificates.key),
          ALPNProtocols: ["http/1.1"]
        })
  // With TLS, only the underlying socket can be reset. Connections to one address and port differ in their remote port.
  const sockets = new Map<number, Socket>()
  node.on("connection", (socket: Socket) => {
    const { remotePort } = socket
    if (remotePort === undefined) return
    sockets.set(remotePort, socket)
    socket.once("close", () => sockets.delete(remotePort))
  })
  const server = yield* NodeHttpServer.make(() => node, { host, port, backlog: 4_096 }).pipe(
    Effect.mapError(({ cause }) => {
      const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
      return new SimulatorError({
        reason: "listen",
        detail: `cannot listen on port ${port} of ${host}${code === undefined ? "" : ` (${code})`}`,
        ...(code === undefined ? undefined : { code })
      })
    })
  )
  const bound = node.address()
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port
  return {
    url: new URL(`${certificates === undefined ? "http" : "https"}://${host}:${boundPort}`),
    serve: server.serve,
    reset: (socket) => {
      const beneath = socket.remotePort === undefined ? undefined : sockets.get(socket.remotePort)
      // Older releases of Node close instead of reset a socket that has just written, until the next turn of the event
      // loop.
      setImmediate(() =>
        setImmediate(() => {
          beneath?.resetAndDestroy()
          socket.destroy()
        })
      )
    },
    shutdown: Effect.sync(() => {
      node.close()
      node.closeAllConnections()
    })
  }
})
