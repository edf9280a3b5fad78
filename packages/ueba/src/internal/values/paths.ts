/** Paths in a script, with marks for unknown parts. */
import { globMatches } from "./glob.ts"
import { isAnyDisk, isOpen, unknown, unknownButSet } from "./shellValue.ts"

/** `//usr/./lib/../bin/` is `/usr/bin`. `~` is a home directory, `.` the current one. */
export const normal = (path: string): string => {
  const absolute = path.startsWith("/")
  const parts: Array<string> = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part === ".." && parts.length > 0 && parts.at(-1) !== ".." && parts.at(-1) !== "~") parts.pop()
    else if (part !== ".." || !absolute) parts.push(part)
  }
  const clean = parts.join("/")
  return absolute ? `/${clean}` : clean === "" ? "." : clean
}

/** The path from the root or from home, where the current directory is known. */
export const resolve = (path: string, directory: string | undefined): string =>
  path === "" || /^[/~]/.test(path) || isOpen(path.charAt(0)) || directory === undefined ? path : `${directory}/${path}`

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** The path if each unknown part at its beginning were empty: `$ROOT/etc/passwd` becomes `/etc/passwd`. */
export const withoutUnknownStart = (path: string): string => {
  let from = 0
  while (path.charAt(from) === unknown || path.charAt(from) === unknownButSet) from += 1
  return path.slice(from)
}

/** Directories that a system cannot run without. */
const essential =
  /^\/(?:bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|usr|var|usr\/(?:bin|s?bin|lib\w*|local|share|include)|var\/(?:lib|log|cache|spool|tmp|mail|www|backups?|lib\/(?:dpkg|docker|mysql|postgresql|apt|rpm))|usr\/local\/(?:bin|lib|sbin)|etc\/(?:ssh|pam\.d|ssl|systemd|sudoers\.d|cron\.d|apt|init\.d|profile\.d|pki|security|default|network|alternatives)|boot\/efi|lib\/modules|usr\/lib\/modules)?$/

/** For patterns that match one of these directories. */
const mainDirectories = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/home",
  "/lib",
  "/lib64",
  "/opt",
  "/root",
  "/sbin",
  "/srv",
  "/usr",
  "/var",
  "/usr/bin",
  "/usr/lib",
  "/var/lib",
  "/var/log"
]

/** Why removing or changing `path` recursively has a broad effect, if it does. */
export const breadthOf = (given: string, verb: string): string | undefined => {
  if (given.length > 4096) return undefined
  const path = given.endsWith("*/") ? given.slice(0, -1) : given
  const all = normal(
    path.replace(/(?:^|\/)\*$/, "").replace(/\/(?:\.\[\^?!?\.\][^/]*|\{[^/]*\}|\.\*)$/, "") ||
      (path.startsWith("/") ? "/" : ".")
  )
  if (/^(?:~[a-z0-9_-]*|\/root|\/home\/[^/*]+)$/.test(all) && !isOpen(all)) return `${verb} a whole home directory`
  if (all === `/home/${unknownButSet}`) return `${verb} the home directories of users`
  if (all === "." || /^(?:\.\.\/)*\.\.$/.test(all) || path === "*") return `${verb} a whole directory`
  const matched =
    /[?*[]/.test(all) && all.length < 64 ? mainDirectories.find((directory) => globMatches(all, directory)) : undefined
  if (matched !== undefined) return `${verb} ${matched}`
  const emptied = normal(path.replaceAll(unknown, "").replace(/\/?\*$/, "") || "/")
  if (path.includes(unknownButSet) || !path.replaceAll(unknown, "").startsWith("/") || !essential.test(emptied))
    return undefined
  // An unquoted empty variable alone gives no operand.
  return path.includes(unknown) ? `${verb} ${emptied} where the variable is empty` : `${verb} ${emptied}`
}

export const isDisk = (path: string): boolean =>
  isAnyDisk(path) ||
  /^\/dev\/(?:[shv]d[a-z]|xvd|nvme|mmcblk|dm-|mapper\/|disk\/|loop|md\d|ram|block\/|root$)/.test(path)

const harmless =
  /^\/dev\/(?:null|zero|full|tty\w*|stdin|stdout|stderr|fd\/.*|console|pts\/.*|random|urandom|shm(?:\/.*)?)$|^\/proc\/self\/fd\//

/** Whether writing to the path leaves no data on the host. */
export const isHarmless = (path: string): boolean => path.length < 4096 && harmless.test(path)

/** Whether `path` is at or below one of `places`; `undefined` if only running the script would determine it. */
export const isWithin = (path: string, places: ReadonlyArray<string>): boolean | undefined => {
  if (isHarmless(path)) return true
  if (path.startsWith("~")) return false
  // The path is relative to a directory that the script may have changed to.
  if (!path.startsWith("/")) return undefined
  const [certain = ""] = path.replaceAll(unknownButSet, unknown).split(unknown, 1)
  const whole = certain.length === path.length
  if (path.split("/").includes("..")) return false
  const clean = normal(certain)
  if (places.some((place) => clean === normal(place) || clean.startsWith(`${normal(place)}/`.replace("//", "/"))))
    return true
  return whole || !places.some((place) => normal(place).startsWith(certain)) ? false : undefined
}
