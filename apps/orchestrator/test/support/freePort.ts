/** Finds a port of this machine on which no process listens. */
import * as Effect from "effect/Effect"
import * as net from "node:net"

export const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})
