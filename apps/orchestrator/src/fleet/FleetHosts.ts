/** The hosts of a fleet: what their settings, with the defaults of the file, come to when everything they refer to is read. */
import type { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as path from "node:path"
import * as DurationText from "../commands/DurationText.ts"
import * as ModeText from "../commands/ModeText.ts"
import * as BaseUrl from "../settings/BaseUrl.ts"
import * as Certificates from "../settings/Certificates.ts"
import * as PolicyFile from "../settings/PolicyFile.ts"
import type * as PrivxClient from "../settings/PrivxClient.ts"
import type { Host as Surroundings } from "../settings/Settings.ts"
import type { SettingsError } from "../settings/SettingsError.ts"
import { inputsOf } from "../SetupRequest.ts"
import type { SetupInputs } from "../SetupWorkflow.ts"
import { nameOf } from "../Targets.ts"
import * as FleetCredentials from "./FleetCredentials.ts"
import type { CredentialsReference, Defaults, Host } from "./FleetSchema.ts"
import type { Path } from "./FleetSource.ts"

export interface FleetHost {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** As runs name it: origin and path of the base URL. */
  readonly target: string
  /** None where nobody asked for it. */
  readonly client: (PrivxClient.Target & PrivxClient.Limits) | undefined
  readonly inputs: SetupInputs
}

/** Of a host, with the defaults of the file where it does not say. */
export type HostSettings = Defaults & Pick<Host, "name" | "base_url" | "sha256">

export type Report = (fault: { readonly problem: string; readonly fix: string }, key: string, ...below: Path) => void

/** What the settings of a host come to, as long as nothing is wrong with them. */
export type Resolve = (
  settings: HostSettings,
  report: Report
) => Effect.Effect<{ readonly host: FleetHost | undefined; readonly warnings: ReadonlyArray<string> }>

/** Follows what the settings of a host refer to. Files that several hosts share are read once. */
export const resolver = (
  folder: string,
  environment: Surroundings["environment"],
  options: { readonly credentials: boolean }
): Resolve => {
  const credentialsOf = FleetCredentials.reader(environment, folder)
  const certificates = new Map<string, Certificates.Certificates>()
  const policies = new Map<string, Result.Result<VerificationPolicy, SettingsError>>()

  const certificatesOf = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
    const paths = files.map((file) => path.resolve(folder, file))
    const key = paths.join("\n")
    const known = certificates.get(key) ?? (yield* Effect.promise(() => Certificates.fromFiles(paths)))
    certificates.set(key, known)
    return known
  })

  const policyOf = Effect.fnUntraced(function* (file: string) {
    const whole = path.resolve(folder, file)
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
    for (const { fix, problem, setting } of ca.problems) {
      fault({ problem: `names a file that does not fit: ${setting} ${problem}`, fix }, "ca_file")
    }
    const login = options.credentials
      ? yield* credentialsOf(filled(settings.credentials ?? {}, name))
      : { credentials: undefined, ca: [], faults: [], warnings: [] }
    for (const { fix, key, problem } of login.faults) {
      fault({ problem, fix }, "credentials", ...(key === undefined ? [] : [key]))
    }
    const policy = settings.policy === undefined ? undefined : yield* policyOf(settings.policy)
    if (policy !== undefined && Result.isFailure(policy)) {
      for (const { fix, problem, setting } of policy.failure.problems) {
        fault({ problem: `names a file that does not fit: ${setting} ${problem}`, fix }, "policy")
      }
    }
    const mode = settings.mode === undefined ? Option.none() : ModeText.parse(settings.mode)
    if (settings.mode !== undefined && Option.isNone(mode)) {
      fault({ problem: `must be ${ModeText.expected}`, fix: "Correct the value." }, "mode")
    }
    const inputs = yield* Effect.result(
      inputsOf({
        output: settings.output === undefined ? undefined : path.resolve(folder, fill(settings.output, name)),
        sha256: settings.sha256,
        minBytes: settings.min_bytes,
        maxBytes: settings.max_bytes,
        policy: policy === undefined || Result.isFailure(policy) ? undefined : policy.success,
        mode: Option.getOrUndefined(mode),
        requireApproval: settings.require_approval
      })
    )
    if (Result.isFailure(inputs)) fault({ problem: inputs.failure.detail, fix: "Correct it." }, "name")
    const warnings = [...ca.warnings, ...login.warnings]
    if (!whole || "problem" in url || Result.isFailure(inputs)) {
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
        inputs: inputs.success
      }
    }
  })
}

const fill = (template: string, name: string): string =>
  template.replaceAll("{name}", name).replaceAll("{NAME}", name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_"))

export const filled = (reference: CredentialsReference, name: string): CredentialsReference =>
  Object.fromEntries(Object.entries(reference).map(([key, value]) => [key, fill(value, name)]))
