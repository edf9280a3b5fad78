/**
 * A struct that refuses a name that it does not have, wherever it is decoded: a policy with a slip must not pass for one
 * that demands less. The names stand in its JSON Schema as well, so that clients and editors know them.
 */
import * as Schema from "effect/Schema"

/** The check of the names that a JSON object may have, which describes each of them in JSON Schema. */
export const names = (fields: Schema.Struct.Fields) =>
  Schema.isPropertyNames(Schema.Literals(Object.keys(fields)), {
    toJsonSchema: () => {
      const { properties, required } = Schema.toJsonSchemaDocument(Schema.Struct(fields)).schema
      return {
        ...(properties === undefined ? undefined : { properties }),
        ...(required === undefined ? undefined : { required }),
        additionalProperties: false
      }
    }
  })
