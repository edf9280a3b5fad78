/**
 * The position of each part of a TOML text. Loaded only if a file has problems, because the parser of the values does not
 * keep positions.
 */
import { type AST, parseTOML } from "toml-eslint-parser"
import { keyOf, type Path, type Place, type Places } from "./PolicyPlaces.ts"

/** @param text valid TOML */
export const find = (text: string): Places => {
  const places: Places = { names: new Map(), values: new Map() }
  const [top] = parseTOML(text).body
  for (const node of top.body) {
    if (node.type === "TOMLKeyValue") pair(node, [], places)
    else {
      places.names.set(keyOf(node.resolvedKey), placeOf(node.key))
      for (const inner of node.body) pair(inner, node.resolvedKey, places)
    }
  }
  return places
}

const pair = ({ key, value }: AST.TOMLKeyValue, above: Path, places: Places): void => {
  const path = Array.from(above)
  for (const part of key.keys) {
    path.push(part.type === "TOMLBare" ? part.name : part.value)
    if (!places.names.has(keyOf(path))) places.names.set(keyOf(path), placeOf(part))
  }
  content(value, path, places)
}

const content = (node: AST.TOMLContentNode, path: Path, places: Places): void => {
  places.values.set(keyOf(path), placeOf(node))
  if (node.type === "TOMLArray") {
    for (const [at, element] of node.elements.entries()) content(element, [...path, at], places)
  } else if (node.type === "TOMLInlineTable") {
    for (const inner of node.body) pair(inner, path, places)
  }
}

const placeOf = ({ loc }: AST.TOMLNode): Place => ({ line: loc.start.line, column: loc.start.column + 1 })
