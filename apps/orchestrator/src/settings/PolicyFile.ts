/**
 * The file that says what a set-up script is held to, in TOML, or in JSON where its name ends in `.json`:
 *
 * ```toml
 * write_places = ["/etc", "/opt"]
 * pin_file = "approved.sha256"          # one SHA-256 a line, as sha256sum prints it
 *
 * [checks]                              # demanded, required, warned or off
 * signature = "demanded"
 * noFetchedCode = "required"
 *
 * [signature]                           # minisign, or cosign with a key
 * file = "setup-script.sh.minisig"
 * public_key_file = "minisign.pub"
 *
 * [configuration]                       # what the script must carry, instead of what PrivX says
 * address = "ueba.example.com:8443"
 * trust_anchors_file = "anchors.pem"
 * ```
 *
 * Everything is optional, nothing else is allowed. Files that it names are looked for beside it, read now, and go with the
 * policy into the run: what they say later does not matter to a run that was begun.
 */
import * as PinFile from "@privx-kit/ueba/PinFile"
import { CheckName, CheckRequirements, VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { type Problem, SettingsError } from "./SettingsError.ts"

const Signature = Schema.Struct({ file: Schema.String, public_key_file: Schema.String })

const Configuration = Schema.Struct({ address: Schema.String, trust_anchors_file: Schema.String })

const tables = {
  checks: Schema.optionalKey(CheckRequirements),
  write_places: VerificationPolicy.to.fields.writePlaces,
  pin_file: Schema.optionalKey(Schema.String),
  signature: Schema.optionalKey(Signature),
  configuration: Schema.optionalKey(Configuration)
}

const Content = Schema.Struct(tables)

/** The policy, or everything that is wrong with the file and with those that it names. */
export const read = Effect.fnUntraced(function* (file: string): Effect.fn.Return<VerificationPolicy, SettingsError> {
  const text = yield* load(file, `policy ${file}`)
  const content = yield* decode(file, yield* parse(file, text))
  const beside = (name: string, setting: string) => load(path.resolve(path.dirname(file), name), setting)
  const { checks, configuration, pin_file, signature, write_places } = content

  const knownDigests = pin_file === undefined ? undefined : yield* pins(pin_file, yield* beside(pin_file, "pin_file"))
  const policy = {
    ...(checks === undefined ? undefined : { checks }),
    ...(write_places === undefined ? undefined : { writePlaces: write_places }),
    ...(knownDigests === undefined ? undefined : { knownDigests }),
    ...(signature === undefined
      ? undefined
      : {
          signature: {
            signature: yield* beside(signature.file, "signature.file"),
            publicKey: yield* beside(signature.public_key_file, "signature.public_key_file")
          }
        }),
    ...(configuration === undefined
      ? undefined
      : {
          configuration: {
            address: configuration.address,
            trust_anchors: yield* beside(configuration.trust_anchors_file, "configuration.trust_anchors_file")
          }
        })
  }
  return yield* Effect.mapError(Schema.decodeUnknownEffect(VerificationPolicy)(policy), (error) =>
    wrong({ setting: `policy ${file}`, problem: `is not valid: ${error.message}`, fix: "Correct it." })
  )
})

const wrong = (problem: Problem): SettingsError => new SettingsError({ problems: [problem], looked: ["--policy"] })

/** A policy is a page, and what it names hardly more. */
const largest = 1024 * 1024

const load = (file: string, setting: string): Effect.Effect<string, SettingsError> =>
  Effect.tryPromise({
    try: async () => {
      const { size } = await fs.stat(file)
      return size > largest ? undefined : await fs.readFile(file, "utf8")
    },
    catch: (cause) => (cause instanceof Error && "code" in cause ? String(cause.code) : "unknown")
  }).pipe(
    Effect.mapError((code) =>
      wrong({
        setting,
        problem:
          code === "ENOENT" ? `names ${file}, which does not exist` : `names ${file}, which cannot be read (${code})`,
        fix: code === "ENOENT" ? "Check the path." : "Check its permissions."
      })
    ),
    Effect.flatMap((text) =>
      text === undefined
        ? Effect.fail(wrong({ setting, problem: `names ${file}, which is larger than 1 MiB`, fix: "Check the path." }))
        : Effect.succeed(text)
    )
  )

/** As TOML or JSON, whatever is in it. */
const parse = Effect.fnUntraced(function* (file: string, text: string): Effect.fn.Return<unknown, SettingsError> {
  const malformed = (reason: string) =>
    wrong({ setting: `policy ${file}`, problem: `is not valid ${reason}`, fix: "Correct that line." })
  if (file.endsWith(".json")) {
    return yield* Effect.try({
      try: (): unknown => JSON.parse(text),
      catch: (cause) => malformed(`JSON: ${cause instanceof Error ? cause.message : "unknown"}`)
    })
  }
  // Loaded only where there is a file to parse.
  const toml = yield* Effect.promise(() => import("smol-toml"))
  return yield* Effect.try({
    try: (): unknown => toml.parse(text),
    catch: (cause) =>
      malformed(
        cause instanceof toml.TomlError
          ? `TOML (line ${cause.line}, column ${cause.column}: ${(cause.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "")})`
          : "TOML"
      )
  })
})

const decode = (file: string, content: unknown): Effect.Effect<typeof Content.Type, SettingsError> => {
  // What the schema says of a wrong name is a list of all right ones.
  const unknown = unknownChecks(content)
  if (unknown.length > 0) {
    const problem = `asks for checks that there are none of: ${unknown.join(", ")}`
    return Effect.fail(
      wrong({ setting: `policy ${file}`, problem, fix: `There are ${CheckName.literals.join(", ")}.` })
    )
  }
  return Effect.mapError(
    Schema.decodeUnknownEffect(Content)(content, { onExcessProperty: "error", errors: "all" }),
    (error) =>
      wrong({
        setting: `policy ${file}`,
        problem: `does not fit: ${error.message.replace(/\s*\n\s*/g, " ")}`,
        fix: `It may have ${Object.keys(tables).join(", ")}.`
      })
  )
}

const unknownChecks = (content: unknown): ReadonlyArray<string> => {
  if (typeof content !== "object" || content === null || !("checks" in content)) return []
  const { checks } = content
  const known: ReadonlyArray<string> = CheckName.literals
  return typeof checks === "object" && checks !== null
    ? Object.keys(checks).filter((name) => !known.includes(name))
    : []
}

const pins = (file: string, text: string) =>
  Result.match(PinFile.parse(text), {
    onSuccess: (digests) => Effect.succeed(digests),
    onFailure: (failure) =>
      Effect.fail(
        wrong({ setting: `pin_file ${file}`, problem: `is malformed: ${failure.message}`, fix: failure.hint })
      )
  })
