/**
 * The file with an administrator's requirements for a setup script, in TOML, or in JSON if its name ends in `.json`:
 *
 * ```toml
 * write_places = ["/etc", "/opt"]
 * pin_file = "approved.sha256"          # one SHA-256 a line, as sha256sum prints it
 *
 * [checks]                              # demanded, required, warned or off
 * signature = "demanded"
 * noFetchedCode = "required"
 *
 * [capabilities]                        # allowed, forbidden, or the subjects that are
 * runsFetchedCode = "forbidden"
 * downloads = { allowed = ["https://packages.example.com/*"] }
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
 * Every field is optional, and unknown fields are refused. All problems are reported together, with line and column.
 * Paths are relative to the policy file. The files are read together with the policy and become part of the run: a later
 * change does not affect a started run.
 */
import * as PinFile from "@privx-kit/ueba/PinFile"
import { RuleName } from "@privx-kit/ueba/CapabilityRules"
import { CheckName, VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as path from "node:path"
import { Content } from "./PolicySchema.ts"
import type { Path, Place } from "./PolicyPlaces.ts"
import * as PolicySource from "./PolicySource.ts"
import { type Problem, SettingsError } from "@privx-kit/settings/SettingsError"
import * as SettingsFile from "@privx-kit/settings/SettingsFile"

/** Reads a policy. Fails with every problem of the file, or with the first problem of a file that it names. */
export const read = Effect.fnUntraced(function* (file: string): Effect.fn.Return<VerificationPolicy, SettingsError> {
  const text = yield* load(file, `policy ${file}`)
  const content = yield* decode(file, text)
  const beside = (name: string, setting: string) => load(path.resolve(path.dirname(file), name), setting)
  const { capabilities, checks, configuration, pin_file, signature, write_places } = content

  const knownDigests = pin_file === undefined ? undefined : yield* pins(pin_file, yield* beside(pin_file, "pin_file"))
  const policy = {
    ...(checks === undefined ? undefined : { checks }),
    ...(capabilities === undefined ? undefined : { capabilities }),
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

/** In bytes. A policy is about a page long, and the files that it names are not much longer. */
const largest = 256 * 1024

const load = (file: string, setting: string): Effect.Effect<string, SettingsError> =>
  Effect.mapError(SettingsFile.read(file, { maxBytes: largest }), ({ fix, problem }) =>
    wrong({ setting, problem: `names ${file}, which ${problem}`, fix })
  )

const placed = (file: string, { column, line }: Place, name: string, problem: string, fix: string): Problem => ({
  setting: name === "" ? "the file" : name,
  problem,
  fix,
  at: { path: file, line, column }
})

const decode = Effect.fnUntraced(function* (
  file: string,
  text: string
): Effect.fn.Return<typeof Content.Type, SettingsError> {
  const source = yield* Effect.mapError(
    PolicySource.parse(text, file.endsWith(".json") ? "json" : "toml"),
    ({ problem, ...place }) => wrong(placed(file, place, "", problem, "Correct that line."))
  )
  const content = Schema.decodeUnknownResult(Content)(source.data, { onExcessProperty: "error", errors: "all" })
  if (Result.isSuccess(content)) return content.success
  const problems = format(content.failure.issue).issues.map(({ message, path: parts = [] }) => {
    const where = parts.map((part) => (typeof part === "object" ? part.key : part))
    const described = describe(source.data, message, where)
    const place = source.place(described.at, described.of)
    return placed(file, place, nameOf(described.at), described.problem, described.fix)
  })
  const inOrder = distinct(problems).toSorted(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0)
  )
  return yield* new SettingsError({ problems: inOrder.slice(0, 20), looked: ["--policy"] })
})

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const distinct = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => [
  ...new Map(problems.map((problem) => [`${problem.setting} ${problem.problem}`, problem])).values()
]

interface Described {
  readonly at: Path
  readonly of: "name" | "value"
  readonly problem: string
  readonly fix: string
}

/** Tables with a fixed set of names. */
const tables: { readonly [table: string]: ReadonlyArray<string> } = {
  checks: CheckName.literals,
  capabilities: RuleName.literals
}

const describe = (data: unknown, message: string, where: Path): Described => {
  const [top, name] = where
  const known = tables[String(top)]
  // The schema reports the table or the name, but a reader looks for the name.
  const unknown = known === undefined ? undefined : namesOf(data, String(top)).find((each) => !known.includes(each))
  if (known !== undefined && unknown !== undefined && (name === undefined || name === unknown)) {
    const fix = `Use one of ${known.join(", ")}.`
    return { at: [String(top), unknown], of: "name", problem: "is not known", fix }
  }
  const isRulePart = top === "capabilities" && where.length === 3
  if (/excess|unexpected key/i.test(message) || (isRulePart && where[2] !== "allowed" && where[2] !== "forbidden")) {
    const names = where.length === 1 ? ` The fields of a policy are ${Object.keys(Content.fields).join(", ")}.` : ""
    return { at: where, of: "name", problem: "is not a known field", fix: `Remove it, or correct the name.${names}` }
  }
  if (message === "Missing key")
    return { at: where, of: "value", problem: "is missing", fix: `Add ${String(where.at(-1))}.` }
  const literals = [...message.matchAll(/"(\w+)"/g)].map(([, literal]) => literal)
  const expected =
    literals.length > 1 && !message.includes("table")
      ? `one of ${literals.join(", ")}`
      : message.replace(/^Expected /, "").replace(/, got .*$/s, "")
  return { at: where, of: "value", problem: `must be ${expected}`, fix: "Correct the value." }
}

const namesOf = (data: unknown, table: string): ReadonlyArray<string> => {
  const found =
    typeof data === "object" && data !== null ? Object.entries(data).find(([name]) => name === table)?.[1] : undefined
  return typeof found === "object" && found !== null ? Object.keys(found) : []
}

/** `write_places[1]` */
const nameOf = (where: Path): string =>
  where.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    ""
  )

const pins = (file: string, text: string) =>
  Result.match(PinFile.parse(text), {
    onSuccess: (digests) => Effect.succeed(digests),
    onFailure: (failure) =>
      Effect.fail(
        wrong({ setting: `pin_file ${file}`, problem: `is malformed: ${failure.message}`, fix: failure.hint })
      )
  })
