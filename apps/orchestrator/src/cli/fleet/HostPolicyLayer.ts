/** The hosts that submitted fleets may name, according to the flags of this process. */
import type * as Layer from "effect/Layer"
import * as HostPolicy from "../../fleet/HostPolicy.ts"
import type { Input } from "./FleetHostsFlags.ts"

export const accepted = ({
  fleetHosts,
  insecureHttp
}: Pick<Input, "fleetHosts"> & { readonly insecureHttp: boolean }): HostPolicy.Accepted => ({
  hosts: fleetHosts,
  insecureHttp
})

export const layer = (input: Input & { readonly insecureHttp: boolean }): Layer.Layer<never> =>
  HostPolicy.layer(accepted(input), {
    environment: process.env,
    variables: input.fleetEnv.length === 0 ? HostPolicy.defaultVariables : input.fleetEnv,
    directory: input.fleetSecrets
  })
