/** What a bootstrap would do: the current state and the planned state. Sends only read requests. */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { trainingState } from "@privx-kit/ueba/Dataset"
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import { type BootstrapInputs, minimumOf, Until } from "./BootstrapRun.ts"
import * as BootstrapState from "./BootstrapState.ts"
import { configurationOf, differs } from "./BootstrapConfiguration.ts"

/** A part of the configuration that a bootstrap may change. */
export interface Change {
  readonly step: Until
  /** The name of the part: `address`, `dataset`. */
  readonly subject: string
  /** The current value; absent if there is none. */
  readonly before?: string
  /** The planned value. */
  readonly after: string
  /** Whether the bootstrap would change it. */
  readonly changes: boolean
}

export interface BootstrapPlan {
  readonly changes: ReadonlyArray<Change>
  /** The reason why the bootstrap would stop; empty if it would not. */
  readonly obstacles: ReadonlyArray<string>
}

export const make = Effect.fn("BootstrapPlan.make")(function* (
  inputs: BootstrapInputs
): Effect.fn.Return<BootstrapPlan, PrivxFailure | TrustAnchors.TrustAnchorsInvalid, Ueba> {
  const ueba = yield* Ueba
  const { datasets, state } = yield* BootstrapState.read(inputs)
  const wanted = configurationOf(inputs, state)
  if (inputs.trustAnchors !== undefined || wanted.trustAnchors.trim() !== "") {
    yield* TrustAnchors.check(wanted.trustAnchors, wanted.address)
  }
  const reconfigured = differs(wanted, state.configuration)
  const setup = reconfigured || !state.running
  const dataset = BootstrapState.find(datasets, inputs)
  const range = dataset === undefined ? state.range : BootstrapState.countedRange(dataset)
  const { count } = yield* ueba.countConnections(range)
  const training = dataset === undefined ? undefined : trainingState(dataset)
  const minimum = minimumOf(inputs)
  const name = `${inputs.dataset.name}, ${BootstrapState.rangeText(range)}`
  const all: ReadonlyArray<Change> = [
    compared("configure", "address", state.configuration.address, wanted.address),
    compared(
      "configure",
      "trust anchors",
      anchors(state.configuration.trustAnchors),
      anchors(wanted.trustAnchors),
      !TrustAnchors.isSame(wanted.trustAnchors, state.configuration.trustAnchors)
    ),
    {
      step: "deliver",
      subject: "setup script",
      after: setup ? "downloaded, verified and delivered" : "not needed: UEBA runs with this configuration",
      changes: setup
    },
    compared("service", "service", state.status, setup ? "RUNNING" : state.status),
    { step: "count", subject: "connections", before: String(count), after: `at least ${minimum}`, changes: false },
    {
      step: "dataset",
      subject: "dataset",
      ...(dataset === undefined ? undefined : { before: dataset.id }),
      after: name,
      changes: dataset === undefined
    },
    compared("trained", "training", training ?? "", "trained"),
    compared("activate", "active dataset", state.active ?? "", dataset?.id ?? `the new one, ${inputs.dataset.name}`)
  ]
  const last = inputs.until === undefined ? Until.literals.length - 1 : Until.literals.indexOf(inputs.until)
  const fewer =
    count < minimum &&
    training !== "trained" &&
    inputs.fewConnections !== "wait" &&
    last >= Until.literals.indexOf("count")
  return {
    changes: all.filter(({ step }) => Until.literals.indexOf(step) <= last),
    obstacles: [
      ...(wanted.address === "" ? ["no address is configured, and none is given"] : []),
      ...(fewer ? [`there are ${count} connections ${BootstrapState.rangeText(range)}, and ${minimum} are needed`] : [])
    ]
  }
})

const compared = (
  step: Until,
  subject: string,
  before: string,
  after: string,
  changes: boolean = before !== after
): Change => ({ step, subject, ...(before === "" ? undefined : { before }), after, changes })

const anchors = (pem: string): string =>
  TrustAnchors.read(pem)
    .map(({ fingerprint, name }) => `${name} (${fingerprint.slice(0, 11)}…)`)
    .join(", ")
