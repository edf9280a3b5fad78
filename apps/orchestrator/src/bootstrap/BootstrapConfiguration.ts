/** The configuration that a bootstrap asks for, and whether it has to be sent. */
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import type { BootstrapInputs } from "./BootstrapRun.ts"
import type { BootstrapState } from "./BootstrapState.ts"

/** The configuration that the inputs ask for, upon the one that there is. */
export const configurationOf = (
  inputs: Pick<BootstrapInputs, "address" | "trustAnchors">,
  { configuration }: Pick<BootstrapState, "configuration">
) => ({
  address: inputs.address ?? configuration.address,
  trustAnchors: inputs.trustAnchors ?? configuration.trustAnchors
})

/** Whether a configuration has to be sent. */
export const differs = (
  wanted: { readonly address: string; readonly trustAnchors: string },
  now: { readonly address: string; readonly trustAnchors: string }
): boolean => wanted.address !== now.address || !TrustAnchors.isSame(wanted.trustAnchors, now.trustAnchors)
