/**
 * Commands of a script that remove broadly, or write to files: on the tree, with the value of each operand as far as the
 * text tells it.
 */
import type { Command, Redirection } from "unbash"
import { type Found, type Sites, withoutFlags } from "./fetchedCode.ts"
import { type Invocation, operandsOf, optionOf, type Site, unknown, unknownButSet, valueOf } from "./shellTree.ts"

/** A place that a command writes to. */
export interface Write {
  readonly site: Site
  /** What writes: `>`, or a command's name. */
  readonly by: string
  /** With `unknown` for what the text does not tell. */
  readonly path: string
}

export const broadRemovals = ({ commands, constants }: Omit<Sites, "pipelines">): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  for (const site of commands) {
    const { invocation } = site
    const reason =
      (invocation === undefined ? undefined : removalOf(invocation)) ??
      (targetsOf(site.node, constants).some(isDisk) ? "writes over a disk" : undefined)
    if (reason !== undefined) found.push({ site, reason })
  }
  return found
}

const removalOf = ({ args, name }: Invocation): string | undefined => {
  if (/^mk(fs|e2fs|swap|dosfs|ntfs)\b/.test(name) || /^(wipefs|blkdiscard)$/.test(name)) return "makes a disk empty"
  switch (name) {
    case "rm":
    case "chmod":
    case "chown":
    case "chgrp": {
      if (!args.some((argument) => /^(-[a-zA-Z]*[rR]|--recursive$|--no-preserve-root$)/.test(argument)))
        return undefined
      const verb = name === "rm" ? "removes" : "changes"
      const operands = operandsOf(args).slice(name === "rm" ? 0 : 1)
      return firstOf(operands, (path) => breadth(path, verb))
    }
    case "find": {
      const removes = args.some(
        (argument, at) =>
          argument === "-delete" ||
          (/^-(exec|execdir|ok)$/.test(argument) && /^(.*\/)?(rm|shred)$/.test(args[at + 1] ?? ""))
      )
      const end = args.findIndex((argument) => /^[-(!]/.test(argument))
      const places = args.slice(0, end === -1 ? args.length : end)
      return removes ? firstOf(places, (path) => breadth(path, "removes")) : undefined
    }
    case "dd": {
      const output = args.find((argument) => argument.startsWith("of="))
      return output !== undefined && isDisk(output.slice(3)) ? "writes over a disk" : undefined
    }
    case "shred":
    case "sgdisk":
    case "sfdisk":
    case "parted":
      return args.some(isDisk) && !args.some((argument) => /^(-l|-p|--list|print)$/.test(argument))
        ? "writes over a disk"
        : undefined
    case "cryptsetup":
      return args[0] === "luksFormat" ? "makes a disk empty" : undefined
    default:
      return undefined
  }
}

/** Folders of the system that nothing takes away as a whole. */
const wholes =
  /^\/(?:bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|usr|var|usr\/(?:bin|s?bin|lib\w*|local|share|include)|var\/(?:lib|log|cache|spool|tmp))?$/

/** Why taking `path` away would take much away, if it would. */
const breadth = (path: string, verb: string): string | undefined => {
  const emptied = normal(path.replaceAll(unknown, ""))
  if (path.startsWith("~") || /^(\.|\.\.|\*)$/.test(normal(path)))
    return normal(path).length <= 2 ? `${verb} a whole folder` : undefined
  if (!emptied.startsWith("/") || emptied.includes(unknownButSet) || !wholes.test(emptied)) return undefined
  if (!path.includes(unknown)) return `${verb} ${emptied}`
  // Alone, an empty variable gives an empty operand, which is none.
  return `${verb} ${emptied} where the variable is empty`
}

/** `//usr/./lib/*` is `/usr/lib`. */
const normal = (path: string): string => {
  const clean = path
    .replace(/\/+/g, "/")
    .replace(/(\/\.)+(?=\/|$)/g, "")
    .replace(/\/\*?$/, "")
  return clean === "" && path.startsWith("/") ? "/" : clean
}

const isDisk = (path: string): boolean =>
  /^\/dev\/(?:[shv]d[a-z]|xvd|nvme|mmcblk|dm-|mapper\/|disk\/|loop|md\d|ram)/.test(path) || path === `/dev/${unknown}`

const firstOf = <A, B>(items: ReadonlyArray<A>, pick: (item: A) => B | undefined): B | undefined => {
  for (const item of items) {
    const picked = pick(item)
    if (picked !== undefined) return picked
  }
  return undefined
}

/** Every place that the script writes to, as far as it can be told. */
export const writes = (
  { commands, constants }: Omit<Sites, "pipelines">,
  redirected: ReadonlyArray<Site<Redirection>>
): ReadonlyArray<Write> => {
  const found: Array<Write> = []
  for (const site of redirected) {
    const path = redirectionTarget(site.node, constants)
    if (path !== undefined) found.push({ site, by: site.node.operator, path })
  }
  for (const site of commands) {
    if (site.invocation === undefined) continue
    const { invocation } = site
    for (const path of pathsWritten(invocation)) found.push({ site, by: invocation.name, path })
  }
  return found.filter(({ path }) => path !== "" && path !== "-")
}

const redirectionTarget = (redirect: Redirection, constants: Sites["constants"]): string | undefined =>
  redirect.type === "Redirect" && /^(?:>|>>|>\||<>|&>|&>>)$/.test(redirect.operator) && redirect.target !== undefined
    ? valueOf(redirect.target, constants)
    : undefined

const targetsOf = (command: Command, constants: Sites["constants"]): ReadonlyArray<string> =>
  command.redirects.flatMap((redirect) => redirectionTarget(redirect, constants) ?? [])

const pathsWritten = ({ args, name }: Invocation): ReadonlyArray<string> => {
  switch (name) {
    case "cp":
    case "mv":
    case "ln":
    case "install": {
      const into = optionOf(args, "-t", "--target-directory")
      const operands = operandsOf(args, /^-[tmogS]$/)
      if (into !== undefined) return [into]
      if (name === "install" && args.some((argument) => /^(-[a-zA-Z]*d|--directory)$/.test(argument))) return operands
      return operands.length > 1 ? operands.slice(-1) : []
    }
    case "rsync":
      return operandsOf(args, /^-[ef]$/).slice(-1)
    case "mkdir":
    case "touch":
    case "tee":
    case "truncate":
    case "rm":
    case "rmdir":
    case "unlink":
    case "shred":
    case "mknod":
    case "mkfifo":
      return operandsOf(args, /^-[mstrdZ]$/).slice(0, name === "mknod" ? 1 : undefined)
    case "chmod":
    case "chown":
    case "chgrp":
      return operandsOf(args).slice(1)
    case "sed":
    case "perl":
      return args.some((argument) => /^(-[a-zA-Z]*i|--in-place)/.test(argument))
        ? operandsOf(args, /^-[efn]+$/).slice(args.some((argument) => /^-[a-z]*e$/.test(argument)) ? 0 : 1)
        : []
    case "dd":
      return args.filter((argument) => argument.startsWith("of=")).map((argument) => argument.slice(3))
    case "curl":
      return [optionOf(args.map(withoutFlags), "-o", "--output") ?? ""]
    case "wget":
      return [optionOf(args, "-O", "--output-document") ?? optionOf(args, "-P", "--directory-prefix") ?? ""]
    case "tar":
      return [optionOf(args, "-C", "--directory") ?? ""]
    case "unzip":
      return [optionOf(args, "-d") ?? ""]
    default:
      return []
  }
}

/** Whether `path` is at or below one of `places`; `undefined` when only running the script would tell. */
export const isWithin = (path: string, places: ReadonlyArray<string>): boolean | undefined => {
  if (harmless.test(path)) return true
  if (path.startsWith("~")) return false
  // Relative to a folder that the script may have changed to.
  if (!path.startsWith("/")) return undefined
  const [certain = ""] = path.replaceAll(unknownButSet, unknown).split(unknown, 1)
  const whole = certain.length === path.length
  if (path.split("/").includes("..")) return false
  const clean = normal(certain)
  if (places.some((place) => clean === normal(place) || clean.startsWith(`${normal(place)}/`.replace("//", "/"))))
    return true
  return whole || !places.some((place) => normal(place).startsWith(certain)) ? false : undefined
}

const harmless = /^\/dev\/(?:null|zero|full|tty|stdin|stdout|stderr|fd\/.*|console|pts\/.*)$|^\/proc\/self\/fd\//
