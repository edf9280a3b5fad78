/** What the published JSON Schemas have in common. */
import type * as Schema from "effect/Schema"

/** Closes every object: a name that is not known is a mistake, and an editor should say so. */
export const closed = (json: Schema.Json): Schema.Json => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(closed)
  const object = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, closed(value)]))
  return "properties" in object && "additionalProperties" in object
    ? { ...object, additionalProperties: false }
    : object
}
