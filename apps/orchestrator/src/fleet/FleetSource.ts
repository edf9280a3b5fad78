/**
 * The text of a fleet file as data, with the place of each part. JSON is read by the same parser: it is YAML as well.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml"
import type { Problem } from "../settings/SettingsError.ts"

export type Path = ReadonlyArray<PropertyKey>

export interface Source {
  /** Plain data; parts that are aliases of each other are one object. */
  readonly data: unknown
  /** What is wrong with the text itself. */
  readonly problems: ReadonlyArray<Problem>
  /**
   * A problem with a part, or with its name; where there is no such part, it is placed at the one that should have it.
   */
  readonly problem: (path: Path, problem: string, fix: string, of?: "value" | "name") => Problem
}

/** @param file as it is shown in messages */
export const parse = (text: string, file: string): Source => {
  const data = json(text)
  if (data === undefined) return yaml(text, file)
  // The places are of interest only where something is wrong, and knowing them costs more than the rest.
  let placed: Source | undefined
  return { data, problems: [], problem: (...of) => (placed ??= yaml(text, file)).problem(...of) }
}

const json = (text: string): unknown => {
  if (!text.trimStart().startsWith("{")) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const yaml = (text: string, file: string): Source => {
  const lines = new LineCounter()
  // The library's own look for names that stand there twice takes the square of their number.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const at = (offset: number): Required<Problem>["at"] => {
    const { col, line } = lines.linePos(offset)
    return { path: file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const placed = (place: Required<Problem>["at"], what: string, problem: string, fix: string): Problem => ({
    setting: `${file}:${place.line}:${place.column}${what === "" ? "" : ` ${what}`}`,
    problem,
    fix,
    at: place
  })
  // After a mistake in its syntax the rest of a file is made up of mistakes.
  const problems = document.errors
    .slice(0, 1)
    .map((error) => placed(at(error.pos[0]), "", `is not valid YAML: ${plain(error.message)}`, "Correct that line."))
  const { data, loose, resolve, tooMuch, twice } = convert(document.contents)
  for (const node of twice) {
    problems.push(placed(at(node.range?.[0] ?? 0), "", "stands there a second time", "Leave one of them out."))
  }
  for (const node of loose) {
    problems.push(
      placed(at(node.range?.[0] ?? 0), "", "names an anchor that is not above it", "Put the anchor (&name) first.")
    )
  }
  if (tooMuch)
    problems.push(placed(at(0), "", "brings in too much with <<", "Put what many hosts share into defaults."))
  const pairOf = finder()
  return {
    data,
    problems,
    problem: (path, problem, fix, of = "value") =>
      placed(at(offsetOf({ resolve, pairOf }, document.contents, path, of)), textOf(path), problem, fix)
  }
}

/** Without what it quotes of the file. */
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

/** Finds a part of a map by its name: the first of that name. */
const finder = (): Lookup["pairOf"] => {
  const known = new WeakMap<YAMLMap, ReadonlyMap<PropertyKey, Pair>>()
  return (map, name) => {
    const pairs = known.get(map) ?? new Map(map.items.toReversed().map((pair) => [keyOf(pair), pair]))
    known.set(map, pairs)
    return pairs.get(name)
  }
}

/** With ten thousand hosts, and ten settings brought in for each, it is a tenth of this. */
const mostBrought = 1_000_000

/**
 * The library's own conversion looks through the whole file for each alias, which is too much where each of ten thousand
 * hosts has one.
 */
const convert = (root: unknown) => {
  const anchors = new Map<string, { readonly node: unknown; readonly data: unknown }>()
  const aliases = new Map<unknown, unknown>()
  const loose: Array<Node> = []
  const twice: Array<Node> = []
  let broughtIn = 0
  const anchored = (node: { readonly anchor?: string }, data: unknown): unknown => {
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, data })
    return data
  }
  const toData = (node: unknown): unknown => {
    if (isScalar(node)) return anchored(node, node.value)
    if (isSeq(node)) return anchored(node, node.items.map(toData))
    if (isMap(node)) return anchored(node, Object.fromEntries(merged(node.items)))
    if (!isAlias(node)) return null
    const found = anchors.get(node.source)
    if (found === undefined) loose.push(node)
    else aliases.set(node, found.node)
    return found?.data ?? null
  }
  /** `<<` brings in what the map does not have itself. */
  const merged = (pairs: ReadonlyArray<Pair>): ReadonlyArray<readonly [string, unknown]> => {
    const names = new Set<unknown>()
    for (const { key } of pairs) {
      if (!isScalar(key)) continue
      if (names.has(key.value)) twice.push(key)
      names.add(key.value)
    }
    const entries = pairs.map((pair) => [keyOf(pair), toData(pair.value)] as const)
    const brought = entries.filter(([key]) => key === "<<").flatMap(([, data]) => (Array.isArray(data) ? data : [data]))
    return [
      ...brought.toReversed().flatMap((data) => {
        // A map that is brought in a thousand times is there a thousand times.
        if (typeof data !== "object" || data === null || broughtIn > mostBrought) return []
        const found = Object.entries(data)
        broughtIn += found.length
        return found
      }),
      ...entries.filter(([key]) => key !== "<<")
    ]
  }
  const data = toData(root)
  return { data, loose, twice, tooMuch: broughtIn > mostBrought, resolve: (node: unknown) => aliases.get(node) ?? node }
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key)

/** Of the part that the path leads to, or as far as it leads. */
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
