/**
 * Commands that get data from a service: object stores, code hosts, registries, databases, name servers and mounted file
 * systems. Their output, or the file that they write, comes from there.
 */
import { operandsOf, optionOf } from "./fileEffects.ts"
import { baseName } from "../values/paths.ts"

/** What a command downloads or sends. */
export interface Download {
  /** Known only as far as the text of the script shows it. */
  readonly url: string
  /** The files that the download is written to; empty for standard output. */
  readonly files: ReadonlyArray<string>
  /** The directory that the download is written to. */
  readonly directory?: string
  /** The directory is a mounted file system, to which the command writes nothing. */
  readonly mounts?: true
  /** A file of this host that the command sends. */
  readonly sent?: string
}

type Source = (args: ReadonlyArray<string>) => Download | undefined

const toOutput = (url: string): Download => ({ url, files: [] })

const into = (url: string, directory: string): Download => ({ url, files: [], directory })

/** Prints what the operands name. */
const prints =
  (verbs: RegExp, valued: RegExp = /^$/): Source =>
  (args) => {
    const words = operandsOf(args, valued)
    return verbs.test(words.slice(0, 3).join(" ")) ? toOutput(words.join(" ")) : undefined
  }

/** Copies between a service and this host; `-` is standard output. */
const copies: Source = (args) => {
  const words = operandsOf(args, /^--(?:profile|region|endpoint-url|project|config|account)$/)
  const remote = (word: string) => /^(?:s3|gs|https?|az|b2|swift):\/\/|^[\w-]+:(?!\/\/)/.test(word)
  const from = words.findIndex(remote)
  const to = words.at(-1) ?? ""
  if (from === -1) return undefined
  const url = words[from] ?? ""
  if (words.some((word) => /^(?:cat|head|tail|presign)$/.test(word))) return toOutput(url)
  if (from === words.length - 1) {
    // `s3cmd get s3://bucket/file` keeps the name.
    return words.some((word) => /^(?:get|mget)$/.test(word)) ? { url, files: [baseName(url)] } : undefined
  }
  if (remote(to)) return undefined
  return to === "-" || to === "/dev/stdout" ? toOutput(url) : { url, files: [to], directory: to }
}

const objectStore =
  (queries: RegExp): Source =>
  (args) => {
    const copied = copies(args)
    if (copied !== undefined) return copied
    const words = operandsOf(args, /^--(?!no-|quiet|only-|debug)[a-z-]+$/)
    const call = words.slice(0, 4).join(" ")
    if (!queries.test(call)) return undefined
    // `aws s3api get-object … FILE` and `aws lambda invoke … FILE` write to their last operand.
    const file = /\b(?:get-object|invoke|get-archive)\b/.test(call) ? words.at(-1) : optionOf(args, "-f", "--file")
    return { url: call, files: file === undefined ? [] : [file] }
  }

const codeHost: Source = (args) => {
  const words = operandsOf(args, /^-(?:[RpDOnHXFfjtqA]|-(?:repo|pattern|dir|output|name|header|method|jq|template))$/)
  const call = words.slice(0, 2).join(" ")
  const url = optionOf(args, "-R", "--repo") ?? words.slice(2).join(" ")
  switch (call) {
    case "release download":
    case "run download": {
      const file = optionOf(args, "-O", "--output")
      if (file !== undefined) return { url, files: file === "-" ? [] : [file] }
      return into(url, optionOf(args, "-D", "--dir") ?? ".")
    }
    case "repo clone":
    case "gist clone":
      return into(words[2] ?? "", words[3] ?? baseName(words[2] ?? ""))
    case "gist view":
    case "release view":
    case "repo view":
      return toOutput(words[2] ?? "")
    default:
      return words[0] === "api" ? toOutput(words[1] ?? "") : undefined
  }
}

/** Copies an image, or the files of one, from a registry. */
const registry: Source = (args) => {
  const [verb = "", ...words] = operandsOf(args, /^-(?:[ocfp]|-(?:output|platform|config|format))$/)
  if (!/^(?:pull|copy|export|cp|save|blob|unpack|fetch|download)$/.test(verb)) return undefined
  const url = words.find((word) => !/^(?:dir|oci|docker-archive|oci-archive|fetch):?/.test(word)) ?? ""
  const target = words.find((word) => /^(?:dir|oci|docker-archive|oci-archive):/.test(word))
  const directory = optionOf(args, "-o", "--output") ?? target?.replace(/^[\w-]+:/, "") ?? words[1]
  if (directory === undefined) return verb === "pull" ? into(url, ".") : toOutput(url)
  return directory === "-" ? toOutput(url) : { url, files: [directory], directory }
}

/** Files of a container come from the registry of its image. */
const container: Source = (args) => {
  const [verb = "", ...words] = operandsOf(args)
  if (verb === "cp" && words[0]?.includes(":") === true) {
    const to = words[1] ?? ""
    return to === "-" ? toOutput(words[0]) : { url: words[0], files: [to], directory: to }
  }
  return undefined
}

/** A file system of another host. */
const mounted: Source = (args) => {
  const words = operandsOf(args, /^-(?:[toLUO]|-(?:types|options|label|uuid))$/)
  const [url = "", directory] = words
  return directory !== undefined &&
    (/^(?:[\w.-]+:\/|\/\/\w|\\\\)/.test(url) ||
      /^(?:nfs\d?|cifs|smb\w*|davfs|fuse\.sshfs|9p|ceph|glusterfs)$/.test(optionOf(args, "-t") ?? ""))
    ? { url, files: [], directory, mounts: true }
    : undefined
}

const userMount: Source = (args) => {
  const [url = "", directory] = operandsOf(args, /^-[oFp]$/)
  return directory === undefined ? undefined : { url, files: [], directory, mounts: true }
}

/** Reads an archive whose address may be given in the place of a file. */
const archiveAt: Source = (args) => {
  const url = operandsOf(args).find((operand) => /^(?:https?|ftp):/.test(operand))
  return url === undefined ? undefined : toOutput(url)
}

const any = prints(/./)

export const remoteSources: ReadonlyMap<string, Source> = new Map<string, Source>([
  ["gh", codeHost],
  ["glab", codeHost],
  [
    "aws",
    objectStore(
      /^(?:s3api get-object|lambda invoke|ssm get-parameters?|secretsmanager get-secret|dynamodb get-item|codeartifact get-package)/
    )
  ],
  ["az", objectStore(/^(?:storage (?:blob|file) download|keyvault secret (?:show|download)|acr)/)],
  ["gcloud", objectStore(/^(?:secrets versions access|compute project-info|compute instances describe|artifacts)/)],
  ["oci", objectStore(/^os object get/)],
  ["ibmcloud", objectStore(/^cos (?:object-get|download)/)],
  ...["gsutil", "azcopy", "mc", "s3cmd", "s5cmd", "s4cmd", "rclone", "b2", "swift", "ossutil", "coscli"].map(
    (name) => [name, copies] as const
  ),
  ...["oras", "skopeo", "crane", "regctl", "umoci"].map((name) => [name, registry] as const),
  ...["docker", "podman", "nerdctl", "lxc", "kubectl", "oc"].map((name) => [name, container] as const),
  ["vault", prints(/^(?:kv get|read)/)],
  ["consul", prints(/^kv get/)],
  ["etcdctl", prints(/^get/)],
  ["doctl", prints(/get$/)],
  ["op", prints(/^(?:read|item get|document get)/)],
  ["redis-cli", (args) => (optionOf(args, "-h", "-u") === undefined ? undefined : any(args))],
  ["mosquitto_sub", any],
  ["kcat", any],
  ["nats", prints(/^(?:sub|kv get|object get|request)/)],
  ["whois", any],
  ["finger", any],
  ["kdig", any],
  ["delv", any],
  ["doggo", any],
  ["resolvectl", prints(/^query/)],
  ["ipfs", prints(/^(?:cat|get)/)],
  ["snarf", any],
  ["websocat", any],
  ["wscat", any],
  ["grpcurl", any],
  ["snmpget", any],
  ["snmpwalk", any],
  ["ldapsearch", any],
  ["mount", mounted],
  ["mount.nfs", mounted],
  ["mount.cifs", mounted],
  ["sshfs", userMount],
  ["s3fs", userMount],
  ["gcsfuse", userMount],
  ["curlftpfs", userMount],
  ["httpfs2", userMount],
  ["rpm2cpio", archiveAt],
  ["bsdtar", archiveAt]
])
