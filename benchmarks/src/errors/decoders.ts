/**
 * From the bytes of an error body to something typed, by each library's own fast way. All begin with bytes and end with
 * a checked value; only the kit and the one that says so end with an `Error` of its own class.
 */
import type { ErrorBody } from "./body.ts"

/** Answers with how many nested errors came out, so that nothing is optimised away and all can be held to be right. */
export type Decode = (bytes: Uint8Array) => number

const text = new TextDecoder()
const parse = (bytes: Uint8Array): unknown => JSON.parse(text.decode(bytes))

const size = (body: ErrorBody): number => body.details?.length ?? 0

const jsonParse = async (): Promise<Decode> => (bytes) => size(parse(bytes) as ErrorBody)

const ajv = async (): Promise<Decode> => {
  const { Ajv } = await import("ajv")
  const validate = new Ajv().compile<ErrorBody>({
    $id: "ErrorBody",
    type: "object",
    required: ["error_code"],
    properties: {
      error_code: { type: "string" },
      error_message: { type: "string" },
      property: { type: "string" },
      details: { type: "array", items: { anyOf: [{ type: "null" }, { $ref: "ErrorBody" }] } }
    }
  })
  return (bytes) => {
    const value = parse(bytes)
    if (!validate(value)) throw new Error("refused")
    return size(value)
  }
}

const typebox = async (): Promise<Decode> => {
  const { default: Type } = await import("typebox")
  const { Compile } = await import("typebox/compile")
  const checker = Compile(
    Type.Cyclic(
      {
        ErrorBody: Type.Object({
          error_code: Type.String(),
          error_message: Type.Optional(Type.String()),
          property: Type.Optional(Type.String()),
          details: Type.Optional(Type.Array(Type.Union([Type.Null(), Type.Ref("ErrorBody")])))
        })
      },
      "ErrorBody"
    )
  )
  return (bytes) => {
    const value = parse(bytes)
    if (!checker.Check(value)) throw new Error("refused")
    return size(value as ErrorBody)
  }
}

const valibot = async (): Promise<Decode> => {
  const v = await import("valibot")
  const schema: import("valibot").GenericSchema<ErrorBody> = v.object({
    error_code: v.string(),
    error_message: v.optional(v.string()),
    property: v.optional(v.string()),
    details: v.optional(v.array(v.nullable(v.lazy(() => schema))))
  })
  return (bytes) => size(v.parse(schema, parse(bytes)))
}

const makeZod = async () => {
  const { z } = await import("zod")
  const schema = z.object({
    error_code: z.string(),
    error_message: z.string().optional(),
    property: z.string().optional(),
    get details(): import("zod").ZodOptional<import("zod").ZodArray<import("zod").ZodNullable<typeof schema>>> {
      return z.array(schema.nullable()).optional()
    }
  })
  return schema
}

const zod = async (): Promise<Decode> => {
  const schema = await makeZod()
  return (bytes) => size(schema.parse(parse(bytes)))
}

/** What one must add to zod to have what the kit gives: a class for each code, with a stack. */
const zodError = async (): Promise<Decode> => {
  const schema = await makeZod()
  class InvalidRequestData extends Error {
    readonly body: ErrorBody
    readonly status: number
    constructor(body: ErrorBody, status: number) {
      super(body.error_message)
      this.body = body
      this.status = status
    }
  }
  return (bytes) => size(new InvalidRequestData(schema.parse(parse(bytes)), 400).body)
}

const effect = async (): Promise<Decode> => {
  const Schema = await import("effect/Schema")
  const schema: import("effect/Schema").Codec<ErrorBody> = Schema.Struct({
    error_code: Schema.String,
    error_message: Schema.optional(Schema.String),
    property: Schema.optional(Schema.String),
    details: Schema.optional(Schema.Array(Schema.NullOr(Schema.suspend(() => schema))))
  })
  const decode = Schema.decodeUnknownSync(schema)
  return (bytes) => size(decode(parse(bytes)))
}

const headers = { "content-type": "application/json", "content-length": "1000", "x-request-id": "r-1" }

/** The same function as behind every failed call; drops the `null` that the others keep. */
const kit = async (): Promise<Decode> => {
  const ResponseFailure = await import("@privx-kit/http/ResponseFailure")
  return (body) => {
    const failure = ResponseFailure.make({ operation: "Things.create", status: 400, headers, body, now: 0 })
    if (failure._tag !== "InvalidRequestData") throw new Error("refused")
    return failure.details.length + 1
  }
}

export const decoders = {
  "JSON.parse": jsonParse,
  ajv,
  typebox,
  valibot,
  "zod 4": zod,
  "zod 4, Error class": zodError,
  "effect Schema": effect,
  kit
}

export type Name = keyof typeof decoders

export const names = Object.keys(decoders) as ReadonlyArray<Name>

export const reference: Name = "JSON.parse"
