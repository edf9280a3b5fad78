/**
 * Parses the text of a policy file, TOML or JSON, to data with the place of each part. The nesting depth is limited, and
 * duplicate names are refused with their place.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { keyOf, type Path, type Place, type Places } from "./PolicyPlaces.ts"

export interface Source {
  readonly data: unknown
  /** The position of a part, or of the nearest part above it: of its name for `"name"`, otherwise of its value. */
  readonly place: (path: Path, of: "name" | "value") => Place
}

export interface Malformed extends Place {
  readonly problem: string
}

/** A policy is a table with tables of lists. */
const deepest = 16

export const parse = (text: string, format: "toml" | "json"): Effect.Effect<Source, Malformed> =>
  format === "json" ? parseJson(text) : parseToml(text)

const start: Place = { line: 1, column: 1 }

const parseToml = Effect.fnUntraced(function* (text: string): Effect.fn.Return<Source, Malformed> {
  // Loaded only if there is a file to parse.
  const { parse, TomlError } = yield* Effect.promise(() => import("smol-toml"))
  const data = Result.try({
    try: (): unknown => parse(text, { maxDepth: deepest }),
    catch: (cause): Malformed => {
      if (!(cause instanceof TomlError)) return { ...start, problem: "is not valid TOML" }
      const [reason = ""] = cause.message.split("\n")
      return {
        line: cause.line,
        column: cause.column,
        problem: /redefine|already defined/.test(reason)
          ? "has this key twice"
          : `is not valid TOML: ${reason.replace(/^Invalid TOML document: /, "")}`
      }
    }
  })
  if (Result.isFailure(data)) return yield* Effect.fail(data.failure)
  const places = yield* Effect.promise(() => import("./TomlPlaces.ts"))
  let known: ReturnType<typeof places.find> | undefined
  return { data: data.success, place: (path, of) => nearest((known ??= places.find(text)), path, of) }
})

const parseJson = Effect.fnUntraced(function* (text: string): Effect.fn.Return<Source, Malformed> {
  const tooDeep = depthExceeded(text)
  if (tooDeep !== undefined) {
    return yield* Effect.fail({ ...placeOf(text, tooDeep), problem: `is nested deeper than ${deepest} levels` })
  }
  const data = Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause): Malformed => {
      const message = cause instanceof Error ? cause.message : ""
      const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.trimEnd().length)
      return { ...placeOf(text, offset), problem: `is not valid JSON: ${reasonOf(message)}` }
    }
  })
  if (Result.isFailure(data)) return yield* Effect.fail(data.failure)
  const { isMap, isScalar, isSeq, parseDocument } = yield* Effect.promise(() => import("yaml"))
  const known: Places = { names: new Map(), values: new Map() }
  let twice: Malformed | undefined
  const note = (node: unknown, path: Path): void => {
    if (isMap(node)) {
      const seen = new Set<unknown>()
      for (const { key, value } of node.items) {
        if (!isScalar(key)) continue
        const below = [...path, String(key.value)]
        const place = placeOf(text, key.range?.[0] ?? 0)
        if (seen.has(key.value)) twice ??= { ...place, problem: "has this key twice" }
        seen.add(key.value)
        known.names.set(keyOf(below), place)
        note(value, below)
      }
    } else if (isSeq(node)) {
      for (const [at, item] of node.items.entries()) note(item, [...path, at])
    }
    if (isMap(node) || isSeq(node) || isScalar(node)) known.values.set(keyOf(path), placeOf(text, node.range?.[0] ?? 0))
  }
  // JSON is also YAML, and this parser has the position of each part.
  note(parseDocument(text, { uniqueKeys: false, prettyErrors: false }).contents, [])
  if (twice !== undefined) return yield* Effect.fail(twice)
  return { data: data.success, place: (path, of) => nearest(known, path, of) }
})

/** The message without its excerpt of the file and without its position. */
const reasonOf = (message: string): string =>
  message
    .replace(/ in JSON at position.*$/s, "")
    .replace(/,? ?\.{0,3}"[^]*$/, "")
    .replace(/^Unexpected end of JSON input$/, "it ends too early") || "unexpected text"

const nearest = ({ names, values }: Places, path: Path, of: "name" | "value"): Place => {
  for (let length = path.length; length > 0; length--) {
    const key = keyOf(path.slice(0, length))
    const found = of === "name" ? (names.get(key) ?? values.get(key)) : (values.get(key) ?? names.get(key))
    if (found !== undefined) return found
  }
  return start
}

const placeOf = (text: string, offset: number): Place => {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf("\n") + 1
  return { line: before.split("\n").length, column: Array.from(before.slice(lineStart)).length + 1 }
}

/** The offset at which too many brackets are open. */
const depthExceeded = (text: string): number | undefined => {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character === "\\") at++
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === "{" || character === "[") {
      depth += 1
      if (depth > deepest) return at
    } else if (character === "}" || character === "]") depth -= 1
  }
  return undefined
}
