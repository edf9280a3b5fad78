/** The UEBA configuration that a bootstrap requests, and whether it must be sent. */
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import type { BootstrapInputs } from "./BootstrapRun.ts"
import type { BootstrapState } from "./BootstrapState.ts"

/** The current configuration with the values that the inputs set. */
export const configurationOf = (
  inputs: Pick<BootstrapInputs, "address" | "trustAnchors">,
  { configuration }: Pick<BootstrapState, "configuration">
) => ({
  address: inputs.address ?? configuration.address,
  trustAnchors: inputs.trustAnchors ?? configuration.trustAnchors
})

/** Whether the configuration must be sent. */
export const differs = (
  wanted: { readonly address: string; readonly trustAnchors: string },
  now: { readonly address: string; readonly trustAnchors: string }
): boolean => wanted.address !== now.address || !TrustAnchors.isSame(wanted.trustAnchors, now.trustAnchors)
