/**
 * The file name in a `Content-Disposition` header, sanitized: not a path, not a hidden file, no invisible characters.
 */
import { parse } from "content-disposition"

const maxLength = 255

export const suggestedName = (header: string | undefined): string | undefined => {
  if (header === undefined || header.length > 4096) return undefined
  const { filename } = parameters(header)
  const name = filename
    ?.split(/[\\/]/)
    .at(-1)
    // oxlint-disable-next-line no-control-regex -- control and direction characters are what this removes
    ?.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, "")
    .replace(/^[.\s]+/, "")
    .trim()
  return name === undefined || name === "" ? undefined : name.slice(0, maxLength)
}

const parameters = (header: string): Readonly<Record<string, string | undefined>> => {
  try {
    return parse(header).parameters
  } catch {
    return {}
  }
}
