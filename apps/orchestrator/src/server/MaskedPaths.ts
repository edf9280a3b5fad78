/**
 * The view of a run over the network, without the paths and account names of the machine that executed it. These are
 * useless elsewhere, but help an attacker.
 */
import type * as Schema from "effect/Schema"
import type { Run } from "@privx-kit/runs/Run"
import type { FleetPreview } from "../fleet/FleetPreview.ts"
import type { Standing } from "../fleet/FleetStatus.ts"

type Json = Schema.Json

/** The form of a run that viewers may see. */
export const run = (run: Run): Run => ({
  ...run,
  inputs: inputs(run.inputs),
  result: result(run),
  failure: failure(run.failure),
  earlier: run.earlier.map((attempt) => ({ ...attempt, failure: failure(attempt.failure) }))
})

const isRecord = (json: Json): json is { readonly [key: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/**
 * Removes from a setup the output directory and its owner, from a fleet run the directory of its file, and from a
 * keep-alive the sealed id.
 */
const inputs = (json: Json): Json => {
  if (!isRecord(json)) return json
  const { file, mode: _, output: __, owner: ___, sealed: ____, ...rest } = json
  return typeof file === "string" ? { ...rest, file: file.replace(/^.*[\\/]/s, "") } : rest
}

/** Clients download script and manifest by the id of the run. */
const result = ({ id, result: json, sha256 }: Run): Json | null => {
  if (json === null || !isRecord(json) || !("artifact" in json)) return json
  const { delivered: _, ...rest } = json
  return { ...rest, artifact: `artifact:${sha256 ?? ""}`, manifest: `provenance:${id}` }
}

/** Clients do not see which file of the server is unusable. */
const failure = (json: Json | null): Json | null =>
  json !== null && isRecord(json) && "path" in json
    ? { ...json, path: storage, ...(typeof json["detail"] === "string" ? { detail: masked(json["detail"]) } : {}) }
    : json

/** System errors quote the path: `ENOSPC: no space left on device, open '/var/lib/…'`. */
const masked = (detail: string): string => detail.replace(/'[^']*'|(?<![\w:/])\/[^\s,;)]+/g, `'${storage}'`)

const storage = "the server's storage"

/** The same for a failure that is already a sentence. */
export const message = ({ message, tag }: { readonly tag: string; readonly message: string }): string =>
  tag === "StorageFailed" ? `A file or database of ${storage} could not be used.` : message

/** The view of the status of the hosts of a fleet. */
export const standing = (standing: Standing): Standing => ({
  ...standing,
  hosts: standing.hosts.map((host) => {
    const { reason, run } = host
    if (reason === null || typeof run?.failure !== "string") return host
    return { ...host, reason: { ...reason, message: message({ tag: run.failure, message: reason.message }) } }
  })
})

/** The view of a fleet plan, without the inputs that `inputs` removes from a run. */
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
