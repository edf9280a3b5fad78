/** Decides whether a command uses a server instead of a data directory. Evaluated before anything else is loaded. */
import * as Catalogue from "@privx-kit/settings/Catalogue"

/** With `--data-dir`, the command uses the directory on this machine and ignores the environment. */
export const isServer = (
  flags: { readonly server: string | undefined; readonly dataDir: string | undefined },
  environment: Readonly<Record<string, string | undefined>>
): boolean =>
  flags.server !== undefined ||
  (flags.dataDir === undefined && (environment[Catalogue.ownEnvironment.server.name] ?? "") !== "")
