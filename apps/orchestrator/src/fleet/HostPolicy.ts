/**
 * Which hosts of submitted fleets a process accepts, and how it gets their credentials. A person who may
 * submit a fleet names a host and where its credentials are; without bounds, that would send any secret of this machine
 * anywhere. So it is the process that says which hosts these may be, which environment variables, and which directory.
 *
 * The client of a host is made when its run wants it, and let go soon after the last use, as in `FleetPrivxHosts`.
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

/** Which hosts of submitted fleets there may be. */
export interface Accepted {
  /** Names of hosts, `*` for anything: `*.example.com`. */
  readonly hosts: ReadonlyArray<string>
  /** Whether plain http may be asked for, even to another machine. */
  readonly insecureHttp: boolean
}

export const none: Accepted = { hosts: [], insecureHttp: false }

/** Where their credentials may be. */
export interface Secrets {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Names of environment variables, `*` for anything. */
  readonly variables: ReadonlyArray<string>
  /** Files that are referred to are in this directory; without one, no file is read. */
  readonly directory: string | undefined
}

export const defaultVariables = ["PRIVX_*"]

/**
 * The kit's own settings are not for hosts, whatever is accepted: the way to the database has a password. On Windows the
 * names of variables are the same in capitals and small letters.
 */
const own = /^PRIVX_KIT_/i

export const accepts = ({ hosts }: Accepted, { host, hostname }: URL): boolean =>
  hosts.some((pattern) => {
    const glob = globOf(pattern.toLowerCase())
    return glob.test(hostname) || glob.test(host)
  })

const idle = "2 seconds"

/** Lets setups reach the hosts that are accepted. */
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

/** What of a reference may not be followed here. */
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
 * Wherever links lead: the directory itself may be one, and where Kubernetes puts secrets they lead to `..data/NAME`. A file
 * that does not exist is within, if it were.
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
