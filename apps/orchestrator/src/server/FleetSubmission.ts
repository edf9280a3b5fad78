/**
 * A fleet as it comes over the network, made into what is to be done. Of the machine that this runs on it reads nothing:
 * what the definition names comes with it, or is looked for where the work is done.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FleetCredentials from "../fleet/FleetCredentials.ts"
import * as FleetFile from "../fleet/FleetFile.ts"
import { filled, type HostSettings, type Report, type Resolve } from "../fleet/FleetHosts.ts"
import { isSelected } from "../fleet/FleetSelection.ts"
import * as SubmittedHosts from "../fleet/SubmittedHosts.ts"
import { HostConnection } from "../HostConnection.ts"
import * as BaseUrl from "../settings/BaseUrl.ts"
import * as Certificates from "../settings/Certificates.ts"
import type { SettingsError } from "../settings/SettingsError.ts"
import { InvalidInput } from "../SetupFailure.ts"
import { inputsOf } from "../SetupRequest.ts"
import { nameOf } from "../Targets.ts"
import type { FleetBody } from "./FleetApi.ts"
import type { Serving } from "./Serving.ts"

/** The fleet with the hosts that are selected, or everything that is wrong with its definition. */
export const read = Effect.fn("FleetSubmission.read")(function* (
  body: FleetBody,
  serving: Pick<Serving["Service"], "targets" | "fleetHosts">
): Effect.fn.Return<FleetFile.Fleet, SettingsError | InvalidInput> {
  const { definition, file = "fleet", labels = [], only = [] } = body
  const { fleet } = yield* FleetFile.check(definition, file, resolver(body, serving))
  const hosts = fleet.hosts.filter((host) => isSelected(host, { only, label: labels }))
  if (hosts.length === 0) return yield* new InvalidInput({ detail: "no host of the fleet is selected by that" })
  return { ...fleet, file, hosts }
})

const resolver = (
  { certificates = {}, policies = {} }: FleetBody,
  { fleetHosts, targets }: Pick<Serving["Service"], "targets" | "fleetHosts">
): Resolve => {
  const known = new Set(targets)
  /** Many hosts share a file, and looking at certificates is not cheap. */
  const looked = new Map<string, Certificates.Certificates>()

  const certificatesOf = (names: ReadonlyArray<string>, fault: Report): ReadonlyArray<string> =>
    names.flatMap((name) => {
      const text = Object.hasOwn(certificates, name) ? certificates[name] : undefined
      if (text === undefined) fault(absent(name, "certificates"), "ca_file")
      const found = looked.get(name) ?? Certificates.parse(text ?? "", name)
      looked.set(name, found)
      if (text === undefined) return []
      for (const { fix, problem, setting } of found.problems) {
        fault({ problem: `names a file that does not fit: ${setting} ${problem}`, fix }, "ca_file")
      }
      return found.pems
    })

  return Effect.fnUntraced(function* (settings, report) {
    let whole = true
    const fault: Report = (...args) => {
      whole = false
      report(...args)
    }
    const url = BaseUrl.check(settings.base_url, { insecureHttp: settings.insecure_http === true })
    if ("problem" in url) {
      fault({ ...url.problem, fix: url.problem.fix.replace("--insecure-http", "insecure_http: true") }, "base_url")
      return { host: undefined, warnings: [] }
    }
    const target = nameOf(url.url)
    if (!known.has(target)) allowed(settings, url.url, fleetHosts, fault)
    const { ca_file = [], policy } = settings
    const ca = certificatesOf(typeof ca_file === "string" ? [ca_file] : ca_file, fault)
    const credentials = filled(settings.credentials ?? {}, settings.name)
    const way = FleetCredentials.wayOf(credentials)
    if (typeof way !== "string") fault(way, "credentials")
    const held = policy === undefined || !Object.hasOwn(policies, policy) ? undefined : policies[policy]
    if (policy !== undefined && held === undefined) fault(absent(policy, "policies"), "policy")
    const inputs = yield* Effect.result(
      inputsOf({
        sha256: settings.sha256,
        minBytes: settings.min_bytes,
        maxBytes: settings.max_bytes,
        policy: held,
        requireApproval: settings.require_approval
      })
    )
    if (inputs._tag === "Failure") fault({ problem: inputs.failure.detail, fix: "Correct it." }, "name")
    if (!whole || inputs._tag === "Failure") return { host: undefined, warnings: [] }
    const connection = Schema.decodeSync(HostConnection)({
      baseUrl: url.url.href,
      ...(ca.length === 0 ? undefined : { ca }),
      // In one order, whatever that of the definition: what is the same has the same text.
      credentials: Object.fromEntries(Object.entries(credentials).sort()),
      ...(settings.timeout === undefined ? undefined : { timeout: settings.timeout }),
      ...(settings.deadline === undefined ? undefined : { deadline: settings.deadline })
    })
    return {
      warnings: [],
      host: {
        name: settings.name,
        labels: settings.labels ?? {},
        target,
        client: undefined,
        inputs: { ...inputs.success, connection }
      }
    }
  })
}

/** A host that nobody has configured has to be one of those that fleets may name. */
const allowed = ({ insecure_http }: HostSettings, url: URL, accepted: SubmittedHosts.Accepted, fault: Report): void => {
  if (!SubmittedHosts.accepts(accepted, url)) {
    fault(
      {
        problem: "is no PrivX that this server takes fleets for",
        fix: "Have it allowed, with --fleet-hosts of the server and of its workers."
      },
      "base_url"
    )
  } else if (insecure_http === true && !accepted.insecureHttp && !BaseUrl.isLoopback(url.hostname)) {
    fault(
      { problem: "is not allowed by this server", fix: "Use https, or have --insecure-http given to it." },
      "insecure_http"
    )
  }
}

const absent = (name: string, where: string) => ({
  problem: "names a file that did not come with the definition",
  fix: `Send what is in ${name} among the ${where}.`
})
