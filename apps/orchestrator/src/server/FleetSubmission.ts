/**
 * Converts a fleet from the network to a plan. It reads nothing on this machine: the submission contains the files that
 * the definition names, and the process that executes the runs resolves the rest.
 */
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as FleetCredentials from "../fleet/FleetCredentials.ts"
import * as FleetFile from "../fleet/FleetFile.ts"
import { filled, filledBootstrap, type HostSettings, type Report, reported, type Resolve } from "../fleet/FleetHosts.ts"
import { bootstrapOf } from "../fleet/FleetJob.ts"
import { selecting } from "../fleet/FleetSelection.ts"
import * as HostPolicy from "../fleet/HostPolicy.ts"
import { HostConnection } from "../setup/HostConnection.ts"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import * as MinimumPolicy from "../setup/MinimumPolicy.ts"
import { fromFile } from "../setup/FieldNames.ts"
import { inputsOf } from "../setup/SetupRequest.ts"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import { subject } from "@privx-kit/settings/ProblemText"
import type { FleetBody } from "./FleetApi.ts"
import type { Serving } from "./Serving.ts"

/** The fleet with the selected hosts, or all problems of its definition. */
export const read = Effect.fn("FleetSubmission.read")(function* (
  body: FleetBody,
  serving: Pick<Serving["Service"], "targets" | "fleetHosts" | "minimum">
): Effect.fn.Return<FleetFile.Fleet, SettingsError | InvalidInput> {
  const { definition, file = "fleet", labels = [], only = [], timeZone } = body
  if (timeZone !== undefined && Option.isNone(DateTime.zoneMakeNamed(timeZone))) {
    return yield* new InvalidInput({ detail: "timeZone is not the name of a time zone" })
  }
  const { fleet } = yield* FleetFile.check(definition, file, resolver(body, serving), timeZone ?? null)
  const hosts = fleet.hosts.filter(selecting({ only, label: labels }))
  if (hosts.length === 0) return yield* new InvalidInput({ detail: "no host of the fleet matches only and labels" })
  return { ...fleet, file, hosts }
})

const resolver = (
  { certificates = {}, policies = {} }: FleetBody,
  { fleetHosts, minimum, targets }: Pick<Serving["Service"], "targets" | "fleetHosts" | "minimum">
): Resolve => {
  const known = new Set(targets)
  /** Cached, because many hosts share a file and parsing certificates is expensive. */
  const looked = new Map<string, TrustAnchors.Certificates>()
  const weights = new Map<string, number>()
  let weight = 0

  /** Whether the shared parts of the hosts are too large in total, because recording repeats them for each host. */
  const isTooHeavy = (names: ReadonlyArray<string>, policy: string | undefined): boolean => {
    if (weight > heaviest) return true
    for (const name of names) weight += Object.hasOwn(certificates, name) ? (certificates[name]?.length ?? 0) : 0
    if (policy !== undefined && Object.hasOwn(policies, policy)) {
      const one = weights.get(policy) ?? JSON.stringify(policies[policy]).length
      weights.set(policy, one)
      weight += one
    }
    return weight > heaviest
  }

  const certificatesOf = (names: ReadonlyArray<string>, fault: Report): ReadonlyArray<string> =>
    names.flatMap((name) => {
      const text = Object.hasOwn(certificates, name) ? certificates[name] : undefined
      if (text === undefined) fault(absent(name, "certificates"), "ca_file")
      const found = looked.get(name) ?? TrustAnchors.parse(text ?? "", name)
      looked.set(name, found)
      if (text === undefined) return []
      for (const problem of found.problems) {
        fault(
          { problem: `names a file that cannot be used: ${subject(problem)} ${problem.problem}`, fix: problem.fix },
          "ca_file"
        )
      }
      return found.pems
    })

  return Effect.fnUntraced(function* (settings, report) {
    let whole = true
    const fault: Report = (...args) => {
      whole = false
      report(...args)
    }
    const { base_url, ca_file = [], policy } = settings
    const long = Object.entries(settings.credentials ?? {}).find(([, text]) => text.length > longest)
    if (long !== undefined) fault(tooLong, "credentials", long[0])
    if (base_url.length > longest) fault(tooLong, "base_url")
    const caFiles = typeof ca_file === "string" ? [ca_file] : ca_file
    const heavy = [
      ...caFiles,
      ...(settings.bootstrap?.trust_anchors_file === undefined ? [] : [settings.bootstrap.trust_anchors_file])
    ]
    for (const [name, value] of Object.entries(settings.labels ?? {})) weight += name.length + value.length
    if (weight > heaviest) fault(tooHeavy, "labels")
    else if (isTooHeavy(heavy, policy)) fault(tooHeavy, caFiles.length === 0 ? "policy" : "ca_file")
    if (!whole) return { host: undefined, warnings: [] }
    const url = BaseUrl.check(base_url, { insecureHttp: settings.insecure_http === true })
    if ("problem" in url) {
      fault({ ...url.problem, fix: url.problem.fix.replace("--insecure-http", "insecure_http: true") }, "base_url")
      return { host: undefined, warnings: [] }
    }
    const target = nameOf(url.url)
    if (!known.has(target)) allowed(settings, url.url, fleetHosts, fault)
    const ca = certificatesOf(caFiles, fault)
    const credentials = filled(settings.credentials ?? {}, settings.name)
    const way = FleetCredentials.wayOf(credentials)
    if (typeof way !== "string") fault(way, "credentials")
    else if (!isReference(credentials)) fault(tooLong, "credentials")
    const bootstrap = settings.job === "bootstrap" ? filledBootstrap(settings) : undefined
    const anchors = bootstrap?.trust_anchors_file
    const trustAnchors =
      anchors === undefined
        ? undefined
        : certificatesOf([anchors], (problem) => fault(problem, "bootstrap", "trust_anchors_file")).join("\n")
    const held = policy === undefined || !Object.hasOwn(policies, policy) ? undefined : policies[policy]
    if (policy !== undefined && held === undefined) fault(absent(policy, "policies"), "policy")
    const inputs = yield* Effect.result(
      // The API cannot write files on the server.
      inputsOf({ ...fromFile(Struct.omit(settings, ["output", "mode"])), policy: held }).pipe(
        Effect.flatMap((inputs) => MinimumPolicy.raise(inputs, minimum))
      )
    )
    if (inputs._tag === "Failure") fault({ problem: inputs.failure.detail, fix: "Correct it." }, "name")
    if (!whole || inputs._tag === "Failure") return { host: undefined, warnings: [] }
    const connection = Schema.decodeSync(HostConnection)({
      baseUrl: url.url.href,
      ...(ca.length === 0 ? undefined : { ca }),
      // In a fixed order, so that equal credentials have the same text.
      credentials: Object.fromEntries(Object.entries(credentials).sort()),
      ...(settings.timeout === undefined ? undefined : { timeout: settings.timeout }),
      ...(settings.deadline === undefined ? undefined : { deadline: settings.deadline })
    })
    const setup = { ...inputs.success, connection }
    const job =
      bootstrap === undefined ? setup : yield* bootstrapOf(setup, bootstrap, trustAnchors).pipe(reported(fault))
    if (job === undefined) return { host: undefined, warnings: [] }
    return {
      warnings: [],
      host: {
        name: settings.name,
        labels: settings.labels ?? {},
        target,
        client: undefined,
        inputs: job
      }
    }
  })
}

/** Inserting the host name into a template may make a reference invalid. */
const isReference = Schema.is(CredentialsReference)

/** In characters. No legitimate path or URL is longer. */
const longest = 1000

const tooLong = { problem: "is too long", fix: "Shorten it." }

/** In characters. Ten thousand hosts with a certificate, a policy and labels need half of it. It is written at once. */
const heaviest = 32 * 1024 * 1024

const tooHeavy = {
  problem: "is too large for so many hosts, because it is recorded with each host",
  fix: "Name fewer certificates and labels, or make several fleets of it."
}

/** A host that this server is not configured for must be one that fleets may name. */
const allowed = ({ insecure_http }: HostSettings, url: URL, accepted: HostPolicy.Accepted, fault: Report): void => {
  if (!HostPolicy.accepts(accepted, url)) {
    fault(
      {
        problem: "is not a PrivX host for which this server accepts fleets",
        fix: "Ask the administrator of the server to allow it, with --fleet-hosts at the server and its workers."
      },
      "base_url"
    )
  } else if (insecure_http === true && !accepted.insecureHttp && !BaseUrl.isLoopback(url.hostname)) {
    fault(
      {
        problem: "is not allowed by this server",
        fix: "Use https, or ask the administrator of the server to start it with --insecure-http."
      },
      "insecure_http"
    )
  }
}

const absent = (name: string, where: string) => ({
  problem: "names a file that was not sent with the definition",
  fix: `Send the content of ${name} in ${where}.`
})
