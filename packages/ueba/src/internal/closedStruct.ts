/**
 * A struct that rejects unknown field names wherever it is decoded. Otherwise a policy with a typing error would silently
 * require less. The JSON Schema lists the names too, for clients and editors.
 */
import * as Schema from "effect/Schema"

/** Checks the field names of a JSON object, and describes them in JSON Schema. */
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
