/**
 * What a command's `--help` says beyond its flags: the environment it reads, its exit codes, whatever else it must teach.
 * Commands are annotated with it; `Help` renders it.
 */
import * as Context from "effect/Context"
import * as ExitCode from "../ExitCode.ts"
import * as Catalogue from "../settings/Catalogue.ts"

export interface Section {
  readonly title: string
  readonly rows: ReadonlyArray<readonly [left: string, right: string]>
}

export class HelpSections extends Context.Service<HelpSections, ReadonlyArray<Section>>()("privx-kit/HelpSections") {}

const own = ({ description, name }: { readonly name: string; readonly description: string }) =>
  [name, description] as const

export const settings: Section = {
  title: "SETTINGS (flag, else environment, else TOML file)",
  rows: Catalogue.keys.map((key) => {
    const { description, environment, file } = Catalogue.get(key)
    const [name, ...aliases] = environment
    const also = [
      ...aliases.map((alias) => `alias ${alias}`),
      ...(file === undefined ? [] : [`TOML [${file[0]}] ${file[1]}`])
    ]
    return [name, also.length === 0 ? description : `${description} (${also.join("; ")})`]
  })
}

export const environment: Section = {
  title: "ENVIRONMENT",
  rows: [
    own(Catalogue.ownEnvironment.dataDir),
    own(Catalogue.ownEnvironment.config),
    own(Catalogue.ownEnvironment.signingKey),
    own(Catalogue.ownEnvironment.keepRuns),
    own(Catalogue.ownEnvironment.databaseUrl),
    own(Catalogue.ownEnvironment.server),
    own(Catalogue.ownEnvironment.serverToken),
    own(Catalogue.ownEnvironment.serverTokenFile),
    ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy to PrivX, and the hosts that are reached without it"],
    ["NO_COLOR, FORCE_COLOR", "colours off or on, as --no-color and --color"],
    ["XDG_DATA_HOME", "the data folder is $XDG_DATA_HOME/privx-kit (default ~/.local/share/privx-kit)"],
    ["XDG_CONFIG_HOME", "the TOML file is $XDG_CONFIG_HOME/privx-kit/config.toml (default ~/.config/…)"]
  ]
}

export const exitCodes: Section = {
  title: "EXIT CODES",
  rows: ExitCode.names.map((name) => [String(ExitCode.table[name].code).padStart(3), ExitCode.table[name].meaning])
}
