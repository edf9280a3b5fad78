/** The capabilities that one setup script has and another lacks, as phrases: `writes to /etc/sudoers.d/x`. */
import * as Capabilities from "@privx-kit/ueba/Capabilities"
import { capabilities } from "@privx-kit/ueba/VerifySetupScript"
import * as Effect from "effect/Effect"

export interface CapabilityChange {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
}

/**
 * Compares the capabilities of two scripts; `null` if one of them cannot be parsed.
 *
 * @param before `undefined` if there is no earlier script, so that every capability is new
 */
export const between = Effect.fnUntraced(function* (
  before: Uint8Array | undefined,
  after: Uint8Array
): Effect.fn.Return<CapabilityChange | null> {
  const [earlier, later] = yield* Effect.all([
    before === undefined ? Effect.succeed([]) : capabilities(before),
    capabilities(after)
  ])
  if (earlier === undefined || later === undefined) return null
  const { added, removed } = Capabilities.compare(earlier, later)
  return { added: Capabilities.describeEach(added), removed: Capabilities.describeEach(removed) }
})
