/**
 * Hands a verified script over: the manifest, which is the proof of what was done, and, where an output folder is wanted,
 * the script itself. Everything can be done again after a crash and comes out the same.
 */
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import pkg from "../package.json" with { type: "json" }
import { ArtifactStore } from "./ArtifactStore.ts"
import { DataFolder } from "./DataFolder.ts"
import * as DurableFile from "@privx-kit/http/DurableFile"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"

export const Manifest = Schema.Struct({
  /** Of this format. */
  version: Schema.Literal(1),
  runId: Schema.String,
  /** Base URL of the PrivX that the script came from. */
  target: Schema.String,
  downloadedAt: Schema.DateTimeUtcFromString,
  script: Schema.Struct({
    sha256: Schema.String,
    bytes: Schema.Int,
    /** `Content-Type` as sent. */
    contentType: Schema.NullOr(Schema.String),
    /** `Content-Length`, where the server sent one. */
    announcedLength: Schema.NullOr(Schema.Int)
  }),
  verification: VerificationReport,
  kit: Schema.Struct({ name: Schema.String, version: Schema.String })
})

export type Manifest = typeof Manifest.Type

/** Names of the files in the output folder. */
export const scriptName = "privx-ueba-setup.sh"
export const manifestName = "privx-ueba-setup.manifest.json"

/** For the user alone, because it may hold credentials; executable, because running it is what it is for. */
const scriptMode = 0o700

export class Delivery extends Context.Service<
  Delivery,
  {
    readonly deliver: (
      manifest: Omit<Manifest, "version" | "kit">,
      /** Absolute path of the output folder. */
      output: string | undefined
    ) => Effect.Effect<{ readonly manifest: string; readonly delivered: string | undefined }, StorageFailed>
  }
>()("privx-kit/Delivery") {
  static readonly layer: Layer.Layer<Delivery, never, ArtifactStore | DataFolder> = Layer.effect(
    Delivery,
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const { path: folder } = yield* DataFolder
      return Delivery.of({
        deliver: Effect.fn("Delivery.deliver")(function* (content, output) {
          const json = Buffer.from(
            `${JSON.stringify(encode({ ...content, version: 1, kit: { name: pkg.name, version: pkg.version } }), null, 2)}\n`
          )
          const { runId } = content
          const kept = path.join(folder, "manifests", `${runId}.json`)
          yield* DurableFile.makeFolder(path.dirname(kept))
          yield* DurableFile.write(kept, json, { owner: runId })
          if (output === undefined) return { manifest: kept, delivered: undefined }
          const delivered = path.join(output, scriptName)
          const manifest = path.join(output, manifestName)
          const script = yield* store.read(content.script.sha256)
          yield* DurableFile.makeFolder(output)
          yield* DurableFile.write(delivered, script, { owner: runId, mode: scriptMode })
          // Last, so that a manifest always stands beside the script that it speaks of.
          yield* DurableFile.write(manifest, json, { owner: runId })
          return { manifest, delivered }
        })
      })
    })
  )
}

const encode = Schema.encodeSync(Schema.toCodecJson(Manifest))
