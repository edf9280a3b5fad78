/** Who runs the kit, for the manifest: the account, the host, and the given name of a person or a job. */
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

/** In a container, a user id may have no name. */
const accountName = (): string => {
  try {
    return os.userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`
  }
}

/**
 * The operator of a server or worker. The record of a run names its requester and approver, but everyone who can view a
 * run gets the manifest, which must not reveal the account and machine that executed it.
 */
export const ofServer: Operator = { name: "privx-kit serve", account: "", host: "" }

/** Read when the layer of `Delivery` is built: the operator that delivers, even if another process started the run. */
export const Operator = Context.Reference<Operator>("privx-kit/Operator", { defaultValue: () => make() })
