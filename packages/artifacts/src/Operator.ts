/**
 * Who runs the kit, for the manifest: the account, the host, and the given name of a person or a job.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as os from "node:os"

/**
 * @since 0.1.0
 * @category models
 */
export interface Operator {
  readonly name: string
  readonly account: string
  readonly host: string
}

/**
 * Names who runs this process: the account, the host, and the given name of a person or a job.
 *
 * **Details**: the name is that of the account by default. In a container an account may have no name; then it is its
 * number.
 *
 * @example
 * ```ts
 * import { make, Operator } from "@privx-kit/artifacts/Operator"
 * import * as Layer from "effect/Layer"
 *
 * export const layer = Layer.succeed(Operator, make("nightly job"))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
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
 *
 * @since 0.1.0
 * @category constants
 */
export const ofServer: Operator = { name: "privx-kit serve", account: "", host: "" }

/**
 * Read when the layer of `Delivery` is built: the operator that delivers, even if another process started the run.
 *
 * @since 0.1.0
 * @category references
 */
export const Operator = Context.Reference<Operator>("privx-kit/Operator", { defaultValue: () => make() })
