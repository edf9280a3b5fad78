/** Four eyes: the requester of a run cannot approve its script. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Run } from "@privx-kit/runs/Run"
import { Principal } from "./Principal.ts"
import * as Problem from "./Problem.ts"
import { RequesterLog } from "./RequesterLog.ts"
import * as Role from "./Role.ts"
import { Serving } from "./Serving.ts"

export class FourEyes extends Context.Service<
  FourEyes,
  {
    /** Why the caller may not approve the script of this run; `undefined` if the caller may. */
    readonly obstacle: (run: Pick<Run, "id">) => Effect.Effect<Problem.Problem | undefined, StorageFailed, Principal>
  }
>()("privx-kit/server/FourEyes") {
  static readonly layer: Layer.Layer<FourEyes, never, RequesterLog | Serving> = Layer.effect(
    FourEyes,
    Effect.gen(function* () {
      const { askers } = yield* RequesterLog
      const { selfApproval } = yield* Serving
      return FourEyes.of({
        obstacle: Effect.fnUntraced(function* ({ id }) {
          const { known, name, role } = yield* Principal
          if (!Role.allows(role, "decide")) return forbidden(role)
          return known && !selfApproval && (yield* askers(id)).includes(name) ? ownRun(id) : undefined
        })
      })
    })
  )
}

const forbidden = (role: Role.Role): Problem.Problem =>
  Problem.make(403, {
    _tag: "Forbidden",
    code: "permission",
    message: `The role ${role} does not allow approving.`,
    hint: `The request requires one of these roles: ${Role.allowed("decide")}.`
  })

const ownRun = (id: string): Problem.Problem =>
  Problem.make(403, {
    _tag: "FourEyes",
    code: "permission",
    message: `Run ${id} was submitted with this token: another person must approve its script.`,
    hint: "Let another person approve it with another token, or start the server with --allow-self-approval."
  })
