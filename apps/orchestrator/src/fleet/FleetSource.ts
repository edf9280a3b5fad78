/**
 * Parses a fleet file to data with the place of each part. The same parser reads JSON, because JSON is valid YAML.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap
} from "yaml"
import type { Problem } from "@privx-kit/settings/SettingsError"

export type Path = ReadonlyArray<PropertyKey>

export interface Source {
  /** Plain data. Aliases of the same part are one object. */
  readonly data: unknown
  /** Problems of the text itself. */
  readonly problems: ReadonlyArray<Problem>
  /**
   * Creates a problem with a part or its name. If the part does not exist, the problem is placed at the part that should
   * contain it.
   */
  readonly problem: (path: Path, problem: string, fix: string, of?: "value" | "name") => Problem
}

/** @param file name of the file for messages */
export const parse = (text: string, file: string): Source => {
  // In UTF-16 text, every other byte is zero.
  if (text.includes("\0")) return unreadable(file, "is not UTF-8 text", "Save it as UTF-8.")
  const data = json(text)
  if (data === undefined) return yaml(text, file)
  // Places are only needed for problems, and computing them costs more than the rest.
  let placed: Source | undefined
  return { data, problems: [], problem: (...of) => (placed ??= yaml(text, file)).problem(...of) }
}

const json = (text: string): unknown => {
  if (!text.trimStart().startsWith("{")) return undefined
  try {
    const data: unknown = JSON.parse(text)
    // The last of two parts with the same name would win silently; the other parser knows the place of the second one.
    return countOfColons(text) === countOfNames(data) ? data : undefined
  } catch {
    return undefined
  }
}

/** Outside strings: JSON has one for each name. */
const countOfColons = (text: string): number => {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3a) count++
    if (code !== 0x22) continue
    for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++
  }
  return count
}

const countOfNames = (data: unknown): number => {
  if (typeof data !== "object" || data === null) return 0
  const values: ReadonlyArray<unknown> = Object.values(data)
  return values.reduce<number>((sum, value) => sum + countOfNames(value), Array.isArray(data) ? 0 : values.length)
}

const unreadable = (file: string, problem: string, fix: string): Source => {
  const all = (): Problem => ({ setting: file, problem, fix, at: { path: file, line: 1, column: 1 } })
  return { data: undefined, problems: [all()], problem: all }
}

/** The library recurses. This depth is safe for the stack, and no real file is as deep. */
const yaml = (text: string, file: string): Source => {
  try {
    return parsed(text, file)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return unreadable(file, "is nested too deeply", "A fleet file has only a few levels.")
  }
}

const parsed = (text: string, file: string): Source => {
  const lines = new LineCounter()
  // The library's own check for duplicate keys takes quadratic time.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const at = (offset: number): Required<Problem>["at"] => {
    const { col, line } = lines.linePos(offset)
    return { path: file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const placed = (place: Required<Problem>["at"], what: string, problem: string, fix: string): Problem => ({
    setting: what === "" ? "the file" : what,
    problem,
    fix,
    at: place
  })
  // After a syntax error, the rest of the file produces only follow-up errors.
  const problems = document.errors
    .slice(0, 1)
    .map((error) =>
      /call stack/i.test(error.message)
        ? placed(at(0), "", "is nested too deeply", "A fleet file has only a few levels.")
        : error.code === "MULTIPLE_DOCS"
          ? placed(at(error.pos[0]), "", "contains a second document", "Write each fleet into its own file.")
          : isUnquotedStar(error.code, text, error.pos[0])
            ? placed(at(error.pos[0]), "", ...star)
            : placed(at(error.pos[0]), "", `is not valid YAML: ${plain(error.message)}`, "Correct that line.")
    )
  const { data, loose, nameless, resolve, tagged, tooMuch, twice } = convert(document.contents)
  for (const node of tagged) {
    problems.push(
      placed(
        at(node.range?.[0] ?? 0),
        "",
        "has a YAML tag, which fleet files do not support",
        "Remove the word that starts with !."
      )
    )
  }
  for (const node of nameless) {
    const offset = node?.range?.[0] ?? 0
    problems.push(placed(at(offset), "", "has a key that is not plain text", "Write a word before the colon."))
  }
  for (const node of twice) {
    problems.push(placed(at(node.range?.[0] ?? 0), "", "has this key twice", "Remove one of them."))
  }
  for (const node of loose) {
    const [problem, fix] =
      isAlias(node) && /^[^A-Za-z_]/.test(node.source)
        ? star
        : ["uses an alias without an anchor above it", "Define the anchor (&name) before the alias (*name)."]
    problems.push(placed(at(node.range?.[0] ?? 0), "", problem, fix))
  }
  if (tooMuch)
    problems.push(placed(at(0), "", "merges too much with <<", "Move settings that many hosts share into defaults."))
  const pairOf = finder()
  return {
    data,
    problems,
    problem: (path, problem, fix, of = "value") =>
      placed(at(offsetOf({ resolve, pairOf }, document.contents, path, of)), textOf(path), problem, fix)
  }
}

/** A schedule like `* * * * *` without quotes. */
const star = [
  "has a value that starts with *, which YAML reads as an alias",
  'Put it in quotes: "*/5 * * * *".'
] as const

const isUnquotedStar = (code: string, text: string, offset: number): boolean =>
  (code === "BAD_ALIAS" || code === "UNEXPECTED_TOKEN") && text[offset] === "*"

/** Tags that repeat the type of their value. */
const plainTags = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`)
)

/** The message without its excerpt of the file. */
const plain = (message: string): string =>
  (message.split("\n")[0] ?? "").replace(/\s*(["'`]|: ).*$/, "").replace(/[.:]$/, "")

/** `hosts[3].base_url` */
const textOf = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    ""
  )

interface Lookup {
  readonly resolve: (node: unknown) => unknown
  readonly pairOf: (map: YAMLMap, name: PropertyKey) => Pair | undefined
}

/** Finds the first part of a map with a name. */
const finder = (): Lookup["pairOf"] => {
  const known = new WeakMap<YAMLMap, ReadonlyMap<PropertyKey, Pair>>()
  return (map, name) => {
    const pairs = known.get(map) ?? new Map(map.items.toReversed().map((pair) => [keyOf(pair), pair]))
    known.set(map, pairs)
    return pairs.get(name)
  }
}

/** Ten thousand hosts that each merge ten settings use a tenth of this. */
const mostBrought = 1_000_000

/**
 * The library's own conversion searches the whole file for each alias, which is too slow if each of ten thousand hosts
 * has one.
 */
const convert = (root: unknown) => {
  const anchors = new Map<string, { readonly node: unknown; readonly data: unknown }>()
  const aliases = new Map<unknown, unknown>()
  const loose: Array<Node> = []
  const twice: Array<Node> = []
  /** Parts with a tag that requires a special program, such as `!env`. */
  const tagged: Array<Node> = []
  /** A list, a map or an alias in place of a key. Reported once for each map. */
  const nameless: Array<Node | undefined> = []
  let broughtIn = 0
  const anchored = (node: { readonly anchor?: string }, data: unknown): unknown => {
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, data })
    return data
  }
  const toData = (node: unknown): unknown => {
    if (isNode(node) && node.tag !== undefined && !plainTags.has(node.tag)) tagged.push(node)
    if (isScalar(node)) return anchored(node, node.value)
    if (isSeq(node)) return anchored(node, node.items.map(toData))
    if (isMap(node)) return anchored(node, Object.fromEntries(merged(node.items)))
    if (!isAlias(node)) return null
    const found = anchors.get(node.source)
    if (found === undefined) loose.push(node)
    else aliases.set(node, found.node)
    return found?.data ?? null
  }
  /** `<<` adds the entries that the map itself lacks. */
  const merged = (pairs: ReadonlyArray<Pair>): ReadonlyArray<readonly [string, unknown]> => {
    const names = new Set<unknown>()
    const strange = pairs.find(({ key }) => !isScalar(key))
    if (strange !== undefined) {
      nameless.push(isNode(strange.key) ? strange.key : undefined)
      return []
    }
    for (const { key } of pairs) {
      if (!isScalar(key)) continue
      if (names.has(key.value)) twice.push(key)
      names.add(key.value)
    }
    const entries = pairs.map((pair) => [keyOf(pair), toData(pair.value)] as const)
    const brought = entries.filter(([key]) => key === "<<").flatMap(([, data]) => (Array.isArray(data) ? data : [data]))
    return [
      ...brought.toReversed().flatMap((data) => {
        // A map that is merged a thousand times occurs a thousand times.
        if (typeof data !== "object" || data === null || broughtIn > mostBrought) return []
        const found = Object.entries(data)
        broughtIn += found.length
        return found
      }),
      ...entries.filter(([key]) => key !== "<<")
    ]
  }
  const data = toData(root)
  return {
    data,
    loose,
    nameless,
    tagged,
    twice,
    tooMuch: broughtIn > mostBrought,
    resolve: (node: unknown) => aliases.get(node) ?? node
  }
}

/** A key that is not a scalar has been refused: as text, its length could be two to the power of its depth. */
const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : "")

/** The node at the path, or the deepest existing node on it. */
const offsetOf = ({ pairOf, resolve }: Lookup, root: unknown, path: Path, of: "value" | "name"): number => {
  let offset = startOf(root) ?? 0
  let node: unknown = resolve(root)
  for (const [index, part] of path.entries()) {
    if (isMap(node)) {
      const own = pairOf(node, part)
      if (own === undefined) return offset
      const byName = of === "name" && index === path.length - 1
      offset = startOf(byName ? own.key : own.value) ?? startOf(own.key) ?? offset
      node = resolve(own.value)
    } else if (isSeq(node) && typeof part === "number") {
      offset = startOf(node.items[part]) ?? offset
      node = resolve(node.items[part])
    } else {
      return offset
    }
  }
  return offset
}

const startOf = (node: unknown): number | undefined =>
  isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
