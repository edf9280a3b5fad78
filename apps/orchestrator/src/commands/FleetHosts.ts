/** The hosts that fleets which are handed to a server may name, as the flags of this process say. */
import type * as Layer from "effect/Layer"
import * as SubmittedHosts from "../fleet/SubmittedHosts.ts"
import type { Input } from "./FleetHostsFlags.ts"

export const accepted = ({
  fleetHosts,
  insecureHttp
}: Pick<Input, "fleetHosts"> & { readonly insecureHttp: boolean }): SubmittedHosts.Accepted => ({
  hosts: fleetHosts,
  insecureHttp
})

export const layer = (input: Input & { readonly insecureHttp: boolean }): Layer.Layer<never> =>
  SubmittedHosts.layer(accepted(input), {
    environment: process.env,
    variables: input.fleetEnv.length === 0 ? SubmittedHosts.defaultVariables : input.fleetEnv,
    folder: input.fleetSecrets
  })
