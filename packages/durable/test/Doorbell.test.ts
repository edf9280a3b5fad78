import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as crypto from "node:crypto"
import { once } from "node:events"
import * as net from "node:net"
import * as tls from "node:tls"
import * as Doorbell from "../src/Doorbell.ts"
import { eventually } from "@privx-kit/testing/eventually"

const secretOf = () => Redacted.make(new Uint8Array(crypto.randomBytes(32)))
const loopback = { host: "127.0.0.1", port: 0 }

/** A doorbell on this machine, and the number of rings. */
const door = (secret: Redacted.Redacted<Uint8Array>) =>
  Effect.gen(function* () {
    const { onRing, port } = yield* Doorbell.listen(secret, loopback)
    let rung = 0
    yield* onRing(() => void rung++)
    return { address: { host: "127.0.0.1", port }, rung: () => rung }
  })

/** The received bytes until the other side closes the connection. */
const untilHungUp = (socket: net.Socket) =>
  Effect.promise(async () => {
    let received = Buffer.alloc(0)
    socket.on("data", (bytes: Buffer) => (received = Buffer.concat([received, bytes])))
    if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve))
    return received
  })

/** An authenticated connection that can send any bytes. */
const peer = (secret: Redacted.Redacted<Uint8Array>, port: number, options: tls.ConnectionOptions = {}) =>
  tls
    .connect({
      host: "127.0.0.1",
      port,
      ciphers: "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384",
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      pskCallback: () => ({ psk: Redacted.value(secret), identity: "privx-kit-doorbell/1" }),
      checkServerIdentity: () => undefined,
      ...options
    })
    .on("error", () => {})

describe("Doorbell", () => {
  it.live("rings and answers for clients that know the secret", () =>
    Effect.gen(function* () {
      const secret = secretOf()
      const { address, rung } = yield* door(secret)
      const line = yield* Doorbell.connect(secret, address)
      yield* line.ping
      assert.strictEqual(rung(), 0)
      yield* line.look
      yield* line.ping
      assert.strictEqual(rung(), 1)
    })
  )

  it.live("is closed to who has another secret, on either side", () =>
    Effect.gen(function* () {
      const { address, rung } = yield* door(secretOf())
      const failure = yield* Effect.flip(Doorbell.connect(secretOf(), address))
      assert.strictEqual(failure._tag, "PeerUnreachable")
      assert.include(failure.message, `127.0.0.1:${address.port}`)
      assert.strictEqual(rung(), 0)
    })
  )

  it.live("is closed to the same bytes without the secret: plain, over another suite, or under another name", () =>
    Effect.gen(function* () {
      const secret = secretOf()
      const { address, rung } = yield* door(secret)
      const plain = net.connect(address.port, "127.0.0.1").on("error", () => {})
      plain.write("LLLLPPPP")
      assert.strictEqual((yield* untilHungUp(plain)).indexOf("P"), -1)
      const anonymous = tls
        .connect({
          host: "127.0.0.1",
          port: address.port,
          minVersion: "TLSv1.2",
          ciphers: "ADH-AES256-GCM-SHA384:aNULL:@SECLEVEL=0",
          maxVersion: "TLSv1.2",
          rejectUnauthorized: false
        })
        .on("error", () => {})
      yield* untilHungUp(anonymous)
      const modern = tls
        .connect({ host: "127.0.0.1", port: address.port, rejectUnauthorized: false })
        .on("error", () => {})
      yield* untilHungUp(modern)
      const stranger = peer(secret, address.port, {
        pskCallback: () => ({ psk: Redacted.value(secret), identity: "somebody" })
      })
      yield* untilHungUp(stranger)
      assert.strictEqual(rung(), 0)
    })
  )

  it.live("does not take a server that lacks the secret for one of the cluster", () =>
    Effect.gen(function* () {
      const impostor = net.createServer((socket) => socket.on("error", () => {}).write("PPPPPPPP"))
      yield* Effect.acquireRelease(
        Effect.promise(() => once(impostor.listen(0, "127.0.0.1"), "listening")),
        () => Effect.sync(() => impostor.close())
      )
      const address = impostor.address()
      assert(address !== null && typeof address !== "string")
      const failure = yield* Effect.flip(Doorbell.connect(secretOf(), { host: "127.0.0.1", port: address.port }))
      assert.strictEqual(failure._tag, "PeerUnreachable")
    })
  )

  it.live("hangs up on a peer that sends anything but the two bytes, however it is cut", () =>
    Effect.gen(function* () {
      const secret = secretOf()
      const { address } = yield* door(secret)
      for (const bytes of ["{}", "PX", "\0"]) {
        const socket = peer(secret, address.port)
        yield* Effect.promise(() => once(socket, "secureConnect"))
        socket.write(bytes)
        assert.notInclude((yield* untilHungUp(socket)).toString(), "X")
      }
      const line = yield* Doorbell.connect(secret, address)
      yield* line.ping
    })
  )

  it.live("keeps room for its peers, however many connect and prove nothing", () =>
    Effect.gen(function* () {
      const secret = secretOf()
      const { address } = yield* door(secret)
      const sockets = Array.from({ length: 300 }, () => net.connect(address.port, "127.0.0.1").on("error", () => {}))
      yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
      yield* eventually(
        Effect.sync(() => sockets.filter((socket) => socket.resume().closed).length),
        (closed) => closed >= 200
      )
      const line = yield* Doorbell.connect(secret, address)
      yield* line.ping
      assert.isAtMost(sockets.filter(({ closed }) => !closed).length, 64)
    })
  )

  it.live("a line says so when the other side is gone, and is not used any more", () =>
    Effect.gen(function* () {
      const secret = secretOf()
      const line = yield* Effect.scoped(
        Effect.gen(function* () {
          const { address } = yield* door(secret)
          return { address, line: yield* Doorbell.connect(secret, address).pipe(Effect.scoped) }
        })
      )
      assert.strictEqual((yield* Effect.flip(line.line.ping))._tag, "PeerUnreachable")
      assert.strictEqual((yield* Effect.flip(Doorbell.connect(secret, line.address)))._tag, "PeerUnreachable")
    })
  )
})
