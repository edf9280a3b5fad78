/**
 * The hosts of submitted fleets that a process accepts, and how it resolves their credentials. A submitted fleet names a
 * host and the location of its credentials; without limits, it could send any secret of this machine anywhere. Therefore
 * the process defines the allowed hosts, environment variables and directory.
 *
 * A client is created when a run uses its host, and closed soon after the last use, as in `FleetPrivxHosts`.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RcMap from "effect/RcMap"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as DurationText from "@privx-kit/settings/DurationText"
import { type HostConnection, HostConnector } from "../setup/HostConnection.ts"
import { HostUnusable } from "../setup/HostUnusable.ts"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as FleetCredentials from "./FleetCredentials.ts"
import type { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import { globOf } from "./FleetSelection.ts"

/** The allowed hosts of submitted fleets. */
export interface Accepted {
  /** Host names, in which `*` matches any text: `*.example.com`. */
  readonly hosts: ReadonlyArray<string>
  /** Whether plain http is allowed, even to another machine. */
  readonly insecureHttp: boolean
}

export const none: Accepted = { hosts: [], insecureHttp: false }

/** The allowed locations of their credentials. */
export interface Secrets {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Names of environment variables, in which `*` matches any text. */
  readonly variables: ReadonlyArray<string>
  /** The directory of referenced files; without one, no file is read. */
  readonly directory: string | undefined
}

export const defaultVariables = ["PRIVX_*"]

/**
 * Hosts never receive the kit's own settings, regardless of the allowed names: the database URL contains a password. On
 * Windows, names of variables are case-insensitive.
 */
const own = /^PRIVX_KIT_/i

export const accepts = ({ hosts }: Accepted, { host, hostname }: URL): boolean =>
  hosts.some((pattern) => {
    const glob = globOf(pattern.toLowerCase())
    return glob.test(hostname) || glob.test(host)
  })

const idle = "2 seconds"

/** Lets setups connect to the accepted hosts. */
export const layer = (accepted: Accepted, secrets: Secrets): Layer.Layer<never> =>
  Layer.effect(
    HostConnector,
    Effect.gen(function* () {
      const clients = yield* RcMap.make({
        lookup: (key: string) => open(JSON.parse(key), accepted, secrets),
        idleTimeToLive: idle
      })
      return (_, connection) => RcMap.get(clients, JSON.stringify(connection))
    })
  )

const open = Effect.fnUntraced(function* (connection: HostConnection, accepted: Accepted, secrets: Secrets) {
  const checked = BaseUrl.check(connection.baseUrl, accepted)
  if ("problem" in checked) {
    const { problem } = checked.problem
    return yield* new HostUnusable({ target: "The host", problems: [`its base URL ${problem}`] })
  }
  const { url } = checked
  const unusable = (problems: ReadonlyArray<string>) => new HostUnusable({ target: nameOf(url), problems })
  if (!accepts(accepted, url)) return yield* unusable(["fleets may not use that host here (--fleet-hosts)"])
  const refused = yield* refusals(connection.credentials, secrets)
  if (refused.length > 0) return yield* unusable(refused)
  const read = FleetCredentials.reader(secrets.environment, secrets.directory ?? "/")
  const { ca, credentials, faults, warnings } = yield* read(connection.credentials)
  for (const warning of warnings) yield* Effect.logWarning(warning)
  if (credentials === undefined) {
    return yield* unusable(faults.map(({ key, problem }) => `${key ?? "credentials"} ${problem}`))
  }
  const duration = (text: string | undefined) =>
    text === undefined ? undefined : Option.getOrUndefined(DurationText.parse(text))
  const client = PrivxClient.layer(
    { baseUrl: url, ca: connection.ca ?? ca, credentials },
    { timeout: duration(connection.timeout), deadline: duration(connection.deadline) }
  )
  return yield* Layer.build(Layer.fresh(client))
})

/** The part of a reference that may not be resolved here. */
const refusals = Effect.fnUntraced(function* (
  reference: CredentialsReference,
  { directory, variables }: Secrets
): Effect.fn.Return<ReadonlyArray<string>> {
  const found: Array<string> = []
  for (const [key, value] of Object.entries(reference)) {
    if (key.endsWith("_env")) {
      const is = !own.test(value) && variables.some((pattern) => globOf(pattern).test(value))
      if (!is) found.push(`${key} names ${value}, a variable that fleets may not use here (--fleet-env)`)
    } else if (key.endsWith("_file")) {
      if (directory === undefined)
        found.push(`${key} names a file, and this process has no directory for such files (--fleet-secrets)`)
      else if (!(yield* Effect.promise(() => isWithin(directory, value)))) {
        found.push(`${key} names ${value}, which is not in the directory of --fleet-secrets`)
      }
    }
  }
  return found
})

/**
 * Follows all symbolic links: the directory itself may be one, and the secrets of Kubernetes are links to `..data/NAME`.
 * A file that does not exist is within the directory if its path is.
 */
const isWithin = async (directory: string, name: string): Promise<boolean> => {
  const real = (file: string) => fs.realpath(file).catch(() => path.resolve(file))
  const from = await real(directory)
  const file = path.resolve(directory, name)
  const below = path.relative(path.resolve(directory), file)
  return isBelow(path.relative(from, await real(isBelow(below) ? path.join(from, below) : file)))
}

const isBelow = (relative: string): boolean =>
  relative !== "" && relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
