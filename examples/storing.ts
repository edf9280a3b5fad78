/** Durable files, and the content-addressed store for scripts. */
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-storing-"))

// #region files
/** The file is there as a whole or not at all, whenever the process dies. */
const note = DurableFile.write(path.join(directory, "note.txt"), Buffer.from("hello\n"), { owner: "example" })
// #endregion

// #region artifacts
/** Stores bytes under their SHA-256, and reads them again: what was changed on the disk is not returned. */
const stored = Effect.gen(function* () {
  const store = yield* ArtifactStore
  const { bytes, sha256 } = yield* store.store(Stream.make(new TextEncoder().encode("#!/bin/sh\n")))
  return `${bytes} bytes, ${(yield* store.read(sha256)).byteLength} of them intact`
})

const storage = ArtifactStore.layer.pipe(Layer.provide(DataDirectory.layer(path.join(directory, "data"))))
// #endregion

const program = Effect.gen(function* () {
  yield* note
  yield* Console.log(fs.readFileSync(path.join(directory, "note.txt"), "utf8").trim())
  yield* Console.log(yield* Effect.provide(stored, storage))
})

await Effect.runPromise(program)
fs.rmSync(directory, { recursive: true })
