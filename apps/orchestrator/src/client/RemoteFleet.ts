/**
 * A fleet on a server: submits the file and the files that it names, follows the run to its end, and downloads the
 * scripts.
 */
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as crypto from "node:crypto"
import * as path from "node:path"
import * as FleetFile from "../fleet/FleetFile.ts"
import { type Resolve, resolver } from "../fleet/FleetHosts.ts"
import { type HostReport, notBrought } from "../fleet/FleetReport.ts"
import { FailureJson, type FleetFailure } from "../fleet/FleetRun.ts"
import { selecting, type Selection } from "../fleet/FleetSelection.ts"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import * as PolicyFile from "../setup/PolicyFile.ts"
import * as Settings from "@privx-kit/settings/Settings"
import type { FleetBody } from "../server/FleetApi.ts"
import { type ClientFailure, RunClient, type RunFailure } from "./RunClient.ts"
import * as RemoteRunClient from "./RemoteRunClient.ts"
import * as RemoteSetup from "./RemoteSetup.ts"
import { ServerClient } from "./ServerClient.ts"
import { ServerRefused } from "./ServerRefused.ts"

export interface SubmittedFleet {
  /** The fleet as this machine reads it, without credentials: the executing process resolves them. */
  readonly fleet: FleetFile.Fleet
  readonly warnings: ReadonlyArray<string>
  readonly body: FleetBody
}

/** Reads the file and the files that it names, and reports all problems before anything is sent. */
export const read = Effect.fn("RemoteFleet.read")(function* ({
  file,
  ...selection
}: Selection & { readonly file: string }) {
  const text = yield* FleetFile.load(file)
  const directory = path.dirname(path.resolve(file))
  const policyFiles = new Set<string>()
  const caFiles = new Set<string>()
  const here = resolver(directory, Settings.thisHost().environment, { credentials: false })
  const resolve: Resolve = (settings, report) => {
    const { bootstrap, ca_file = [], policy } = settings
    if (bootstrap?.trust_anchors_file !== undefined) caFiles.add(bootstrap.trust_anchors_file)
    if (policy !== undefined) policyFiles.add(policy)
    for (const name of typeof ca_file === "string" ? [ca_file] : ca_file) caFiles.add(name)
    return here(settings, report)
  }
  const { fleet, warnings } = yield* FleetFile.check(text, file, resolve)
  const policies: Record<string, VerificationPolicy> = {}
  for (const name of policyFiles) policies[name] = yield* PolicyFile.read(path.resolve(directory, name))
  const certificates: Record<string, string> = {}
  // They were read a moment ago. A private key next to a certificate must not leave this machine.
  for (const name of caFiles) {
    const { pems } = yield* TrustAnchors.fromFiles([path.resolve(directory, name)])
    certificates[name] = pems.join("\n")
  }
  const body: FleetBody = {
    definition: text,
    file,
    policies,
    certificates,
    timeZone: FleetFile.thisZone(),
    only: selection.only,
    labels: selection.label
  }
  const read: SubmittedFleet = {
    fleet: { ...fleet, hosts: fleet.hosts.filter(selecting(selection)) },
    warnings,
    body
  }
  return read
})

/** Sent with a key, so that it can be sent again if the response is lost. */
export const apply = Effect.fn("RemoteFleet.apply")(function* (body: FleetBody) {
  const { api, origin } = yield* ServerClient
  return yield* api.fleets
    .apply({ payload: body, headers: { "idempotency-key": crypto.randomUUID() } })
    .pipe(RemoteRunClient.named("fleets.apply", origin))
})

export const plan = Effect.fn("RemoteFleet.plan")(function* (body: FleetBody) {
  const { api, origin } = yield* ServerClient
  return yield* api.fleets.plan({ payload: body }).pipe(RemoteRunClient.named("fleets.plan", origin))
})

export const standing = Effect.fn("RemoteFleet.standing")(function* (body: FleetBody) {
  const { api, origin } = yield* ServerClient
  return yield* api.fleets.standing({ payload: body }).pipe(RemoteRunClient.named("fleets.status", origin))
})

export const show = Effect.fn("RemoteFleet.show")(function* (run: string) {
  const { api, origin } = yield* ServerClient
  return yield* api.fleets.show({ params: { run } }).pipe(RemoteRunClient.named("fleets.show", origin))
})

export type Shown = Effect.Success<ReturnType<typeof show>>

/**
 * In milliseconds. The cost of a report is proportional to the number of hosts, so larger fleets are polled less often.
 */
const pauseFor = (hosts: number): number => Math.max(1000, 2 * hosts)

/**
 * Returns the fleet run when it has ended; hosts may have failed or wait for approval. Fails if the run was cancelled or
 * cannot be recorded.
 *
 * @param look called with the hosts from time to time
 */
export const outcome = Effect.fn("RemoteFleet.outcome")(function* (
  runId: string,
  look: (shown: Shown) => Effect.Effect<void>
): Effect.fn.Return<Shown, RunFailure | FleetFailure, RunClient | ServerClient> {
  const client = yield* RunClient
  let hosts = 0
  const looking = Effect.suspend(() => Effect.delay(show(runId), pauseFor(hosts))).pipe(
    Effect.tap((shown) => {
      hosts = shown.hosts.length
      return look(shown)
    }),
    // A person who follows the run learns whether the server can be reached.
    Effect.ignore,
    Effect.forever
  )
  const { failure } = yield* client.follow(runId, () => Effect.void).pipe(Effect.raceFirst(looking))
  const shown = yield* show(runId)
  if (failure === null) return shown
  const decoded = yield* Effect.mapError(
    Schema.decodeUnknownEffect(FailureJson)(failure),
    (): ClientFailure =>
      new ServerRefused({
        status: 200,
        reason: "Mismatch",
        detail: `The result of fleet run ${runId} cannot be read: the server has another version of privx-kit.`,
        advice: "Use the same version as the server."
      })
  )
  return decoded._tag === "FleetIncomplete" ? shown : yield* Effect.fail(decoded)
})

const checkFile = "Use the fleet file that the fleet was submitted with."

/** Maximum number of concurrent downloads of scripts. */
const atOnce = 4

/**
 * Downloads scripts and provenance of the succeeded hosts to the output directories of the file on this machine. Returns
 * the hosts with the result: a host whose script could not be downloaded has failed, without an effect on the others.
 */
export const bring = Effect.fn("RemoteFleet.bring")(function* (
  fleet: Pick<FleetFile.Fleet, "hosts">,
  hosts: ReadonlyArray<HostReport>
): Effect.fn.Return<ReadonlyArray<HostReport>, never, ServerClient> {
  const places = new Map(fleet.hosts.map((host) => [host.name, host]))
  const failed = (host: HostReport, message: string, hint: string): HostReport => ({
    ...host,
    status: "failed",
    failure: { tag: notBrought, message, hint }
  })
  return yield* Effect.forEach(
    hosts,
    (host) => {
      const { runId, sha256, status } = host
      const { inputs: { mode, output, sha256: wanted = sha256 } = {}, target } = places.get(host.name) ?? {}
      if (output === undefined || status !== "succeeded" || runId === null || sha256 === null)
        return Effect.succeed(host)
      // The run of another fleet, or of an earlier file, may have hosts with the same names.
      if (target !== host.target)
        return Effect.succeed(
          failed(host, `The fleet file has another base URL for this host, ${target}: nothing was written.`, checkFile)
        )
      if (wanted !== sha256)
        return Effect.succeed(
          failed(host, "The script does not match the sha256 in the fleet file: nothing was written.", checkFile)
        )
      return Effect.match(RemoteSetup.bring({ runId, sha256 }, { output, mode, owner: undefined }), {
        onSuccess: () => host,
        onFailure: ({ hint, message }) => failed(host, message, hint)
      })
    },
    { concurrency: atOnce }
  )
})
