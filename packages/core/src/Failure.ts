/**
 * The common shape of every failure of the kit: an `Error` with a `_tag`, a `message` that says in one line what failed
 * and why, and a `hint` that says what to do about it.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category models
 */
export interface Failure extends Error {
  /** The class name, which `Effect.catchTag` matches. */
  readonly _tag: string
  /** One line: what failed and why. Never contains a secret. */
  readonly message: string
  /** One line: what the reader can do about it. */
  readonly hint: string
}

/**
 * The document that explains each class of failure: symptom, cause and solution.
 *
 * @since 0.1.0
 * @category constants
 */
export const troubleshooting = "docs/troubleshooting.md"

/**
 * The texts of a class of failures. They are computed when they are read, so that a failure that a retry resolves is
 * never rendered, and neither text is journaled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rendering<Self> {
  /** What failed and why. */
  readonly message: (self: Self) => string
  /** What the reader can do about it. */
  readonly hint: string | ((self: Self) => string)
  /** The section of `docs/troubleshooting.md` that the hint refers to. */
  readonly section?: string | ((self: Self) => string | undefined)
}

/**
 * Makes a class of failures: its tag, the schemas of its fields, and its texts.
 *
 * **When to use**: for every failure that callers can match or that a person reads. The fields are declared once; the texts
 * receive them with their types.
 *
 * **Details**: the class is a `Schema.TaggedError`: it can be yielded in `Effect.gen`, is a schema and survives a JSON round
 * trip as the same class. `message` and `hint` are reduced to one line each, without control characters.
 *
 * **Gotchas**: the texts must not contain secrets: they are printed and logged.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 * import * as Schema from "effect/Schema"
 *
 * export class SecretExists extends Failure.Class<SecretExists>()(
 *   "SecretExists",
 *   { name: Schema.String },
 *   {
 *     message: ({ name }) => `Cannot add the secret ${name}: a secret with this name already exists.`,
 *     hint: "Choose another name."
 *   }
 * ) {}
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const Class =
  <Self = never>() =>
  <Tag extends string, const Fields extends Schema.Struct.Fields>(
    tag: Tag,
    fields: Fields,
    rendering: Rendering<NoInfer<Schema.Struct.Type<Fields>>>
  ): FailureClass<Self, Tag, Fields> => {
    // The class is its own type argument and never `never`, as the conditional type of Effect requires.
    const failureClass = Schema.TaggedError<Self, Hinted>()(tag, fields) as FailureClass<Self, Tag, Fields>
    Object.defineProperties(failureClass.prototype, { ...getters(rendering), ...printing })
    return showingHint(failureClass)
  }

/**
 * The constructor that {@link Class} makes.
 *
 * @since 0.1.0
 * @category models
 */
export interface FailureClass<Self, Tag extends string, Fields extends Schema.Struct.Fields> extends Schema.Class<
  Self,
  Schema.TaggedStruct<Tag, Fields>,
  Cause.YieldableError & Hinted
> {}

interface Hinted {
  readonly hint: string
}

const getters = <Fields>({ hint, message, section }: Rendering<Fields>): PropertyDescriptorMap & ThisType<Fields> => ({
  message: {
    get() {
      return singleLine(message(this))
    },
    configurable: true
  },
  hint: {
    get() {
      const name = typeof section === "function" ? section(this) : section
      const more = name === undefined ? "" : ` See ${troubleshooting}#${name}.`
      return singleLine(typeof hint === "function" ? hint(this) : hint, 700) + more
    },
    configurable: true
  }
})

/** The same class; the stack of its instances has the hint in its second line. */
const showingHint = <C extends { readonly prototype: unknown }>(failureClass: C): C => {
  const Constructor = failureClass as unknown as new (...args: ReadonlyArray<unknown>) => Failure
  return class extends Constructor {
    constructor(...args: ReadonlyArray<unknown>) {
      super(...args)
      const captured = Object.getOwnPropertyDescriptor(this, "stack")
      Object.defineProperty(this, "stack", {
        ...stack,
        get: () => head(this) + framesOf(captured?.get === undefined ? captured?.value : captured.get.call(this))
      })
    }
  } as unknown as C
}

const head = ({ hint, message, name }: Failure): string => `${name}: ${message}\n  ${hint}`

const framesOf = (captured: unknown): string => {
  const text = typeof captured === "string" ? captured : ""
  const first = text.search(/\n {4}at /)
  return first === -1 ? "" : text.slice(first)
}

/**
 * The stack of a failure without frames. It is an own property, like that of `Error`.
 *
 * Programs that print an error print its stack: Effect's logger, `Cause.pretty`, and Node when the process exits.
 */
const stack: PropertyDescriptor & ThisType<Failure> = {
  get() {
    return head(this)
  },
  set(value: unknown) {
    Object.defineProperty(this, "stack", { value, configurable: true, writable: true })
  },
  configurable: true,
  enumerable: false
}

type Inspect = (value: unknown, options: object) => string

/** Support for tools that print errors in their own way. */
const printing: PropertyDescriptorMap & ThisType<Failure> = {
  // `console.error` and `util.inspect` of Node, Deno and Bun. Effect's class shows only its fields there.
  [Symbol.for("nodejs.util.inspect.custom")]: {
    value(depth: number, options: object, inspect: Inspect) {
      if (depth < 0) return `[${this.name}]`
      const fields = Object.entries(this).filter(([name, value]) => name !== "_tag" && value !== undefined)
      return fields.length === 0 ? this.stack : `${this.stack} ${inspect(Object.fromEntries(fields), options)}`
    },
    configurable: true
  },
  // vitest uses the JSON of an error. It prints the message, and below it the value of `codeFrame`.
  toJSON: {
    value() {
      return Object.defineProperty({ ...this }, "codeFrame", { value: this.hint, enumerable: false })
    },
    configurable: true
  }
}

/**
 * The fields of a failure, without those that every failure has.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<Self extends Failure> = Omit<Self, keyof Failure | keyof Cause.YieldableError>

/**
 * Makes a failure from valid fields, like the constructor of its class, but without validation and without stack frames.
 *
 * **When to use**: for a failure that a response from a socket causes. It has no caller that a stack could show, and
 * validation and stack cost several times as much as reading the body.
 *
 * **Gotchas**: the caller guarantees that the fields are valid. A failure with other fields cannot be encoded.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 * import { UnexpectedResponse } from "@privx-kit/core/UnexpectedResponse"
 *
 * export const empty = (operation: string, status: number) =>
 *   Failure.trusted(UnexpectedResponse, { operation, status, reason: "empty", excerpt: "" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const trusted = <Self extends Failure>(
  failureClass: { readonly identifier: string; readonly prototype: Self },
  fields: Fields<Self>
): Self => {
  const { stackTraceLimit } = Error
  // Not by assignment, which throws if the intrinsics are frozen.
  Reflect.set(Error, "stackTraceLimit", 0)
  const failure = Reflect.construct(Error, [], failureClass.prototype.constructor)
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit)
  return Object.assign(Object.defineProperty(failure, "stack", stack), { _tag: failureClass.identifier }, fields)
}

/**
 * Formats message and hint of a failure in one line for a person.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 * import { StorageFailed } from "@privx-kit/core/StorageFailed"
 * import * as Effect from "effect/Effect"
 *
 * export const reported = <A>(save: Effect.Effect<A, StorageFailed>) =>
 *   Effect.tapError(save, (failure) => Effect.logError(Failure.render(failure)))
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (failure: Failure): string => `${failure.message} ${failure.hint}`

/**
 * Makes text from a server safe for one line of a terminal or a log.
 *
 * **Details**: control characters, including line breaks, terminal escapes and marks of text direction, become spaces. Text
 * that is longer than the limit, in UTF-16 code units, is cut there and ends with `…`.
 *
 * **Gotchas**: it does not remove secrets; `Redaction` does.
 *
 * @example
 * ```ts
 * import * as Failure from "@privx-kit/core/Failure"
 *
 * export const line = Failure.singleLine("no such\nsecret") // no such secret
 * ```
 *
 * @since 0.1.0
 * @category rendering
 */
export const singleLine = (text: string, limit = 500): string => {
  // eslint-disable-next-line no-control-regex -- control characters are what this removes
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ").trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}
