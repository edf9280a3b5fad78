/** The setups of privx-kit, with everything on: verification, provenance, record. */
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import * as SessionId from "@privx-kit/core/SessionId"
import { Connection } from "@privx-kit/http/Connection"
import { TokenProvider } from "@privx-kit/http/TokenProvider"
import { Transport } from "@privx-kit/http/Transport"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import { Ueba } from "@privx-kit/ueba/Ueba"
import { CheckName, type VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import * as path from "node:path"
// @boundaries-ignore the app is measured from within, as its long-running commands use it
import "../../../apps/orchestrator/src/cli/CompiledSchemas.ts"
import * as PostgresStorage from "@privx-kit/runs/PostgresStorage"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as ClusterWorker from "../../../apps/orchestrator/src/worker/ClusterWorker.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { Setups } from "../../../apps/orchestrator/src/setup/Setups.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { type HostServices, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as DomainList from "../../../apps/orchestrator/src/domain/DomainList.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import { builtIn } from "../../../apps/orchestrator/src/Domains.ts"
// @boundaries-ignore the app is measured from within: it exports nothing
import * as EmbeddedRuntime from "../../../apps/orchestrator/src/EmbeddedRuntime.ts"
import * as counting from "./counting.ts"
import type { Place, Subject } from "./Subject.ts"

export const client = ({ token, url }: Place): Layer.Layer<HostServices> =>
  Transport.layer.pipe(
    Layer.provideMerge(TokenProvider.layerStatic(Redacted.make(token))),
    Layer.provideMerge(Connection.layer({ baseUrl: new URL(url) }))
  )

export const reached = (place: Place): Layer.Layer<Ueba> => Ueba.layer().pipe(Layer.provide(client(place)))

export const domains = DomainList.layer(builtIn)

export const bytes = new TextEncoder().encode(SetupScript.text)

/** Answers at once, from memory. */
export const atHand = Layer.suspend(() => {
  const session = (): SetupSessionId => Schema.decodeSync(SessionId.SetupSessionId)(randomUUID())
  return Layer.mock(Ueba)({
    createSession: Effect.sync(() => ({ id: session() })),
    openSetupScript: () =>
      Effect.succeed({
        operation: "downloadSetupScript",
        origin: "memory:",
        deadline: Duration.infinity,
        status: 200,
        total: bytes.length,
        contentLength: bytes.length,
        delimitedBy: "length" as const,
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
    EmbeddedRuntime.layerSetups({ dataDir: path.join(place.directory, "data"), target: new URL(place.url) }).pipe(
      Layer.provide(client(place)),
      Layer.provide(domains)
    ),
    place.url
  )

export const postgres = async (place: Place): Promise<Subject> => {
  const databaseUrl = Redacted.make(place.databaseUrl)
  await Effect.runPromise(Effect.provide(PostgresStorage.migrate({ url: databaseUrl }), domains))
  const { counts: _, ...rest } = await subject(
    Setups.layer.pipe(
      Layer.provide(
        ClusterWorker.layer({
          databaseUrl,
          host: "127.0.0.1",
          concurrency: 64,
          keyDirectory: path.join(place.directory, "keys")
        })
      ),
      Layer.provide(PrivxHosts.single(new URL(place.url)).pipe(Layer.provide(client(place)))),
      Layer.provide(domains)
    ),
    place.url
  )
  return rest
}
