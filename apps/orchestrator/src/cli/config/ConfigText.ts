/** Changes one value of a TOML text, and preserves everything else, including comments. */
import { parseTOML } from "toml-eslint-parser"

/**
 * @param text valid TOML
 * @param value as TOML
 */
export const set = (text: string, section: string, name: string, value: string): string => {
  const [top] = parseTOML(text).body
  const table = top.body.find((node) => node.type === "TOMLTable" && node.resolvedKey.join(".") === section)
  if (table?.type !== "TOMLTable")
    return `${text.trimEnd()}${text.trim() === "" ? "" : "\n\n"}[${section}]\n${name} = ${value}\n`
  const pair = table.body.find(
    ({ key }) => key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value)).join(".") === name
  )
  if (pair !== undefined) return text.slice(0, pair.value.range[0]) + value + text.slice(pair.value.range[1])
  const lineEnd = text.indexOf("\n", table.key.range[1])
  const after = lineEnd === -1 ? text.length : lineEnd
  return `${text.slice(0, after)}\n${name} = ${value}${text.slice(after)}`
}
