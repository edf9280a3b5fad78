/** Converts the flags of a setup to a request, or to the names of the given flags. */
import type { Owner } from "@privx-kit/artifacts/Manifest"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import * as Effect from "effect/Effect"
import * as Struct from "effect/Struct"
import { toFlag } from "../../setup/FieldNames.ts"
import * as PolicyFile from "../../setup/PolicyFile.ts"
import type { RequestedInputs } from "../../setup/SetupRequest.ts"
import * as SetupFlags from "./SetupFlags.ts"

const names = Struct.keys(SetupFlags.flags)

/**
 * Reads the policy file.
 *
 * @param owner as it was looked up
 */
export const requested = Effect.fnUntraced(function* (
  input: SetupFlags.Input,
  owner: typeof Owner.Type | undefined
): Effect.fn.Return<RequestedInputs, SettingsError> {
  const policy = input.policy === undefined ? undefined : yield* PolicyFile.read(input.policy)
  return { ...Struct.pick(input, names), policy, owner }
})

/** The given flags of a new run, except those with default values: a resumed run keeps its recorded inputs. */
export const ofNew = (
  input: Partial<SetupFlags.Input> & { readonly fresh: boolean; readonly idempotencyKey: string | undefined }
): ReadonlyArray<string> => [
  ...(input.fresh ? ["--new"] : []),
  ...(input.idempotencyKey === undefined ? [] : ["--idempotency-key"]),
  ...names.flatMap((name) => (input[name] === undefined || input[name] === "never" ? [] : [`--${toFlag(name)}`]))
]
