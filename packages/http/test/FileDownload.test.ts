import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@privx-kit/http/Endpoint"
import * as FileDownload from "@privx-kit/http/FileDownload"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { createHash } from "node:crypto"
import { writeSync as fsWrite } from "node:fs"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as TestApi from "./TestApi.ts"
import * as WireServer from "./WireServer.ts"

const body = Array.from({ length: 5000 }, (_, index) => `echo ${index}\n`).join("")
const sha256 = createHash("sha256").update(body).digest("hex")

const folder = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-download-"))),
  (folder) => Effect.promise(() => fs.rm(folder, { recursive: true, force: true }))
)

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.delay(until(condition), 2)))

const toFile = (target: string, options?: Parameters<typeof FileDownload.toFile>[2]) =>
  Effect.flatMap(Endpoint.download(TestApi.api, { group: "things", endpoint: "open" }), (open) =>
    FileDownload.toFile(target, (rest) => open({ params: { id: "1" } }, rest), options)
  )

/** The whole announced, so much of it sent, and then the connection closed. */
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

describe("FileDownload", () => {
  it.live("writes a file that is whole, private, and hashed", () =>
    Effect.gen(function* () {
      const target = path.join(yield* folder, "script.sh")
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

  it.live("goes on where it broke off when the server gave a strong ETag, as often as it takes", () =>
    Effect.gen(function* () {
      const target = path.join(yield* folder, "script.sh")
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
      const target = path.join(yield* folder, "script.sh")
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
      const target = path.join(yield* folder, "script.sh")
      const server = yield* WireServer.make([
        cutAt(1000, { ETag: '"v1"' }),
        WireServer.answer(206, body.slice(500), {
          ETag: '"v1"',
          "Content-Range": `bytes 500-${body.length - 1}/${body.length}`
        })
      ])
      const failure = yield* Effect.flip(Effect.provide(toFile(target), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "protocol" })
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), [])
    })
  )

  it.live("gives up after the attempts of the policy, and leaves nothing", () =>
    Effect.gen(function* () {
      const target = path.join(yield* folder, "script.sh")
      const server = yield* WireServer.make(() => cutAt(1000))
      const failure = yield* Effect.flip(Effect.provide(toFile(target), TestApi.layer(server.url)))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "truncated" })
      assert.strictEqual(server.received.length, TestApi.quick.attempts)
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(path.dirname(target))), [])
    })
  )

  it.live("keeps what had the name until the new file is whole, and leaves nothing when it is interrupted", () =>
    Effect.gen(function* () {
      const target = path.join(yield* folder, "script.sh")
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

  it.live("says what the machine refuses: too many bytes, a folder that is not there", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const server = yield* WireServer.make(() => WireServer.answer(200, body))
      const layer = TestApi.layer(server.url)
      const large = yield* Effect.flip(Effect.provide(toFile(path.join(at, "a"), { maxBytes: 100 }), layer))
      assert.deepInclude(large, { _tag: "StorageFailed", reason: "tooLarge" })
      const missing = yield* Effect.flip(Effect.provide(toFile(path.join(at, "no", "a")), layer))
      assert.deepInclude(missing, { _tag: "StorageFailed", reason: "missing" })
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(at)), [])
    })
  )

  it.live("says that the disk is full, and leaves nothing", () =>
    Effect.gen(function* () {
      // The kernel's device that is always full: an ENOSPC as real as that of a disk.
      const at = yield* folder
      const server = yield* WireServer.make(() => WireServer.answer(200, body))
      yield* Effect.promise(() => fs.symlink("/dev/full", path.join(at, "full")))
      const failure = yield* Effect.gen(function* () {
        const open = yield* Endpoint.download(TestApi.api, { group: "things", endpoint: "open" })
        const handle = yield* Effect.promise(() => fs.open(path.join(at, "full"), "a"))
        return yield* FileDownload.into(
          {
            write: () => Effect.void,
            writeNow: (bytes) => void fsWrite(handle.fd, bytes),
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
