/** Reads and changes single values of the config file. Secrets are neither shown nor accepted on the command line. */
import { fromSystem } from "@privx-kit/core/StorageFailed"
import * as DurableFile from "@privx-kit/files/DurableFile"
import * as Lookup from "@privx-kit/settings/Lookup"
import * as Settings from "@privx-kit/settings/Settings"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import * as TomlFile from "@privx-kit/settings/TomlFile"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as ConfigFields from "./ConfigFields.ts"
import * as ConfigInit from "./ConfigInit.ts"
import type { Name } from "./SettingNames.ts"
import * as ConfigText from "./ConfigText.ts"

interface Input extends Globals {
  readonly name: Name
  readonly json: boolean
}

interface Value {
  readonly name: string
  readonly value: string
  readonly source: string
}

/** The effective value, from any source. */
export const get = (input: Input) =>
  Effect.gen(function* () {
    const { title } = ConfigFields.settingOf(input.name)
    const flags = { ...input, baseUrl: undefined, caFiles: [], insecureHttp: true }
    const { looked, rows } = yield* Settings.inspect(flags, Settings.thisHost())
    const row = rows.find((row) => row.title === title)
    if (row?.source === undefined) {
      return yield* new SettingsError({
        problems: [{ setting: title, problem: "is not set", fix: `Run privx-kit config set ${input.name} VALUE.` }],
        looked
      })
    }
    return { name: input.name, value: row.value, source: Lookup.describe(row.source) }
  }).pipe(
    Outcome.report<Value>({
      command: "config get",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ({ value }, out) => out.line(value)
    })
  )

export const set = (input: Input & { readonly value: string }) =>
  change(input).pipe(
    Outcome.report<{ readonly name: string; readonly file: string }>({
      command: "config set",
      json: input.json,
      verbose: input.verbose,
      toJson: (result) => result,
      toPerson: ({ file, name }, out) => out.line(`Set ${name} in ${file}.`)
    })
  )

const change = Effect.fnUntraced(function* (input: Input & { readonly value: string }) {
  const { name } = input
  const problem = ConfigFields.check(name, input.value)
  if (problem !== undefined) return yield* new SettingsError({ problems: [problem], looked: ["command line"] })
  const value = name === "ca_file" ? yield* ConfigInit.readFile(input.value) : input.value
  const { path: file } = Settings.configFile(input, Settings.thisHost())
  const { problems } = yield* TomlFile.read(file, false)
  const broken = problems.filter(({ setting }) => setting.startsWith("file "))
  if (broken.length > 0) return yield* new SettingsError({ problems: broken, looked: [file] })
  const [section = "", field = ""] = ConfigFields.settingOf(name).file ?? []
  const text = yield* Effect.tryPromise({ try: () => textOf(file), catch: fromSystem(file) })
  const changed = ConfigText.set(text, section, field, ConfigFields.encode(name, value))
  yield* DurableFile.makeDirectory(path.dirname(file))
  yield* DurableFile.write(file, new TextEncoder().encode(changed), { owner: "config" })
  return { name, file }
})

const textOf = async (file: string): Promise<string> => {
  try {
    return await fs.readFile(file, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return ""
    throw error
  }
}
