/** The default directories of a user's privx-kit files. */
import * as path from "node:path"

/**
 * `$XDG_DATA_HOME/privx-kit`, or `~/.local/share/privx-kit`. A relative `XDG_DATA_HOME` counts as not set, as its
 * specification requires.
 */
export const dataDirectory = (environment: Readonly<Record<string, string | undefined>>, home: string): string => {
  const base = environment["XDG_DATA_HOME"]
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, ".local", "share"), "privx-kit")
}

/** `$XDG_STATE_HOME/privx-kit`, or `~/.local/state/privx-kit`: what belongs to this user on this machine, such as logins. */
export const stateDirectory = (environment: Readonly<Record<string, string | undefined>>, home: string): string => {
  const base = environment["XDG_STATE_HOME"]
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(home, ".local", "state"), "privx-kit")
}
