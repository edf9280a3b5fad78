import { assert, describe, it } from "@effect/vitest"
import { ConnectFailure } from "../src/internal/connectFailure.ts"
import { dial, interleave } from "../src/internal/dial.ts"
import * as SocketReader from "../src/internal/socketReader.ts"
import * as Effect from "effect/Effect"
import type * as net from "node:net"
import * as WireServer from "./WireServer.ts"

const at = (...addresses: ReadonlyArray<string>) =>
  addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))

const connect = (hostname: string, port: string) =>
  Effect.callback<net.Socket, Error>((resume) => {
    const target = { hostname, host: `${hostname}:${port}`, port, protocol: "http:" }
    dial(SocketReader.opener({ timeout: 0 }), target, { timeout: 5000 }, (error, socket) =>
      resume(error === null ? Effect.succeed(socket) : Effect.fail(error))
    )
  })

describe("dial", () => {
  it("takes the families in turn, beginning with the one that the resolver prefers", () => {
    assert.deepStrictEqual(interleave(at("a:1", "a:2", "1", "2", "3")), ["a:1", "1", "a:2", "2", "3"])
    assert.deepStrictEqual(interleave(at("1", "2", "a:1")), ["1", "a:1", "2"])
    assert.deepStrictEqual(interleave(at("1", "1")), ["1"])
    assert.strictEqual(interleave(at(...Array.from({ length: 100 }, (_, n) => String(n)))).length, 16)
  })

  it.live("reaches a server that listens on one of the addresses of a name", () =>
    Effect.gen(function* () {
      // The server listens on 127.0.0.1 only; localhost may also resolve to ::1.
      const server = yield* WireServer.make([])
      const socket = yield* connect("localhost", server.url.port)
      assert.strictEqual(socket.remotePort, Number(server.url.port))
      socket.destroy()
    })
  )

  it.live("says which step failed", () =>
    Effect.gen(function* () {
      const { port } = (yield* Effect.scoped(WireServer.make([]))).url
      const phases = yield* Effect.forEach(["127.0.0.1", "does-not-exist.invalid"], (host) =>
        Effect.map(Effect.flip(connect(host, port)), (failure) =>
          failure instanceof ConnectFailure ? failure.phase : undefined
        )
      )
      assert.deepStrictEqual(phases, ["connect", "resolve"])
    })
  )
})
