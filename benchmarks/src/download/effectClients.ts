/** Downloads with Effect: its own client, and the kit. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Connection } from "@privx-kit/http/Connection"
import * as Endpoint from "@privx-kit/http/Endpoint"
import * as FileDownload from "@privx-kit/http/FileDownload"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import * as fs from "node:fs/promises"
import type { Download } from "./Download.ts"

/** What one would write with the parts at hand: hash each chunk on its way into the file's sink. */
const hashInto = <E>(stream: Stream.Stream<Uint8Array, E>, file: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const hash = createHash("sha256")
    yield* stream.pipe(
      Stream.tap((chunk) => Effect.sync(() => hash.update(chunk))),
      Stream.run(files.sink(file))
    )
    return hash.digest("hex")
  })

export const effectClient: Download = (url, file) =>
  Effect.flatMap(HttpClient.get(url), (response) => hashInto(response.stream, file)).pipe(
    Effect.provide([NodeHttpClient.layerUndici, NodeFileSystem.layer]),
    Effect.runPromise
  )

const api = HttpApi.make("benchmark").add(
  HttpApiGroup.make("things")
    .add(
      HttpApiEndpoint.get("open", "/:bytes", {
        params: { bytes: Schema.NonEmptyString },
        success: HttpApiSchema.StreamUint8Array()
      }).annotate(Operation, { name: "Things.open", safeToRepeat: true, authorization: "none" })
    )
    .middleware(PrivxMiddleware)
)

const transportTo = (origin: string) =>
  Transport.layer.pipe(
    Layer.provide(TokenProvider.layerStatic(Redacted.make("benchmark-token"))),
    Layer.provide(Connection.layer({ baseUrl: new URL(origin), maxDownloadBytes: Number.MAX_SAFE_INTEGER }))
  )

const open = Endpoint.download(api, { group: "things", endpoint: "open" })

/** The body as a stream, for a consumer other than that of `kitFile`. */
export const kitStream: Download = (url, file) => {
  const { origin, pathname } = new URL(url)
  return Effect.gen(function* () {
    const download = yield* (yield* open)({ params: { bytes: pathname.slice(1) } })
    return yield* hashInto(download.stream, file)
  }).pipe(Effect.scoped, Effect.provide([transportTo(origin), NodeFileSystem.layer]), Effect.runPromise)
}

/** With all that belongs to it: resumption, fsync of file and directory, and the name only when the file is whole. */
export const kitFile: Download = (url, file) => {
  const { origin, pathname } = new URL(url)
  return Effect.gen(function* () {
    const get = yield* open
    const received = yield* FileDownload.toFile(file, (rest) => get({ params: { bytes: pathname.slice(1) } }, rest))
    return received.sha256
  }).pipe(Effect.provide(transportTo(origin)), Effect.runPromise)
}

/** The same into a file without a flush to the disk, as in all other subjects. */
export const kitFileUnforced: Download = (url, file) => {
  const { origin, pathname } = new URL(url)
  return Effect.gen(function* () {
    const get = yield* open
    const handle = yield* Effect.acquireRelease(
      Effect.promise(() => fs.open(file, "w")),
      (handle) => Effect.promise(() => handle.close())
    )
    const append = async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.byteLength;) at += (await handle.write(bytes, at)).bytesWritten
    }
    const received = yield* FileDownload.into(
      { append, write: (bytes) => Effect.promise(() => append(bytes)), reset: () => {}, commit: () => Effect.void },
      (rest) => get({ params: { bytes: pathname.slice(1) } }, rest),
      { path: file }
    )
    return received.sha256
  }).pipe(Effect.scoped, Effect.provide(transportTo(origin)), Effect.runPromise)
}
