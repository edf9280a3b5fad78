/**
 * Raises the inputs of a setup to the minimum requirements. A server does this for submissions. The process that executes
 * a run does it again, so that the requirements also apply to older runs and to those of other servers.
 */
import * as Checks from "@privx-kit/ueba/Checks"
import type { CheckName, Requirement, VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Effect from "effect/Effect"
import { isDeepStrictEqual } from "node:util"
import type { RequireApproval } from "@privx-kit/runs/Approvals"
import { InvalidInput } from "@privx-kit/runs/RunFailures"
import type { Demands } from "./Demands.ts"
import type { SetupInputs } from "./SetupInputs.ts"

const approvals: ReadonlyArray<RequireApproval> = ["never", "changed", "always"]

const requirements: ReadonlyArray<Requirement> = ["off", "warned", "required", "demanded"]

/** The later of two values in the order of a list. */
const stricter = <A>(order: ReadonlyArray<A>, a: A, b: A): A => (order.indexOf(a) < order.indexOf(b) ? b : a)

/** The inputs with at least the required values. Raising them again has no effect. */
export const raise = (inputs: SetupInputs, demands: Demands): Effect.Effect<SetupInputs, InvalidInput> =>
  Effect.gen(function* () {
    const { policy: own, requireApproval: asked = "never", ...rest } = inputs
    const requireApproval = stricter(approvals, asked, demands.requireApproval)
    const policy = demands.policy === undefined ? own : yield* combined(own ?? {}, demands.policy)
    return {
      ...rest,
      ...(policy === undefined ? undefined : { policy }),
      ...(requireApproval === "never" ? undefined : { requireApproval })
    }
  })

/** The values that the checks compare with. A submission keeps its own values unless the requirements contain them. */
const compared = ["knownDigests", "signature", "writePlaces", "configuration"] as const

const combined = Effect.fnUntraced(function* (
  own: VerificationPolicy,
  demanded: VerificationPolicy
): Effect.fn.Return<VerificationPolicy, InvalidInput> {
  for (const part of compared) {
    if (own[part] === undefined || demanded[part] === undefined || isDeepStrictEqual(own[part], demanded[part]))
      continue
    return yield* new InvalidInput({
      detail: `the policy has ${part} of its own, but the server requires its own: remove it from the policy`
    })
  }
  const checks: { [Name in CheckName]?: Requirement } = {}
  for (const { name, requirement } of Checks.all) {
    const wanted = own.checks?.[name] ?? requirement
    const least = demanded.checks?.[name] ?? requirement
    const held = stricter(requirements, wanted, least)
    if (held !== requirement) checks[name] = held
  }
  return { ...own, ...demanded, ...(Object.keys(checks).length === 0 ? {} : { checks }) }
})
