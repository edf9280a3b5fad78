/**
 * The view of a run over the network: it has no paths of the machine that executed the run, and no names of its accounts.
 * These are useless elsewhere, but help an attacker.
 */
import type * as Schema from "effect/Schema"
import type { Run } from "@privx-kit/runs/Run"
import type { FleetPreview } from "../fleet/FleetPreview.ts"
import type { Standing } from "../fleet/FleetStatus.ts"

type Json = Schema.Json

/** A run as viewers may see it. */
export const run = (run: Run): Run => ({
  ...run,
  inputs: inputs(run.inputs),
  result: result(run),
  failure: failure(run.failure),
  earlier: run.earlier.map((attempt) => ({ ...attempt, failure: failure(attempt.failure) }))
})

const isRecord = (json: Json): json is { readonly [key: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/** Of a setup: the output directory and who owns what is in it; of a fleet run: its file; of a keep-alive: the sealed id. */
const inputs = (json: Json): Json => {
  if (!isRecord(json)) return json
  const { file, mode: _, output: __, owner: ___, sealed: ____, ...rest } = json
  return typeof file === "string" ? { ...rest, file: file.replace(/^.*[\\/]/s, "") } : rest
}

/** Script and manifest are fetched by the id of the run. */
const result = ({ id, result: json, sha256 }: Run): Json | null => {
  if (json === null || !isRecord(json) || !("artifact" in json)) return json
  const { delivered: _, ...rest } = json
  return { ...rest, artifact: `artifact:${sha256 ?? ""}`, manifest: `provenance:${id}` }
}

/** A file that could not be used is the server's own business. */
const failure = (json: Json | null): Json | null =>
  json !== null && isRecord(json) && "path" in json
    ? { ...json, path: storage, ...(typeof json["detail"] === "string" ? { detail: masked(json["detail"]) } : {}) }
    : json

/** The system quotes the path in what it says: `ENOSPC: no space left on device, open '/var/lib/…'`. */
const masked = (detail: string): string => detail.replace(/'[^']*'|(?<![\w:/])\/[^\s,;)]+/g, `'${storage}'`)

const storage = "the server's storage"

/** The same for a failure that has become a sentence. */
export const message = ({ message, tag }: { readonly tag: string; readonly message: string }): string =>
  tag === "StorageFailed" ? `A file or database of ${storage} could not be used.` : message

/** How the hosts of a fleet stand. */
export const standing = (standing: Standing): Standing => ({
  ...standing,
  hosts: standing.hosts.map((host) => {
    const { reason, run } = host
    if (reason === null || typeof run?.failure !== "string") return host
    return { ...host, reason: { ...reason, message: message({ tag: run.failure, message: reason.message }) } }
  })
})

/** What would be done on the hosts of a fleet: without the inputs that `inputs` leaves out of a run. */
export const preview = (preview: FleetPreview): FleetPreview => ({
  ...preview,
  diff: {
    ...preview.diff,
    hosts: preview.diff.hosts.flatMap((host) => {
      const fields = host.fields.filter(({ field }) => !/^inputs\.(output|mode|owner)(\.|$)/.test(field))
      return host.change === "changed" && fields.length === 0 ? [] : [{ ...host, fields }]
    })
  }
})
