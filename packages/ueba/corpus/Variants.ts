/**
 * The hand-written scripts that the verification is measured on: hostile ones by category, and harmless ones that look
 * like them. They are data: nothing here runs any of them.
 *
 * A file of `variants/` holds the members of one category. A member begins with `%% name level [shell]`: the level is
 * `plain` or `obfuscated` and says how it is spelled, the shell is `sh` unless given. What follows, up to the next member,
 * is a whole script where it begins with `#!` or has the shape of a damaged file, otherwise a fragment for the place that
 * `carrier.sh` keeps for it. `⟦U+202E⟧` stands for that character, `⟦0x8F⟧` for that byte, `⟦500×U+0020⟧` for 500 of them,
 * `⟦end⟧` for the end of the file, without a line break.
 */
import * as fs from "node:fs"
import * as path from "node:path"

export type Level = "plain" | "obfuscated" | "harmless"

export interface Variant {
  /** `category/name`. */
  readonly name: string
  readonly category: string
  readonly level: Level
  readonly shell: "sh" | "bash"
  readonly bytes: Uint8Array
}

/** Categories whose members are complete files, however they start. */
const wholeFiles = new Set(["tail", "cut"])

export const hostileCategories = [
  "fetch-and-run",
  "obfuscation",
  "removal",
  "writes",
  "reader",
  "tail",
  "persistence",
  "cut"
] as const

const variants = path.join(import.meta.dirname, "variants")

const carrier = fs.readFileSync(path.join(variants, "carrier.sh"), "utf8")

/** The carrier by itself: a sound script that no check warns of. */
export const carrierOf = (shell: "sh" | "bash"): Uint8Array => inCarrier("", shell)

const inCarrier = (fragment: string, shell: "sh" | "bash"): Uint8Array =>
  decode(carrier.replace("#!/bin/sh", `#!/bin/${shell}`).replace("@@\n", () => fragment))

/** The members of one category, in the order of its file; none where the directory of other material has no such file. */
export const read = (category: string, directory: string = variants): ReadonlyArray<Variant> => {
  if (directory !== variants && !fs.existsSync(path.join(directory, `${category}.txt`))) return []
  const members: Array<Variant> = []
  const names = new Set<string>()
  for (const part of fs
    .readFileSync(path.join(directory, `${category}.txt`), "utf8")
    .split(/^%% /m)
    .slice(1)) {
    const end = part.indexOf("\n")
    const [name = "", level = "harmless", shell = "sh"] = part.slice(0, end).split(" ")
    if (names.has(name)) throw new Error(`${category}.txt has two members named ${name}`)
    if (!isLevel(level) || (shell !== "sh" && shell !== "bash"))
      throw new Error(`${category}.txt: ${name} is malformed`)
    names.add(name)
    const body = part.slice(end + 1)
    const whole = wholeFiles.has(category)
    members.push({
      name: `${category}/${name}`,
      category,
      level,
      shell: whole && /^#!.*bash/.test(body) ? "bash" : shell,
      bytes: whole ? decode(body) : inCarrier(body, shell)
    })
  }
  return members
}

const isLevel = (text: string): text is Level => text === "plain" || text === "obfuscated" || text === "harmless"

const mark = /⟦(?:(\d+)×)?(?:U\+([0-9A-F]{4,6})|0x([0-9A-F]{2}))⟧/g

const decode = (text: string): Uint8Array => {
  const end = text.indexOf("⟦end⟧")
  const parts: Array<Uint8Array> = []
  const encoder = new TextEncoder()
  const source = end === -1 ? text : text.slice(0, end)
  let last = 0
  for (const match of source.matchAll(mark)) {
    const [whole, count = "1", codePoint, byte] = match
    parts.push(encoder.encode(source.slice(last, match.index)))
    const unit =
      codePoint === undefined
        ? Uint8Array.of(Number.parseInt(byte ?? "0", 16))
        : encoder.encode(String.fromCodePoint(Number.parseInt(codePoint, 16)))
    for (let n = Number(count); n > 0; n--) parts.push(unit)
    last = match.index + whole.length
  }
  parts.push(encoder.encode(source.slice(last)))
  return Buffer.concat(parts)
}
