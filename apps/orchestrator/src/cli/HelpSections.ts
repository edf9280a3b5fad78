/**
 * The sections of `--help` besides flags: the settings that a command reads, its exit codes, and other explanations. The
 * `--help` of a command has its own rows; `privx-kit help` has the whole tables. Commands are annotated with their
 * sections, and `Help` renders them.
 */
import * as Context from "effect/Context"
import * as Catalogue from "@privx-kit/settings/Catalogue"
import * as ExitCode from "./ExitCode.ts"

export interface Section {
  readonly title: string
  readonly rows: ReadonlyArray<readonly [left: string, right: string]>
}

/** Created when they are shown. */
export class HelpSections extends Context.Service<HelpSections, () => ReadonlyArray<Section>>()(
  "privx-kit/HelpSections"
) {}

export type OwnVariable = keyof typeof Catalogue.ownEnvironment

export interface SettingNames {
  /** The settings of a connection to PrivX. */
  readonly privx?: boolean
  readonly own: ReadonlyArray<OwnVariable>
}

const ownRow = (key: OwnVariable) =>
  [Catalogue.ownEnvironment[key].name, Catalogue.ownEnvironment[key].description] as const

const settingRow = (key: Catalogue.Key): readonly [string, string] => {
  const { description, environment, file } = Catalogue.get(key)
  const [name, ...aliases] = environment
  const also = [
    ...aliases.map((alias) => `alias ${alias}`),
    ...(file === undefined ? [] : [`config file [${file[0]}] ${file[1]}`])
  ]
  return [name, also.length === 0 ? description : `${description} (${also.join("; ")})`]
}

/** Each row has the name in the environment, the meaning, and other names. */
export const settings: Section = {
  title: "SETTINGS (flag, else environment, else config file)",
  rows: Catalogue.keys.map(settingRow)
}

export const environment: Section = {
  title: "ENVIRONMENT",
  rows: [
    ...(
      [
        "dataDir",
        "config",
        "signingKey",
        "keepRuns",
        "databaseUrl",
        "server",
        "serverToken",
        "serverTokenFile"
      ] as const
    ).map(ownRow),
    ownRow("playbackSession"),
    ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy to PrivX, and the hosts that need none"],
    ["NO_COLOR, FORCE_COLOR", "turn colours off or on, as --no-color and --color do; FORCE_COLOR=0 turns them off"],
    ["XDG_DATA_HOME", "the data directory is $XDG_DATA_HOME/privx-kit (default ~/.local/share/privx-kit)"],
    ["XDG_STATE_HOME", "logins are in $XDG_STATE_HOME/privx-kit/logins (default ~/.local/state/…)"],
    ["XDG_CONFIG_HOME", "the config file is $XDG_CONFIG_HOME/privx-kit/config.toml (default ~/.config/…)"]
  ]
}

const exitRow = (name: ExitCode.Name) =>
  [String(ExitCode.table[name].code).padStart(3), ExitCode.table[name].meaning] as const

export const exitCodes: Section = { title: "EXIT CODES", rows: ExitCode.names.map(exitRow) }

/** The whole tables, under the names that `privx-kit help` accepts. */
export const topics = { "exit-codes": exitCodes, environment, settings } as const

/** The sections of a command that does work. */
export const ofLeaf = ({
  exitCodes,
  sections = [],
  settings
}: {
  readonly exitCodes: ReadonlyArray<ExitCode.Name>
  readonly settings?: SettingNames
  readonly sections?: ReadonlyArray<Section>
}): ReadonlyArray<Section> => {
  const rows = [
    ...(settings?.privx === true
      ? Catalogue.keys.map((key) => [Catalogue.get(key).environment[0], Catalogue.get(key).description] as const)
      : []),
    ...(settings?.own ?? []).map(ownRow)
  ]
  const given = new Set<ExitCode.Name>([...exitCodes, "ok", "usage", "defect"])
  return [
    ...sections,
    ...(rows.length === 0 ? [] : [{ title: "SETTINGS (flag, else environment, else config file)", rows }]),
    { title: "EXIT CODES", rows: ExitCode.names.filter((name) => given.has(name)).map(exitRow) }
  ]
}

/** Exit codes that several commands share. */
export const exitsOf = {
  /** Exit codes of commands that call PrivX or a privx-kit server. */
  network: [
    "settings",
    "unreachable",
    "tls",
    "timeout",
    "authentication",
    "permission",
    "notFound",
    "refused",
    "server",
    "unexpected"
  ],
  dataDirectory: ["storage", "busy"],
  signals: ["hangup", "interrupted", "terminated"]
} as const satisfies Record<string, ReadonlyArray<ExitCode.Name>>

/** Variables that several commands share. */
export const variablesOf = {
  dataDirectory: ["dataDir"],
  server: ["dataDir", "server", "serverToken", "serverTokenFile"]
} as const satisfies Record<string, ReadonlyArray<OwnVariable>>
