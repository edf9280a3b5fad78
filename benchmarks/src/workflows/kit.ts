/** The set-ups of privx-kit, with everything on: verification, proof, record. */
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import * as SessionId from "@privx-kit/core/SessionId"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import { Ueba } from "@privx-kit/ueba/Ueba"
import { CheckName, type VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
// @boundaries-ignore the app is measured from within, as its commands that go on for long run it
import "../../../apps/orchestrator/src/commands/CompiledSchemas.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as Postgres from "../../../apps/orchestrator/src/cluster/Postgres.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as Worker from "../../../apps/orchestrator/src/cluster/Worker.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Setups } from "../../../apps/orchestrator/src/Setups.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Targets } from "../../../apps/orchestrator/src/Targets.ts"
import * as counting from "./counting.ts"
import type { Place, Subject } from "./Subject.ts"

export const reached = ({ token, url }: Place): Layer.Layer<Ueba> =>
  Ueba.layer().pipe(
    Layer.provide(Transport.layer),
    Layer.provide(TokenProvider.layerStatic(Redacted.make(token))),
    Layer.provide(Connection.layer({ baseUrl: new URL(url) }))
  )

export const bytes = new TextEncoder().encode(SetupScript.text)

/** Answers at once, from memory. */
export const atHand = Layer.sync(Ueba, () => {
  const session = (): SetupSessionId => Schema.decodeSync(SessionId.SetupSessionId)(randomUUID())
  return Ueba.of({
    createSession: Effect.sync(() => ({ id: session() })),
    configuration: Effect.die("not asked, where nothing is compared with it"),
    openSetupScript: () =>
      Effect.succeed({
        operation: "downloadSetupScript",
        origin: "memory:",
        deadline: undefined as never,
        status: 200,
        contentLength: bytes.length,
        contentType: "text/x-shellscript",
        suggestedName: undefined,
        contentRange: undefined,
        strongETag: undefined,
        etag: undefined,
        lastModified: undefined,
        server: undefined,
        peer: undefined,
        stream: Stream.succeed(bytes),
        consume: () => Effect.die("not used")
      }),
    downloadSetupScript: () => Stream.succeed(bytes)
  })
})

export const nothing: VerificationPolicy = {
  checks: Object.fromEntries(CheckName.literals.map((name) => [name, "off" as const]))
}

export const subject = async (
  layer: Layer.Layer<Setups, unknown>,
  url: string,
  policy?: VerificationPolicy
): Promise<Subject> => {
  const runtime = ManagedRuntime.make(layer)
  const setups = await runtime.runPromise(Setups)
  const target = new URL(url)
  return {
    run: async () => {
      const { report } = await Effect.runPromise(setups.run({ target, fresh: true, policy }))
      if (!report.verified) throw new Error("a script was not verified")
    },
    counts: counting.counts
  }
}

export const sqlite = (place: Place): Promise<Subject> =>
  subject(
    Setups.layer({ dataDir: path.join(place.folder, "data"), target: new URL(place.url) }).pipe(
      Layer.provide(reached(place))
    ),
    place.url
  )

export const postgres = async (place: Place): Promise<Subject> => {
  const databaseUrl = Redacted.make(place.databaseUrl)
  await Effect.runPromise(Postgres.migrate({ url: databaseUrl }))
  const { counts: _, ...rest } = await subject(
    Worker.layer({ databaseUrl, host: "127.0.0.1", concurrency: 64, keyFolder: path.join(place.folder, "keys") }).pipe(
      Layer.provide(Targets.single(new URL(place.url))),
      Layer.provide(reached(place))
    ),
    place.url
  )
  return rest
}
