/** Who runs the kit, for the manifest: the account and the host, and a name that was given for a person or a job. */
import * as Context from "effect/Context"
import * as os from "node:os"

export interface Operator {
  readonly name: string
  readonly account: string
  readonly host: string
}

export const make = (name?: string): Operator => {
  const account = accountName()
  return { name: name ?? account, account, host: os.hostname() }
}

/** A user id in a container may have no name. */
const accountName = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`
  }
}

/** Read when the layer of `Delivery` is built: it is the one who hands over, also where another process had begun. */
export const Operator = Context.Reference<Operator>("privx-kit/Operator", { defaultValue: () => make() })
