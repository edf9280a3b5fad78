/**
 * The default directories of a user's privx-kit files.
 *
 * @since 0.1.0
 */
import * as path from "node:path"

/**
 * Returns the default data directory of a user: `$XDG_DATA_HOME/privx-kit`, or `~/.local/share/privx-kit`.
 *
 * **Details**: a relative `XDG_DATA_HOME` counts as not set, as its specification requires.
 *
 * **Source**: XDG Base Directory Specification.
 *
 * @example
 * ```ts
 * import * as UserDirectories from "@privx-kit/settings/UserDirectories"
 *
 * export const directory = UserDirectories.dataDirectory({}, "/home/me") // /home/me/.local/share/privx-kit
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const dataDirectory = (environment: Readonly<Record<string, string | undefined>>, home: string): string => {
  const base = environment["XDG_DATA_HOME"]
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, ".local", "share"), "privx-kit")
}

/**
 * Returns the directory for what belongs to a user on this machine, such as logins: `$XDG_STATE_HOME/privx-kit`, or
 * `~/.local/state/privx-kit`.
 *
 * **Source**: XDG Base Directory Specification.
 *
 * @example
 * ```ts
 * import * as UserDirectories from "@privx-kit/settings/UserDirectories"
 *
 * export const directory = UserDirectories.stateDirectory({}, "/home/me") // /home/me/.local/state/privx-kit
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const stateDirectory = (environment: Readonly<Record<string, string | undefined>>, home: string): string => {
  const base = environment["XDG_STATE_HOME"]
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, ".local", "state"), "privx-kit")
}
