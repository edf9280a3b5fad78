/** The output of a command with its origin, and the files that the command has checked. */
import { operandsOf } from "../rules/fileEffects.ts"
import type { Argument, Interpreter } from "./interpretation.ts"
import { foundBelow } from "./listCommands.ts"
import type { Machine } from "./machine.ts"
import { baseName, normal } from "../values/paths.ts"
import {
  anyDisk,
  anyHome,
  constant,
  isAnyDisk,
  isOpen,
  isWeak,
  type Origin,
  ownPath,
  originAmong,
  plain,
  strongerOrigin,
  type Value,
  unknownButSet,
  withOrigin
} from "../values/shellValue.ts"
import { filters, isDecoder, outputOf } from "./textCommands.ts"

/** Trusts a file whose digest the script compares with a constant: the author of the script has seen the file. */
export const checkDigest = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): void => {
  const texts = args.map(({ text }) => text)
  if (name === "[" || name === "test") return comparesDigest(interpreter, args)
  if (!digests.test(name) || !texts.some((text) => /^(?:-[a-z]*c[a-z]*|--check)$/.test(text))) return
  const list = input(
    interpreter,
    "cat",
    texts.filter((text) => !/^\d+$/.test(text)),
    stdin
  )
  if (list === undefined || list.origin !== undefined) return
  for (const text of list.texts) {
    if (!/^\s*[0-9a-f]{32}/i.test(text)) continue
    for (const line of text.split("\n", 50)) {
      const file = /^\s*[0-9a-f]{32,128}[ *]+(\S.*)$/i.exec(line.slice(0, 500))?.[1]
      if (file !== undefined) interpreter.trustFile(file.trim())
    }
  }
}

/** `[ "$(sha256sum file | cut …)" = abc… ]` */
export const comparesDigest = (interpreter: Interpreter, args: ReadonlyArray<Argument>): void => {
  const digest = args.find(({ origin }) => origin?.kind === "digest")
  if (
    digest !== undefined &&
    args.some(({ origin, text }) => origin === undefined && /^[0-9a-f]{32,128}$/i.test(text))
  ) {
    interpreter.trustFile(digest.origin?.source ?? "")
  }
}

const digests = /^(?:sha\d+sum|shasum|md5sum|b2sum|sha\d+)$/

const secrets =
  /^(?:\/etc\/(?:shadow|gshadow|passwd|sudoers|ssh\/ssh_host|ssl\/private|krb5\.keytab)|\/etc\/?$|(?:~[^/]*|\/root|\/home\/[^/]+)\/(?:\.ssh|\.aws|\.gnupg|\.kube|\.docker|\.netrc|\.pgpass|\.git-credentials|\.config\/gcloud|\.bash_history)|\/root\/?$|~\/?$|\/home\/?$|\/var\/lib\/(?:mysql|postgresql|kubelet)|\/proc\/self\/environ)/

/** The content of a secret file of the host. */
export const secretIn = (path: string): Origin | undefined =>
  path.length < 4096 && secrets.test(path) ? { kind: "secret", source: path } : undefined

/** The output of a command, and its origin. */
export const output = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<Argument>,
  stdin: Value | undefined
): Value => {
  const { machine } = interpreter
  const texts = args.map(({ text }) => text)
  if (name === "echo" || name === "printf") return written(machine, name, args)
  if (name === "mktemp") return { texts: [`/tmp/${machine.fresh(undefined, "\u0001").texts[0]}`], origin: undefined }
  if (
    name === "pwd" ||
    name === "hostname" ||
    name === "whoami" ||
    name === "date" ||
    name === "uname" ||
    name === "nproc"
  )
    return machine.fresh(undefined, "\u0001")
  if (name === "dirname" || name === "realpath" || name === "readlink") {
    const path = texts.find((text) => !text.startsWith("-")) ?? ""
    if (path === ownPath && name !== "dirname") return constant(ownPath)
    if (!path.startsWith("/") || isOpen(path) || path.length > 4096) return machine.fresh(undefined, "\u0001")
    return constant(normal(name === "dirname" ? `${path}/..` : path))
  }
  if (name === "which" || name === "type") return located(texts)
  if (name === "expr") return computedByExpr(interpreter, texts)
  if (name === "basename") return constant(baseName(texts.find((text) => !text.startsWith("-")) ?? ""))
  if (name === "find" || name === "ls") {
    const places = texts
      .slice(
        0,
        Math.max(
          0,
          texts.findIndex((text) => /^[-(!]/.test(text))
        ) || undefined
      )
      .filter((text) => !text.startsWith("-"))
    return constant(places.map((place) => (name === "ls" ? place : foundBelow(machine, place, texts))).join("\n"))
  }
  if (
    /^(?:[ef]?grep|rg|ag|ack)$/.test(name) &&
    texts.some((text) => /^-[a-zA-Z]*l|^--files-with-matches$/.test(text))
  ) {
    const places = operandsOf(texts, /^-[efmABC]$/).filter((text) => text.startsWith("/"))
    if (places.length > 0) return constant(places.map((place) => foundBelow(machine, place, ["-size"])).join("\n"))
  }
  if (/^(?:kubectl|oc)$/.test(name) && texts[0] === "get" && texts.some((text) => /^(?:-o)?name$/.test(text)))
    return constant(`${operandsOf(texts)[1] ?? ""}/${machine.fresh(undefined, "\u0001").texts[0]}`)
  if (name === "pidof" || name === "pgrep") return constant(texts.at(-1) ?? "")
  if (name === "seq" || name === "yes") return constant(texts.join("\n"))
  if (name === "dc" || name === "bc" || name === "m4") return machine.fresh(stdin?.origin ?? hiddenBy(name))
  if (listsDisks(name, texts)) return anyDisk
  if (name === "getent" && texts[0] === "passwd") return machine.fresh({ kind: "secret", source: "/etc/passwd" })
  if (/^(?:docker|podman|nerdctl)$/.test(name) && listsAll(texts)) return constant("*")
  const read = input(interpreter, name, texts, stdin)
  if (/^[gmn]?awk$/.test(name)) {
    const made = printedByAwk(texts, read?.origin?.source === "/etc/passwd")
    if (made !== undefined) return made
  }
  if (read?.origin?.source === "/etc/passwd" && printsSixth.test(texts.join(" ").slice(0, 1000))) return anyHome
  // What a filter leaves of the name of a disk is the name of a disk.
  if (filters.has(name) && read !== undefined && read.texts.every(isAnyDisk)) return anyDisk
  if (digests.test(name)) {
    const file = operandsOf(texts, /^-a$/).find((path) => machine.file(path, undefined)?.origin?.kind === "fetched")
    return machine.fresh(file === undefined ? undefined : { kind: "digest", source: machine.absolute(file) })
  }
  if (!filters.has(name))
    return machine.fresh(
      /^(?:wc|[a-z\d]*sum|cksum|test|stat|b2sum)$/.test(name)
        ? undefined
        : (stdin?.origin ?? { kind: "printed", source: name })
    )
  if (isDecoder(name, texts)) {
    const origin = read?.origin?.kind === "fetched" ? read.origin : hiddenBy(name)
    return { texts: textsOf(interpreter, name, texts, read), origin }
  }
  const made = textsOf(interpreter, name, texts, read)
  const result: Value = {
    texts: made,
    // Text that a command picks out of something is known only when the script runs.
    origin:
      read?.origin ??
      (made.some(isOpen) ? { kind: takesCharacters(name, texts) ? "data" : "printed", source: name } : undefined)
  }
  // Text of the script that the script transforms.
  const given = read !== undefined && !read.texts.some(isOpen) && (read.origin === undefined || isWeak(read.origin))
  const scrambles = transformers.test(name)
    ? !result.texts.some(isOpen) && !isSameButBlanks(result.texts[0] ?? "", read?.texts[0] ?? "")
    : /^(?:od|xxd|hexdump|strings|[gmn]?awk|iconv|recode)$/.test(name) ||
      takesCharacters(name, texts) ||
      (/^(?:jq|yq)$/.test(name) && /\\u00[67]/.test(read?.texts[0] ?? ""))
  return given && scrambles ? withOrigin(result, hiddenBy(name)) : result
}

/** The lines that a program of awk puts together from literals and fields: `{ print "rm -rf " $6 }`. */
const printedByAwk = (texts: ReadonlyArray<string>, ofUsers: boolean): Value | undefined => {
  const program = texts.find((text) => text.includes("{"))?.slice(0, 2000) ?? ""
  const printed = /\bprint\s{0,4}\(?\s{0,4}("[^"]{0,200}"(?:[\s,]{0,4}(?:"[^"]{0,200}"|\$\w{1,20})){0,12})/.exec(
    program
  )?.[1]
  if (printed === undefined) return undefined
  const text = printed.replace(
    /[\s,]{0,4}("([^"]*)"|\$(\w+))/g,
    (_, _whole, literal?: string, field?: string) =>
      literal ?? (ofUsers && field === "6" ? (anyHome.texts[0] ?? "") : `${unknownButSet}{field}`)
  )
  return constant(`${text}\n`)
}

/** Prints the sixth field. */
const printsSixth = /(?:^| )-[a-z]*f ?6(?: |$)|\$6\b/

/** Whether a command prints the device files of disks. */
const listsDisks = (name: string, texts: ReadonlyArray<string>): boolean => {
  const some = (pattern: RegExp) => texts.some((text) => pattern.test(text))
  switch (name) {
    case "findmnt":
      return some(/SOURCE/i)
    case "df":
      return some(/^--output=source$/) || !some(/^--output/)
    case "lsblk":
      return some(/^-[a-zA-Z]*p|^--paths$|\bPATH\b/)
    case "blkid":
    case "pvs":
    case "losetup":
    case "lvs":
      return true
    case "fdisk":
    case "sfdisk":
    case "parted":
      return some(/^-[a-zA-Z]*l|^--list/)
    case "mount":
      return texts.length === 0
    case "cat":
    case "awk":
    case "grep":
    case "sed":
      return some(/^\/proc\/(?:self\/)?mounts$|^\/etc\/mtab$/)
    case "swapon":
      return some(/^(?:-s|--show\S*|--noheadings)$/)
    default:
      return false
  }
}

/** Whether a container tool lists all objects of a kind, without a filter. */
const listsAll = (texts: ReadonlyArray<string>): boolean =>
  texts.some((text) => /^(?:ps|images|ls|list)$/.test(text)) &&
  texts.some((text) => /^-[a-z]*q|^--quiet$/.test(text)) &&
  !texts.some((text) => /^-[a-z]*f$|^--filter/.test(text))

/** Commands that change characters of their input. */
const transformers = /^(?:g?sed|tr)$/

/** Whether two texts differ in white space at most. */
const isSameButBlanks = (left: string, right: string): boolean => left.replace(/\s+/g, "") === right.replace(/\s+/g, "")

/** Whether a command extracts single characters from its input, which a reader sees as a whole. */
const takesCharacters = (name: string, texts: ReadonlyArray<string>): boolean =>
  (name === "cut" && texts.some((text) => /^(?:-[bc]|--(?:bytes|characters))/.test(text))) ||
  ((name === "head" || name === "tail") && texts.some((text) => /^(?:-c|--bytes)/.test(text))) ||
  name === "fold"

/** The output of `echo` and `printf`. */
export const written = (machine: Machine, name: "echo" | "printf", args: ReadonlyArray<Argument>): Value => {
  const texts = args.map(({ text }) => text)
  const text = outputOf(name, texts, undefined)
  const origin = strongerOrigin(originAmong(args), hidesText(name, texts) ? hiddenBy(name) : undefined)
  return text === undefined ? machine.fresh(origin) : constant(text, origin)
}

/** What `command -v NAME`, `which NAME` and `type -P NAME` print: a path that ends in the name. */
export const located = (args: ReadonlyArray<string>): Value =>
  constant(`${args.filter((text) => !text.startsWith("-")).join("\n")}\n`)

const hiddenBy = (source: string): Origin => ({ kind: "hidden", source })

/** `expr substr TEXT FROM LENGTH`: a piece of a text. */
const computedByExpr = ({ machine }: Interpreter, [operation, text = "", from, length]: ReadonlyArray<string>): Value =>
  operation === "substr" && !isOpen(text) && Number(from) > 0 && Number(length) > 0
    ? constant(`${text.slice(Number(from) - 1, Number(from) - 1 + Number(length))}\n`, hiddenBy("expr"))
    : machine.fresh()

/** `\\$(printf %o 105)`: a backslash before a number that only running the script would determine. */
// oxlint-disable-next-line no-control-regex -- the marks of unknown parts
const computedLetter = /\\(?:x|0|u00)?[\u0000\u0001]/

/** Letters written as numbers. */
const hidesText = (name: string, texts: ReadonlyArray<string>): boolean =>
  (name === "printf" && texts.slice(0, 3).some((text) => computedLetter.test(text.slice(0, 2000)))) ||
  ((name === "printf" || texts.some((text) => /^-[nE]*e/.test(text))) &&
    texts.some((text) => /\\(?:x[46-7][0-9a-fA-F]|0?1[0-7]{2}|u00[67])/.test(text.slice(0, 2000))))

const textsOf = (
  interpreter: Interpreter,
  name: string,
  args: ReadonlyArray<string>,
  read: Value | undefined
): ReadonlyArray<string> => {
  const results = (read?.texts ?? [undefined]).map((text) => outputOf(name, args, text))
  return results.some((text) => text === undefined)
    ? interpreter.machine.fresh().texts
    : (results as ReadonlyArray<string>)
}

/** The first operand of these filters is a program or a pattern, unless an option gives it. */
const programs: ReadonlyMap<string, RegExp> = new Map([
  ...["sed", "gsed"].map((name) => [name, /^(?:-[nrEsuz]*[ef]|--(?:expression|file)\b)/] as const),
  ...["grep", "egrep", "fgrep", "rg"].map((name) => [name, /^(?:-[a-zA-Z]*[ef]$|--(?:regexp|file)\b)/] as const),
  ...["awk", "gawk", "mawk", "nawk"].map((name) => [name, /^(?:-[ef]$|--(?:file|source)\b)/] as const),
  ["perl", /^-[acfilnpsStTuUvwWX0]*[eE]/],
  ["ruby", /^-[acdhlnpsSvwWxy]*e/],
  ["jq", /^(?:-f|--from-file)$/]
])

/** Options of filters whose value is the next argument, where they differ from most filters. */
const valuedOptions: ReadonlyMap<string, RegExp> = new Map([
  ...["sed", "gsed"].map((name) => [name, /^(?:-[nrEsuz]*[efl]|--(?:expression|file))$/] as const),
  ...["grep", "egrep", "fgrep", "rg"].map((name) => [name, /^-[a-zA-Z]*[efmABC]$/] as const),
  ...["awk", "gawk", "mawk", "nawk"].map((name) => [name, /^-[Fvfe]$/] as const),
  ...["head", "tail"].map((name) => [name, /^-[a-z]*[nc]$/] as const),
  ["perl", /^(?:-[acfilnpsStTuUvwWX0]*[eE]|-I)$/],
  ["ruby", /^(?:-[acdhlnpsSvwWxy]*e|-I)$/],
  ["cut", /^-[a-z]*[dfcb]$/],
  ["sort", /^-[a-z]*[kto]$/],
  ["jq", /^-(?:f|-from-file|-indent)$/],
  ...["cat", "tac", "rev", "nl", "strings"].map((name) => [name, /^(?!)/] as const)
])

/** The input of a filter: its file arguments, or standard input. */
const input = (
  interpreter: Interpreter,
  name: string,
  texts: ReadonlyArray<string>,
  stdin: Value | undefined
): Value | undefined => {
  const { machine } = interpreter
  const program = programs.get(name)
  const operands = operandsOf(texts, valuedOptions.get(name) ?? /^-(?:[nefAk]|-passout|-pass|-in)$/).slice(
    program === undefined || texts.some((text) => program.test(text)) ? 0 : 1
  )
  const files = [
    ...operands,
    ...texts.flatMap((text, at) =>
      text === "-in" ? (texts[at + 1] ?? []) : text.startsWith("if=") ? text.slice(3) : []
    )
  ]
  let found: Value | undefined
  let opened = false
  for (const path of files.flatMap((file) => (/[*?[]/.test(file) ? [...machine.matching(file), file] : file))) {
    if (name === "tr" || name === "tee") break
    if (path === "enc" || path === "base64") continue
    const secret = secretIn(plain(path))
    const value = machine.file(path, stdin) ?? (secret === undefined ? undefined : machine.fresh(secret))
    if (value === undefined) opened = opened || /[/.]/.test(path)
    else
      found =
        found === undefined
          ? value
          : {
              texts:
                found.texts.length === 1 && value.texts.length === 1
                  ? [(found.texts[0] ?? "") + (value.texts[0] ?? "")]
                  : machine.fresh().texts,
              // Fragments of lines mean nothing to a reader of either file.
              origin:
                strongerOrigin(found.origin, value.origin) ??
                (/[^\n]$/.test(found.texts[0] ?? "") && name === "cat" ? hiddenBy("several files") : undefined)
            }
  }
  const source = files.find((path) => /[/.]/.test(path))
  if (found !== undefined || !opened) return found ?? stdin
  return machine.fresh(
    name === "cat" && files.length > 1 ? hiddenBy("several files") : { kind: "data", source: plain(source ?? "") }
  )
}
