/**
 * What a fleet has executed on each of its hosts: the setup of UEBA, or its bootstrap. The inputs say which one it is, so that a
 * recorded fleet run needs nothing beside them.
 */
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as BootstrapFile from "../bootstrap/BootstrapFile.ts"
import { BootstrapInputs, BootstrapRun, kind as bootstrapKind } from "../bootstrap/BootstrapRun.ts"
import { fromFile } from "../setup/FieldNames.ts"
import { SetupInputs } from "../setup/SetupInputs.ts"
import { kind as setupKind } from "../setup/SetupRun.ts"
import type { BootstrapSettings } from "./FleetSchema.ts"

/** As the record has them: the dataset has times, which are texts there. */
const RecordedBootstrap = Schema.Struct({ ...BootstrapInputs.fields, dataset: Schema.Json })

/** The inputs of the run of a host. Those of a bootstrap have a dataset. */
export const HostInputs = Schema.Union([RecordedBootstrap, SetupInputs])

export type HostInputs = typeof HostInputs.Type

const isBootstrap = (inputs: HostInputs): inputs is typeof RecordedBootstrap.Type => "dataset" in inputs

/** Of the runs of the hosts. */
export const kindOf = (inputs: HostInputs): string => (isBootstrap(inputs) ? bootstrapKind : setupKind)

/** Of any host of a fleet: all of them have the same job. */
export const kindOfHosts = (hosts: ReadonlyArray<{ readonly inputs: HostInputs }>): string => {
  const [first] = hosts
  return first === undefined ? setupKind : kindOf(first.inputs)
}

/** The kinds of run that a fleet can have. */
export const kinds: ReadonlyArray<string> = [setupKind, bootstrapKind]

/** Whatever the job, a host fails with one of these. */
export const HostFailure = BootstrapRun.failure

/**
 * The inputs of the bootstrap of a host.
 *
 * @param setup how its script is set up
 */
export const bootstrapOf = Effect.fnUntraced(function* (
  setup: SetupInputs,
  { trust_anchors_file: _, ...settings }: BootstrapSettings,
  trustAnchors: string | undefined
): Effect.fn.Return<HostInputs, SettingsError> {
  const inputs = yield* BootstrapFile.inputsOf({ ...fromFile(settings), trustAnchors })
  return recorded(encode({ ...inputs, ...setup }))
})

const encode = Schema.encodeSync(Schema.toCodecJson(BootstrapInputs))

const recorded = Schema.decodeUnknownSync(RecordedBootstrap)
