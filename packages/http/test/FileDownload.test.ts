import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@privx-kit/http/Endpoint"
import type * as DurableFile from "@privx-kit/files/DurableFile"
import * as FileDownload from "@privx-kit/http/FileDownload"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { createHash } from "node:crypto"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as http from "node:http"
import type * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const body = Array.from({ length: 5000 }, (_, index) => `echo ${index}\n`).join("")
const sha256 = createHash("sha256").update(body).digest("hex")

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-download-"))),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
)

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.delay(until(condition), 2)))

const toFile = (target: string, options?: Parameters<typeof FileDownload.toFile>[2]) =>
  Effect.flatMap(Endpoint.download(TestApi.api, { group: "things", endpoint: "open" }), (open) =>
    FileDownload.toFile(target, (rest) => open({ params: { id: "1" } }, rest), options)
  )

/** Announces the whole body, sends `bytes` bytes of it, and closes the connection. */
const cutAt = (bytes: number, headers: Record<string, string> = {}): WireServer.Answer => [
  `${WireServer.answer(200, "", { ...headers, "Content-Length": String(body.length) })[0] as string}${body.slice(0, bytes)}`,
  "close"
]

const rest = (received: WireServer.Received, headers: Record<string, string>): WireServer.Answer => {
  const from = Number(/bytes=(\d+)-/.exec(received.headers.range ?? "")?.[1])
  return WireServer.answer(206, body.slice(from), {
    ...headers,
    "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}`
  })
}

/** Bytes without repetitions. */
const large = (() => {
  const words = new Uint32Array(3_000_001)
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 2_654_435_761)
  return Buffer.from(words.buffer)
})()

/** A server that sends pieces of varying size, with a length or as chunks, and waits for a slow reader. */
const inPieces = (framing: "length" | "chunked" | "close") =>
  Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const server = http.createServer((_, response) => {
        if (framing === "length") response.setHeader("Content-Length", large.length)
        if (framing === "close") response.useChunkedEncodingByDefault = false
        void (async () => {
          for (let from = 0, turn = 0; from < large.length && !response.destroyed; turn++) {
            const to = from + ([7, 40_000, 300_000, 1, 65_536, 1_000_000][turn % 6] ?? 0)
            if (!response.write(large.subarray(from, to))) await once(response, "drain").catch(() => undefined)
            from = to
          }
          response.end()
        })()
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close().closeAllConnections())
  ).pipe(Effect.map((server) => new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`)))

/** A file in memory with slow, strictly sequential writes. */
const slowly = (written: Array<Buffer>): DurableFile.Unfinished => {
  let isWriting = false
  return {
    write: () => Effect.die("not written so"),
    append: async (bytes) => {
      assert.isFalse(isWriting)
      isWriting = true
      await new Promise((resolve) => setTimeout(resolve, written.length % 3))
      // Copies only now, after other chunks have arrived: the memory of the chunk must still be unchanged.
      written.push(Buffer.from(bytes))
      isWriting = false
    },
    reset: () => {
      written.length = 0
    },
    commit: () => Effect.void
  }
}

describe("FileDownload", () => {
  it.live.each(["length", "chunked", "close"] as const)(
    "writes what came, in its order, to a disk slower than the server (%s)",
    (framing) =>
      Effect.gen(function* () {
        const url = yield* inPieces(framing)
        const written: Array<Buffer> = []
        const received = yield* Effect.gen(function* () {
          const open = yield* Endpoint.download(TestApi.api, { group: "things", endpoint: "open" })
          return yield* FileDownload.into(slowly(written), (rest) => open({ params: { id: "1" } }, rest), { path: "x" })
        }).pipe(Effect.provide(TestApi.layer(url)))
        assert.deepInclude(received, {
          bytes: large.length,
          sha256: createHash("sha256").update(large).digest("hex")
        })
        assert.isTrue(Buffer.concat(written).equals(large))
      })
  )

  it.live("is no longer writing when it has been interrupted", () =>
    Effect.gen(function* () {
      const url = yield* inPieces("length")
      const written: Array<Buffer> = []
      const file = slowly(written)
      let writes = 0
      let ended = 0
      const fiber = yield* Effect.gen(function* () {
        const open = yield* Endpoint.download(TestApi.api, { group: "things", endpoint: "open" })
        return yield* FileDownload.into(
          {
            ...file,
            append: async (bytes) => {
              writes++
              await new Promise((resolve) => setTimeout(resolve, 30))
              ended++
              await file.append(bytes)
            }
          },
          (rest) => open({ params: { id: "1" } }, rest),
          { path: "x" }
        )
      }).pipe(Effect.provide(TestApi.layer(url)), Effect.forkChild)
      yield* until(() => writes > 0)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(ended, writes)
    })
  )

  it.live("resumes behind the last byte that came, though small pieces are gathered before they are written", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make((received, index) => {
        const from = Number(/bytes=(\d+)-/.exec(received.headers.range ?? "")?.[1] ?? 0)
        if (index > 3) return rest(received, { ETag: '"v1"' })
        const head = WireServer.answer(index === 0 ? 200 : 206, "", {
          ETag: '"v1"',
          "Content-Length": String(body.length - from),
          ...(index === 0 ? {} : { "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}` })
        })[0] as string
        return [
          head,
          body.slice(from, from + 7),
          body.slice(from + 7, from + 5000),
          index % 2 === 0 ? "close" : "reset"
        ]
      })
      const received = yield* Effect.provide(toFile(target), TestApi.layer(server.url))
      assert.deepInclude(received, { bytes: body.length, sha256 })
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(target, "utf8")), body)
    })
  )

  it.live("ends when its time is over, however often a hostile server breaks off after one more byte", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make((received) => {
        const from = Number(/bytes=(\d+)-/.exec(received.headers.range ?? "")?.[1] ?? 0)
        const head = WireServer.answer(from === 0 ? 200 : 206, "", {
          ETag: '"v1"',
          "Content-Length": String(body.length - from),
          ...(from === 0 ? {} : { "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}` })
        })[0] as string
        return [head + body.slice(from, from + 1), "close"]
      })
      const layer = TestApi.layer(server.url, { downloadDeadline: "150 millis" })
      const failure = yield* Effect.flip(Effect.provide(toFile(target), layer))
      assert.strictEqual(failure._tag, "TransportError")
      // The result depends on whether the time ends during a transfer or during a pause.
      if (failure._tag === "TransportError") assert.oneOf(failure.reason, ["truncated", "deadline"])
      assert.isAbove(server.received.length, 4)
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), [])
    })
  )

  it.live("writes a file that is whole, private, and hashed", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make([WireServer.answer(200, body)])
      const progress: Array<readonly [number, number | undefined]> = []
      const received = yield* toFile(target, { onProgress: (bytes, total) => progress.push([bytes, total]) }).pipe(
        Effect.provide(TestApi.layer(server.url))
      )
      assert.deepInclude(received, { bytes: body.length, sha256, resumed: 0 })
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(target, "utf8")), body)
      assert.strictEqual((yield* Effect.promise(() => fs.stat(target))).mode & 0o777, 0o600)
      assert.deepStrictEqual(progress.at(-1), [body.length, body.length])
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), ["script.sh"])
    })
  )

  it.live("resumes an interrupted download if the server sent a strong ETag, repeatedly", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const etag = '"v1"'
      const server = yield* WireServer.make((received, index) => {
        if (index === 0) return cutAt(1000, { ETag: etag })
        if (index < 9) {
          const from = 1000 + (index - 1) * 100
          const head = WireServer.answer(206, "", {
            ETag: etag,
            "Content-Length": String(body.length - from),
            "Content-Range": `bytes ${from}-${body.length - 1}/${body.length}`
          })[0] as string
          return [head + body.slice(from, from + 100), "close"]
        }
        return rest(received, { ETag: etag })
      })
      const received = yield* Effect.provide(toFile(target), TestApi.layer(server.url))
      assert.deepInclude(received, { bytes: body.length, sha256, resumed: 9 })
      assert.strictEqual(server.received[1]?.headers.range, "bytes=1000-")
      assert.strictEqual(server.received[1]?.headers["if-range"], etag)
    })
  )

  it.live.each([
    { what: "has other bytes meanwhile", headers: { ETag: '"v1"' } },
    { what: "gave a weak ETag", headers: { ETag: 'W/"v1"' } },
    { what: "gave none", headers: {} }
  ])("begins again when the server $what", ({ headers }) =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make([
        [`${cutAt(0, headers as Record<string, string>)[0] as string}${"x".repeat(3000)}`, "close"],
        WireServer.answer(200, body)
      ])
      const received = yield* Effect.provide(toFile(target), TestApi.layer(server.url))
      assert.deepInclude(received, { bytes: body.length, sha256, resumed: 0 })
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(target, "utf8")), body)
    })
  )

  it.live("does not add a part that it has not asked for", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make([
        cutAt(1000, { ETag: '"v1"' }),
        WireServer.answer(206, body.slice(500), {
          ETag: '"v1"',
          "Content-Range": `bytes 500-${body.length - 1}/${body.length}`
        }),
        WireServer.answer(200, body)
      ])
      const received = yield* Effect.provide(toFile(target), TestApi.layer(server.url))
      assert.deepInclude(received, { bytes: body.length, sha256, resumed: 0 })
      assert.isUndefined(server.received[2]?.headers.range)
    })
  )

  it.live("gives up after the attempts of the policy, and leaves nothing", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      const server = yield* WireServer.make(() => cutAt(1000))
      const failure = yield* Effect.flip(Effect.provide(toFile(target), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "truncated" })
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), [])
    })
  )

  it.live("keeps what had the name until the new file is whole, and leaves nothing when it is interrupted", () =>
    Effect.gen(function* () {
      const target = path.join(yield* directory, "script.sh")
      yield* Effect.promise(() => fs.writeFile(target, "old"))
      const server = yield* WireServer.make([[cutAt(1000)[0]!, "hang"]])
      let bytes = 0
      const fiber = yield* toFile(target, {
        onProgress: (so) => {
          bytes = so
        }
      }).pipe(Effect.provide(TestApi.layer(server.url)), Effect.forkChild)
      yield* until(() => bytes === 1000)
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(target, "utf8")), "old")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), ["script.sh"])
      yield* until(() => server.connections.open === 0)
    })
  )

  it.live("refuses too many bytes, and a directory that is not there", () =>
    Effect.gen(function* () {
      const at = yield* directory
      const server = yield* WireServer.make(() => WireServer.answer(200, body))
      const layer = TestApi.layer(server.url)
      const large = yield* Effect.flip(Effect.provide(toFile(path.join(at, "a"), { maxBytes: 100 }), layer))
      assert.deepInclude(large, { _tag: "TransportError", reason: "tooLarge", detail: "received more than 100 bytes" })
      const missing = yield* Effect.flip(Effect.provide(toFile(path.join(at, "no", "a")), layer))
      assert.deepInclude(missing, { _tag: "StorageFailed", reason: "missing" })
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(at)), [])
    })
  )

  it.live("says that the disk is full, and leaves nothing", () =>
    Effect.gen(function* () {
      // The device of the kernel that is always full: its ENOSPC is as real as that of a disk.
      const at = yield* directory
      const server = yield* WireServer.make(() => WireServer.answer(200, body))
      yield* Effect.promise(() => fs.symlink("/dev/full", path.join(at, "full")))
      const failure = yield* Effect.gen(function* () {
        const open = yield* Endpoint.download(TestApi.api, { group: "things", endpoint: "open" })
        const handle = yield* Effect.promise(() => fs.open(path.join(at, "full"), "a"))
        return yield* FileDownload.into(
          {
            write: () => Effect.void,
            append: (bytes) => handle.write(bytes).then(() => undefined),
            reset: () => {},
            commit: () => Effect.void
          },
          (rest) => open({ params: { id: "1" } }, rest),
          { path: path.join(at, "full") }
        ).pipe(Effect.flip, Effect.ensuring(Effect.promise(() => handle.close())))
      }).pipe(Effect.provide(TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "StorageFailed", reason: "full" })
    })
  )
})
