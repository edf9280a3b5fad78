/** Shared parts of the published JSON Schemas. */
import type * as Schema from "effect/Schema"

/** Closes every object: an unknown name is an error, and an editor should report it. */
export const closed = (json: Schema.Json): Schema.Json => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(closed)
  const object = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, closed(value)]))
  return "properties" in object && "additionalProperties" in object
    ? { ...object, additionalProperties: false }
    : object
}
