/**
 * How the processes of a cluster reach each other. A process can send only two messages to another: "read the database
 * now" and "are you there". Work, decisions and destinations of scripts exist only in the database.
 *
 * The transport is TLS 1.2 with a pre-shared key and fresh keys for each connection: both sides prove that they know
 * the secret of the cluster, and every byte after that is bound to the proof. A byte `L` asks the other side to read
 * the database; a byte `P` is answered with `P`. Any other byte closes the connection.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { SocketServerError, SocketServerOpenError } from "effect/socket/SocketServer"
import type * as net from "node:net"
import * as tls from "node:tls"

/** Identifies the key and the protocol. Two versions that differ in either refuse each other. */
const identity = "privx-kit-doorbell/1"

/** Both have forward secrecy; the second is for builds of OpenSSL that lack the first, such as those for FIPS. */
const handshake = {
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2"
} as const

const look = 0x4c
const ping = 0x50

/** Time limits for authentication and for silence, in milliseconds. */
const handshakeTimeout = 3000
const silence = 600_000

/**
 * Maximum number of unauthenticated connections; for a further one, the oldest is closed. A peer needs a few
 * milliseconds to authenticate.
 */
const mostUnproved = 64

/**
 * The other process cannot be reached, or does not belong to this cluster.
 *
 * @since 0.1.0
 * @category models
 */
export class PeerUnreachable extends Schema.TaggedError<PeerUnreachable>()("PeerUnreachable", {
  host: Schema.String,
  port: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `Cannot reach the worker at ${this.host}:${this.port}: ${this.detail}.`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * The doorbell of this process.
 *
 * @since 0.1.0
 * @category services
 */
export class Doorbell extends Context.Service<
  Doorbell,
  {
    /** The address on which it listens. */
    readonly port: number
    /** Sets what a ring does; until then, a ring does nothing. */
    readonly onRing: (act: () => void) => Effect.Effect<void>
  }
>()("privx-kit/cluster/Doorbell") {}

/**
 * Listens for the other processes of the cluster, until the scope closes.
 *
 * **Details**: TLS 1.2 with the secret of the cluster as the pre-shared key. Port 0 takes a free port.
 *
 * **Errors**: `SocketServerError` if it cannot listen.
 *
 * @example
 * ```ts
 * import * as ClusterSecret from "@privx-kit/durable/ClusterSecret"
 * import * as Doorbell from "@privx-kit/durable/Doorbell"
 * import * as Effect from "effect/Effect"
 *
 * export const doorbell = Effect.flatMap(ClusterSecret.load, (secret) => Doorbell.listen(secret, { host: "0.0.0.0", port: 7400 }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const listen = (
  secret: Redacted.Redacted<Uint8Array>,
  { host, port }: Address
): Effect.Effect<Doorbell["Service"], SocketServerError, Scope.Scope> =>
  Effect.gen(function* () {
    let ring = (): void => {}
    const open = new Set<net.Socket>()
    const unproved = new Map<string, net.Socket>()
    const server = tls.createServer({
      ...handshake,
      dhparam: "auto",
      handshakeTimeout,
      pskCallback: (_socket, offered) => (offered === identity ? Redacted.value(secret) : null)
    })
    server.on("connection", (socket: net.Socket) => {
      const key = keyOf(socket)
      open.add(socket)
      unproved.set(key, socket)
      socket.once("close", () => {
        open.delete(socket)
        unproved.delete(key)
      })
      const [oldest] = unproved.values()
      if (unproved.size > mostUnproved) oldest?.destroy()
    })
    server.on("tlsClientError", (_error, socket) => socket.destroy())
    server.on("secureConnection", (socket) => {
      unproved.delete(keyOf(socket))
      socket.setNoDelay(true)
      socket.setTimeout(silence, () => socket.destroy())
      socket.on("error", () => socket.destroy())
      socket.on("data", (bytes: Buffer) => {
        if (bytes.some((byte) => byte !== look && byte !== ping)) {
          socket.destroy()
          return
        }
        if (bytes.includes(look)) ring()
        // The other side does not read its replies, so no more are sent.
        if (bytes.includes(ping) && !socket.writableNeedDrain) socket.write(Uint8Array.of(ping))
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void, SocketServerError>((resume) => {
        const failed = (cause: Error): void =>
          resume(Effect.fail(new SocketServerError({ reason: new SocketServerOpenError({ cause }) })))
        server.once("error", failed)
        server.listen(port, host, () => {
          server.off("error", failed)
          server.on("error", () => {})
          resume(Effect.void)
        })
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of open) socket.destroy()
        })
    )
    const bound = server.address()
    return Doorbell.of({
      port: bound === null || typeof bound === "string" ? port : bound.port,
      onRing: (act) =>
        Effect.sync(() => {
          ring = act
        })
    })
  })

/** The raw socket and its TLS socket are two objects with the same remote end. */
const keyOf = ({ remoteAddress, remotePort }: net.Socket): string => `${remoteAddress} ${remotePort}`

/**
 * A connection to the doorbell of another process.
 *
 * @since 0.1.0
 * @category models
 */
export interface Line {
  /** Asks the other process to read the database. One pending request is sufficient. */
  readonly look: Effect.Effect<void, PeerUnreachable>
  /** Succeeds when the other process has replied. */
  readonly ping: Effect.Effect<void, PeerUnreachable>
}

/**
 * Connects to another process of the cluster, until the scope closes.
 *
 * **Details**: succeeds when both sides have authenticated.
 *
 * **Errors**: `PeerUnreachable` if the process cannot be reached, or has another secret or protocol.
 *
 * @example
 * ```ts
 * import * as ClusterSecret from "@privx-kit/durable/ClusterSecret"
 * import * as Doorbell from "@privx-kit/durable/Doorbell"
 * import * as Effect from "effect/Effect"
 *
 * export const rung = Effect.gen(function* () {
 *   const line = yield* Doorbell.connect(yield* ClusterSecret.load, { host: "worker-2.example.com", port: 7400 })
 *   yield* line.look
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (
  secret: Redacted.Redacted<Uint8Array>,
  address: Address
): Effect.Effect<Line, PeerUnreachable, Scope.Scope> =>
  Effect.gen(function* () {
    const waiting = new Set<(exit: Effect.Effect<void, PeerUnreachable>) => void>()
    const unreachable = (detail: string) => new PeerUnreachable({ ...address, detail })
    let lost: PeerUnreachable | undefined
    const answer = (exit: Effect.Effect<void, PeerUnreachable>): void => {
      const resumed = [...waiting]
      // A fiber that waits again at once waits for the next reply.
      waiting.clear()
      for (const resume of resumed) resume(exit)
    }
    const lose = (detail: string): void => {
      lost ??= unreachable(detail)
      answer(Effect.fail(lost))
    }

    const socket = yield* Effect.acquireRelease(
      Effect.sync(() =>
        tls.connect({
          ...handshake,
          host: address.host,
          port: address.port,
          pskCallback: () => ({ psk: Redacted.value(secret), identity }),
          // There are no certificates: no suite without the key is offered.
          checkServerIdentity: () => undefined
        })
      ),
      (socket) => Effect.sync(() => socket.destroy())
    )
    socket.setNoDelay(true)
    socket.on("error", (error) => lose(error.message))
    socket.on("close", () => lose("the connection was closed"))
    socket.on("data", (bytes: Buffer) => {
      if (bytes.every((byte) => byte === ping)) answer(Effect.void)
      else socket.destroy()
    })

    /** Waits for `answer`, or for `otherwise` to be called. */
    const answered = (otherwise: (resume: () => void) => void) =>
      Effect.callback<void, PeerUnreachable>((resume) => {
        if (lost !== undefined) return resume(Effect.fail(lost))
        waiting.add(resume)
        otherwise(() => {
          waiting.delete(resume)
          resume(Effect.void)
        })
        return Effect.sync(() => waiting.delete(resume))
      })
    yield* answered((resume) => socket.once("secureConnect", resume)).pipe(
      Effect.timeoutOrElse({
        duration: handshakeTimeout,
        orElse: () => Effect.fail(unreachable("it did not complete the handshake in time"))
      })
    )

    /** One unsent byte is sufficient: the other side may not be reading. */
    const leaving = new Set<number>()
    const send = (byte: number) =>
      Effect.suspend(() => {
        if (lost !== undefined) return Effect.fail(lost)
        if (!leaving.has(byte)) {
          leaving.add(byte)
          socket.write(Uint8Array.of(byte), () => leaving.delete(byte))
        }
        return Effect.void
      })
    return {
      look: send(look),
      ping: Effect.andThen(
        send(ping),
        answered(() => {})
      )
    }
  })
