/** Resolves the hosts of a fleet: their settings with the defaults of the file, and everything that they reference. */
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as path from "node:path"
import * as DurationText from "@privx-kit/settings/DurationText"
import * as ModeText from "@privx-kit/settings/ModeText"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import * as PolicyFile from "../setup/PolicyFile.ts"
import type * as PrivxClient from "@privx-kit/settings/PrivxClient"
import type { Host as Surroundings } from "@privx-kit/settings/Settings"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import { fromFile } from "../setup/FieldNames.ts"
import { inputsOf } from "../setup/SetupRequest.ts"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as FleetCredentials from "./FleetCredentials.ts"
import { bootstrapOf, type HostInputs } from "./FleetJob.ts"
import type { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import { subject } from "@privx-kit/settings/ProblemText"
import type { BootstrapSettings, Defaults, Host, Top } from "./FleetSchema.ts"
import type { Path } from "./FleetSource.ts"

export interface FleetHost {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** The name in runs: origin and path of the base URL. */
  readonly target: string
  /** `undefined` if it is not set. */
  readonly client: (PrivxClient.Target & PrivxClient.Limits) | undefined
  readonly inputs: HostInputs
}

/** The settings of a host, with the defaults of the file. */
export type HostSettings = Defaults &
  Pick<Host, "name" | "base_url" | "sha256"> & { readonly job: NonNullable<typeof Top.Type.job> }

export type Report = (fault: { readonly problem: string; readonly fix: string }, key: string, ...below: Path) => void

/** The resolved settings of a host without problems. */
export type Resolve = (
  settings: HostSettings,
  report: Report
) => Effect.Effect<{ readonly host: FleetHost | undefined; readonly warnings: ReadonlyArray<string> }>

/** Resolves what the settings of a host reference. Files that several hosts share are read once. */
export const resolver = (
  directory: string,
  environment: Surroundings["environment"],
  options: { readonly credentials: boolean }
): Resolve => {
  const credentialsOf = FleetCredentials.reader(environment, directory)
  const certificates = new Map<string, TrustAnchors.Certificates>()
  const policies = new Map<string, Result.Result<VerificationPolicy, SettingsError>>()

  const certificatesOf = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
    const paths = files.map((file) => path.resolve(directory, file))
    const key = paths.join("\n")
    const known = certificates.get(key) ?? (yield* TrustAnchors.fromFiles(paths))
    certificates.set(key, known)
    return known
  })

  const policyOf = Effect.fnUntraced(function* (file: string) {
    const whole = path.resolve(directory, file)
    const known = policies.get(whole) ?? (yield* Effect.result(PolicyFile.read(whole)))
    policies.set(whole, known)
    return known
  })

  return Effect.fnUntraced(function* (
    settings: HostSettings,
    report: Report
  ): Effect.fn.Return<{ readonly host: FleetHost | undefined; readonly warnings: ReadonlyArray<string> }> {
    const { name } = settings
    let whole = true
    const fault: Report = (...args) => {
      whole = false
      report(...args)
    }
    const url = BaseUrl.check(settings.base_url, { insecureHttp: settings.insecure_http === true })
    if ("problem" in url) {
      const fix = url.problem.fix.replace("--insecure-http", "insecure_http: true")
      fault({ problem: url.problem.problem, fix }, "base_url")
    }
    const { ca_file = [] } = settings
    const ca = yield* certificatesOf(typeof ca_file === "string" ? [ca_file] : ca_file)
    for (const problem of ca.problems) {
      fault(
        { problem: `names a file that cannot be used: ${subject(problem)} ${problem.problem}`, fix: problem.fix },
        "ca_file"
      )
    }
    const login = options.credentials
      ? yield* credentialsOf(filled(settings.credentials ?? {}, name))
      : { credentials: undefined, ca: [], faults: [], warnings: [] }
    for (const { fix, key, problem } of login.faults) {
      fault({ problem, fix }, "credentials", ...(key === undefined ? [] : [key]))
    }
    const policy = settings.policy === undefined ? undefined : yield* policyOf(settings.policy)
    if (policy !== undefined && Result.isFailure(policy)) {
      for (const problem of policy.failure.problems) {
        fault(
          { problem: `names a file that cannot be used: ${subject(problem)} ${problem.problem}`, fix: problem.fix },
          "policy"
        )
      }
    }
    const mode = settings.mode === undefined ? Option.none() : ModeText.parse(settings.mode)
    if (settings.mode !== undefined && Option.isNone(mode)) {
      fault({ problem: `must be ${ModeText.expected}`, fix: "Correct the value." }, "mode")
    }
    const inputs = yield* Effect.result(
      inputsOf({
        ...fromFile(settings),
        output: settings.output === undefined ? undefined : path.resolve(directory, fill(settings.output, name)),
        policy: policy === undefined || Result.isFailure(policy) ? undefined : policy.success,
        mode: Option.getOrUndefined(mode)
      })
    )
    if (Result.isFailure(inputs)) fault({ problem: inputs.failure.detail, fix: "Correct it." }, "name")
    const bootstrap = settings.job === "bootstrap" ? filledBootstrap(settings) : undefined
    const anchors = bootstrap?.trust_anchors_file
    const trustAnchors = anchors === undefined ? undefined : yield* certificatesOf([anchors])
    for (const problem of trustAnchors?.problems ?? []) {
      fault(
        { problem: `names a file that cannot be used: ${subject(problem)} ${problem.problem}`, fix: problem.fix },
        "bootstrap",
        "trust_anchors_file"
      )
    }
    const job = Result.isFailure(inputs)
      ? undefined
      : bootstrap === undefined
        ? inputs.success
        : yield* bootstrapOf(inputs.success, bootstrap, trustAnchors?.pems.join("\n")).pipe(reported(fault))
    const warnings = [...ca.warnings, ...login.warnings]
    if (!whole || "problem" in url || job === undefined) {
      return { host: undefined, warnings }
    }
    const duration = (text: string | undefined) =>
      text === undefined ? undefined : Option.getOrUndefined(DurationText.parse(text))
    return {
      warnings,
      host: {
        name,
        labels: settings.labels ?? {},
        target: nameOf(url.url),
        client:
          login.credentials === undefined
            ? undefined
            : {
                baseUrl: url.url,
                ca: settings.ca_file === undefined ? login.ca : ca.pems,
                credentials: login.credentials,
                timeout: duration(settings.timeout),
                deadline: duration(settings.deadline)
              },
        inputs: job
      }
    }
  })
}

/** Converts a problem of a whole bootstrap to a problem of its settings. */
export const reported =
  (fault: Report) =>
  <A>(effect: Effect.Effect<A, SettingsError>): Effect.Effect<A | undefined> =>
    Effect.catch(effect, ({ problems }) =>
      Effect.sync(() => {
        for (const { fix, problem, setting } of problems) fault({ problem, fix }, "bootstrap", setting)
        return undefined
      })
    )

/** The bootstrap of a host, with the host name inserted into the placeholders of the file. */
export const filledBootstrap = ({ bootstrap = {}, name }: HostSettings): BootstrapSettings => ({
  ...bootstrap,
  ...(bootstrap.address === undefined ? undefined : { address: fill(bootstrap.address, name) }),
  ...(bootstrap.dataset?.name === undefined
    ? undefined
    : { dataset: { ...bootstrap.dataset, name: fill(bootstrap.dataset.name, name) } })
})

const fill = (template: string, name: string): string =>
  template.replaceAll("{name}", name).replaceAll("{NAME}", name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_"))

export const filled = (reference: CredentialsReference, name: string): CredentialsReference =>
  Object.fromEntries(Object.entries(reference).map(([key, value]) => [key, fill(value, name)]))
