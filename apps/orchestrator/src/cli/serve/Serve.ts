/** Runs the server until a signal ends it, which is its normal end. */
import "../CompiledSchemas.ts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Operator from "@privx-kit/artifacts/Operator"
import * as Demands from "../../setup/Demands.ts"
import * as Certificate from "../../server/Certificate.ts"
import { Server } from "../../server/Server.ts"
import { TokenFile } from "../../server/TokenFile.ts"
import * as Tokens from "../../server/Tokens.ts"
import * as BaseUrl from "@privx-kit/settings/BaseUrl"
import { type Pane, Screen } from "../../terminal/Screen.ts"
import * as HostPolicyLayer from "../fleet/HostPolicyLayer.ts"
import * as Interruption from "../Interruption.ts"
import * as MinimumPolicyFlags from "../flags/MinimumPolicyFlags.ts"
import * as OidcFlags from "./OidcFlags.ts"
import * as Outcome from "../Outcome.ts"
import * as RoleScript from "./RoleScript.ts"
import * as ServeAddress from "./ServeAddress.ts"
import * as ServeStorage from "./ServeStorage.ts"
import { UsageError } from "../UsageError.ts"
import * as SmallHeap from "../SmallHeap.ts"
import * as Warnings from "../Warnings.ts"

export interface Input extends ServeStorage.Input, MinimumPolicyFlags.Input, OidcFlags.Input {
  readonly listen: string
  readonly tokens: string | undefined
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly allowSelfApproval: boolean
  readonly metricsOpen: boolean
  readonly insecureNoAuth: boolean
  readonly insecureListen: boolean
  readonly json: boolean
}

interface Running {
  readonly url: string
  readonly targets: ReadonlyArray<string>
  /** The data directory, or the database. */
  readonly storage: string
  /** Whether other processes execute the runs. */
  readonly shared: boolean
}

export const run = Effect.fnUntraced(function* (input: Input) {
  const report = Outcome.report<never>({
    command: "serve",
    json: input.json,
    verbose: input.verbose,
    toJson: (never) => never,
    toPerson: (never) => never,
    context: RoleScript.context,
    endless: true
  })
  yield* report(Effect.andThen(start(input), Effect.never).pipe(Effect.scoped))
})

const start = Effect.fnUntraced(function* (input: Input) {
  SmallHeap.keep()
  const { err, out } = yield* Screen
  const address = yield* addressOf(input)
  const { tlsCert, tlsKey } = input
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey }
  // Unreadable files are reported before the data directory is used.
  if (tls !== undefined) yield* Certificate.read(tls)
  if (input.tokens !== undefined) yield* Tokens.read(input.tokens)
  const minimum = yield* MinimumPolicyFlags.read(input)
  const oidc = yield* OidcFlags.read(input)
  const storage = yield* ServeStorage.choose(input)
  yield* Warnings.show([...storage.warnings, ...(input.insecureNoAuth ? [openToAll] : [])], err)
  const context = yield* Layer.build(
    Server.layer({
      ...address,
      tls,
      targets: storage.targets,
      fleetHosts: HostPolicyLayer.accepted(input),
      selfApproval: input.allowSelfApproval,
      minimum,
      metricsOpen: input.metricsOpen,
      oidc
    }).pipe(
      Layer.provide(storage.layer),
      Layer.provide([Layer.succeed(Demands.Minimum, minimum), Layer.succeed(Operator.Operator, Operator.ofServer)]),
      Layer.provide(
        input.tokens !== undefined
          ? TokenFile.layer(input.tokens)
          : oidc === undefined
            ? TokenFile.layerNone
            : TokenFile.layerEmpty
      )
    )
  )
  const { name, shared, targets } = storage
  const running: Running = { url: Context.get(context, Server).url.origin, targets, storage: name, shared }
  Interruption.expectSignal()
  yield* input.json ? out.line(Outcome.document("serve", { result: running }, { compact: true })) : show(running, out)
  yield* Effect.addFinalizer(() =>
    err.line("Stopping: open requests are answered; unfinished runs resume at the next start.")
  )
})

const openToAll = "no token is required: everyone on this machine is an administrator"

/** If there are more hosts, only their number is shown. */
const few = 5

const show = Effect.fnUntraced(function* ({ shared, storage, targets, url }: Running, { line, style }: Pane) {
  const known =
    targets.length > few ? `${targets.length} hosts` : targets.length === 0 ? "those of fleets" : targets.join(", ")
  yield* line(`${style.bold("privx-kit serve")} ${style.dim(style.sign.dot)} ${url}`)
  yield* line(`  PrivX        ${known}`)
  yield* line(shared ? `  Database     ${storage}: its workers execute` : `  Data directory  ${storage}`)
  yield* line(`  API          ${url}/openapi.json`)
  yield* line(style.dim("Press Ctrl-C to stop the server."))
})

/** The listen address. Fails if it exposes the server more than the flags allow. */
const addressOf = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<ServeAddress.Address, UsageError> {
  const address = ServeAddress.parse(input.listen)
  const encrypted = input.tlsCert !== undefined
  const local =
    address !== undefined && BaseUrl.isLoopback(address.host.includes(":") ? `[${address.host}]` : address.host)
  const problems = [
    ...(address === undefined ? ["--listen must be an address and a port, like 127.0.0.1:7443 or [::1]:7443."] : []),
    ...(encrypted === (input.tlsKey !== undefined) ? [] : ["--tls-cert and --tls-key must be given together."]),
    ...(input.tokens === undefined && input.oidcIssuer === undefined && !input.insecureNoAuth
      ? [
          "--tokens FILE is missing: the file lists who may use the server. Create its entries with privx-kit serve token."
        ]
      : []),
    ...((input.tokens !== undefined || input.oidcIssuer !== undefined) && input.insecureNoAuth
      ? ["--tokens and --insecure-no-auth cannot be used together."]
      : []),
    ...(input.insecureNoAuth && !local ? ["--insecure-no-auth is for a loopback address only."] : []),
    ...(!local && !encrypted && !input.insecureListen
      ? [
          "Without TLS, tokens and scripts would travel unencrypted: give --tls-cert and --tls-key, or --insecure-listen behind a proxy that terminates TLS."
        ]
      : [])
  ]
  return address === undefined || problems.length > 0
    ? yield* new UsageError({ command: "privx-kit serve", problems })
    : address
})
