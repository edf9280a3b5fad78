/**
 * The job of a fleet on each of its hosts: the UEBA setup or bootstrap. The inputs show which one it is, so a recorded
 * fleet run needs no further data.
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

/** In the form of the record, where the times of the dataset are texts. */
const RecordedBootstrap = Schema.Struct({ ...BootstrapInputs.fields, dataset: Schema.Json })

/** The inputs of the run of a host. Those of a bootstrap have a dataset. */
export const HostInputs = Schema.Union([RecordedBootstrap, SetupInputs])

export type HostInputs = typeof HostInputs.Type

const isBootstrap = (inputs: HostInputs): inputs is typeof RecordedBootstrap.Type => "dataset" in inputs

/** The kind of the runs of the hosts. */
export const kindOf = (inputs: HostInputs): string => (isBootstrap(inputs) ? bootstrapKind : setupKind)

/** Uses any host of a fleet: all of them have the same job. */
export const kindOfHosts = (hosts: ReadonlyArray<{ readonly inputs: HostInputs }>): string => {
  const [first] = hosts
  return first === undefined ? setupKind : kindOf(first.inputs)
}

/** The kinds of run that a fleet can have. */
export const kinds: ReadonlyArray<string> = [setupKind, bootstrapKind]

/** The failures of a host, for either job. */
export const HostFailure = BootstrapRun.failure

/**
 * The inputs of the bootstrap of a host.
 *
 * @param setup the inputs of its setup
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
