import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Connection from "@privx-kit/http/Connection"
import type { Options } from "@privx-kit/simulator/Simulator"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Sha256 from "@privx-kit/ueba/Sha256"
import { checksThat } from "@privx-kit/ueba/VerificationReport"
import * as path from "node:path"
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import type { StepName } from "@privx-kit/runs/Run"
import { Steps } from "@privx-kit/runs/Steps"
import * as SetupPipeline from "../../src/setup/SetupPipeline.ts"
import * as privx from "../support/privx.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** A simulator, a store, and a list of what the steps reported. */
const setting = Effect.fnUntraced(function* (options: Options = {}, connection: Partial<Connection.Options> = {}) {
  const simulator = yield* privx.start(options)
  const directory = yield* temporary.directory
  const events: Array<string> = []
  const steps: Steps = {
    run: (name, effect) =>
      Effect.andThen(
        Effect.sync(() => events.push(name)),
        effect
      ),
    retried: (name: StepName, failure) => Effect.sync(() => void events.push(`${name} again after ${failure._tag}`)),
    note: () => Effect.void,
    progress: () => Effect.void
  }
  const provided = <A, E>(effect: Effect.Effect<A, E, Layer.Success<typeof layer>>) =>
    effect.pipe(Effect.provideService(Steps, steps), Effect.provide(layer))
  const layer = Layer.mergeAll(
    privx.ueba(simulator, connection),
    Layer.provide(ArtifactStore.layer, DataDirectory.layer(directory)),
    privx.patience
  )
  const artifacts = () => temporary.filesBelow(path.join(directory, "artifacts"))
  return { simulator, provided, events, artifacts }
})

describe("SetupPipeline", () => {
  it.live("creates a session, downloads and verifies, with no engine", () =>
    Effect.gen(function* () {
      const { artifacts, provided, simulator, events } = yield* setting()
      const { downloaded } = yield* provided(
        Effect.gen(function* () {
          const downloaded = yield* SetupPipeline.acquire()
          yield* SetupPipeline.verify(downloaded, { sha256: Sha256.of(simulator.script) })
          return { downloaded }
        })
      )
      assert.strictEqual(downloaded.sha256, simulator.scriptSha256)
      assert.strictEqual(downloaded.bytes, simulator.script.length)
      assert.strictEqual(downloaded.announcedLength, simulator.script.length)
      assert.deepStrictEqual(events, ["create-session", "download", "verify"])
      assert.strictEqual(artifacts().length, 1)
    })
  )

  it.live("asks what the script is made from, and keeps of it what the checks need", () =>
    Effect.gen(function* () {
      const { provided, simulator, events } = yield* setting({
        script: SetupScript.text,
        configuration: {
          address: `https://admin:Secret-1@${SetupScript.address}`,
          trust_anchors: `Key of ours: Secret-2\n${SetupScript.trustAnchor}-----BEGIN PRIVATE KEY-----\nU2VjcmV0LTM=\n`,
          trust_anchors_info: [{ note: "Secret-4" }]
        },
        faults: ["configuration:503/MAX_LOAD*1"]
      })
      const downloaded = yield* provided(SetupPipeline.acquire({ configuration: true }))
      assert.deepStrictEqual(downloaded.configuration, {
        address: SetupScript.address,
        trust_anchors: SetupScript.trustAnchor
      })
      assert.notInclude(JSON.stringify(downloaded), "Secret")
      assert.deepStrictEqual(events, ["create-session", "download", "download again after MaxLoad"])
      const report = yield* provided(SetupPipeline.verify(downloaded))
      assert.includeMembers(
        checksThat("passed", report).map(({ name }) => name),
        ["configuredAddress", "configuredTrustAnchors"]
      )
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live.each<[action: string, why: string]>([
    ["403/PERMISSION_DENIED", "PrivX answered 403 PERMISSION_DENIED"],
    ["401/PERMISSION_DENIED", "PrivX answered 401 PERMISSION_DENIED"],
    ["404/GENERAL_ERROR", "PrivX answered 404"],
    ["html/200", "200"]
  ])("continues if PrivX does not report the configuration, and says why: %s", ([action, why]) =>
    Effect.gen(function* () {
      const { provided, events } = yield* setting({ faults: [`configuration:${action}`] })
      const downloaded = yield* provided(SetupPipeline.acquire({ configuration: true }))
      const report = yield* provided(SetupPipeline.verify(downloaded))
      for (const name of ["certificateNames", "configuredAddress", "configuredTrustAnchors"]) {
        const check = report.checks.find((check) => check.name === name)
        assert.strictEqual(check?.outcome, "warned")
        assert.match(check?.detail ?? "", /^could not examine the script: the UEBA configuration is unknown: /)
        assert.include(check?.detail ?? "", why)
      }
      assert.deepStrictEqual(events, ["create-session", "download", "verify"])
      const demanding = SetupPipeline.verify(downloaded, { policy: { checks: { configuredAddress: "demanded" } } })
      const refused = yield* Effect.flip(provided(demanding))
      assert(refused._tag === "VerificationFailed")
      assert.deepStrictEqual(
        checksThat("failed", refused.report).map(({ name }) => name),
        ["configuredAddress"]
      )
    })
  )

  it.live("does not pass a PrivX that is out of order for one that does not say", () =>
    Effect.gen(function* () {
      const { provided, simulator } = yield* setting({ faults: ["configuration:500/DATABASE_ERROR"] })
      const failure = yield* Effect.flip(provided(SetupPipeline.acquire({ configuration: true })))
      assert.strictEqual(failure._tag, "DatabaseError")
      assert.isAbove(yield* privx.count(simulator, "Ueba.configuration"), 4)
    })
  )

  it.live("warns of a script without an announced length, and refuses it if the policy demands one", () =>
    Effect.gen(function* () {
      const { provided } = yield* setting({ faults: ["downloadSetupScript:close"] })
      const downloaded = yield* provided(SetupPipeline.acquire())
      assert.strictEqual(downloaded.announcedLength, "unknown")
      const report = yield* provided(SetupPipeline.verify(downloaded))
      assert.include(
        checksThat("warned", report).map(({ name }) => name),
        "announcedLength"
      )
      const demanding = SetupPipeline.verify(downloaded, { policy: { checks: { announcedLength: "demanded" } } })
      const refused = yield* Effect.flip(provided(demanding))
      assert(refused._tag === "VerificationFailed")
      assert.include(
        checksThat("failed", refused.report).map(({ name }) => name),
        "announcedLength"
      )
    })
  )

  it.live.each(["truncate@100", "truncate-chunked@100", "reset@100", "stall@100"])(
    "starts again with a new session when the body fails: %s",
    (action) =>
      Effect.gen(function* () {
        const { artifacts, provided, simulator, events } = yield* setting(
          // An id is valid for one download, so only a new one helps.
          { sessionUses: 1, faults: [`downloadSetupScript:${action}*2`] },
          { stallTimeout: "200 millis" }
        )
        const downloaded = yield* provided(SetupPipeline.acquire())
        assert.strictEqual(downloaded.sha256, simulator.scriptSha256)
        assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 3)
        assert.deepStrictEqual(
          events.filter((line) => line.includes("again")),
          ["download again after TransportError", "download again after TransportError"]
        )
        assert.strictEqual(artifacts().length, 1)
      })
  )

  it.live("takes a new session when the server counts a lost answer as a use of the old one", () =>
    Effect.gen(function* () {
      const { provided, simulator } = yield* setting({ sessionUses: 1, faults: ["downloadSetupScript:reset*1"] })
      const downloaded = yield* provided(SetupPipeline.acquire())
      assert.strictEqual(downloaded.sha256, simulator.scriptSha256)
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 2)
    })
  )

  it.live.each(["404/GENERAL_ERROR", "401/PERMISSION_DENIED", "403/PERMISSION_DENIED", "400/BAD_REQUEST"])(
    "gives up when a session that has just been created is refused: %s",
    (action) =>
      Effect.gen(function* () {
        const { artifacts, provided, simulator } = yield* setting({ faults: [`downloadSetupScript:${action}`] })
        const failure = yield* Effect.flip(provided(SetupPipeline.acquire()))
        assert.strictEqual("code" in failure && `${"status" in failure && failure.status}/${failure.code}`, action)
        assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
        assert.strictEqual(yield* privx.count(simulator, "Ueba.downloadSetupScript"), 1)
        assert.deepStrictEqual(artifacts(), [])
      })
  )

  it.live("gives up after as many rounds as the policy allows", () =>
    Effect.gen(function* () {
      const { artifacts, provided, simulator } = yield* setting({ faults: ["downloadSetupScript:truncate@10"] })
      const failure = yield* Effect.flip(provided(SetupPipeline.acquire()))
      assert.strictEqual(failure._tag === "TransportError" && failure.reason, "truncated")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), privx.impatient.attempts)
      assert.deepStrictEqual(artifacts(), [])
    })
  )

  it.live.each(["reset", "503/MAX_LOAD", "empty/502"])(
    "tries a download as often as the policy says, not that often in each round: %s",
    (action) =>
      Effect.gen(function* () {
        const { provided, simulator } = yield* setting({ faults: [`downloadSetupScript:${action}`] })
        yield* Effect.flip(provided(SetupPipeline.acquire()))
        assert.strictEqual(yield* privx.count(simulator, "Ueba.downloadSetupScript"), privx.impatient.attempts)
      })
  )

  it.live.each([
    ["a wait that the server asks for", "createSession:503/MAX_LOAD,retry-after=30"],
    ["a body that stalls", "downloadSetupScript:stall@10"]
  ])("ends at the deadline, whatever takes the time: %s", ([, fault]) =>
    Effect.gen(function* () {
      const { provided } = yield* setting({ faults: [fault ?? ""] }, { deadline: "400 millis" })
      const failure = yield* provided(SetupPipeline.acquire()).pipe(Effect.flip, Effect.timeout("60 seconds"))
      if (failure._tag === "TransportError") assert.strictEqual(failure.reason, "deadline")
      else assert.strictEqual(failure._tag, "MaxLoad")
    })
  )

  it.live("does not repeat what can never work", () =>
    Effect.gen(function* () {
      const { provided, simulator } = yield* setting({ faults: ["createSession:403/PERMISSION_DENIED"] })
      const failure = yield* Effect.flip(provided(SetupPipeline.acquire()))
      assert.strictEqual(failure._tag, "PermissionDenied")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
    })
  )

  it.live("stops a download that is larger than allowed, and does not ask again", () =>
    Effect.gen(function* () {
      const { artifacts, provided, simulator } = yield* setting()
      const failure = yield* Effect.flip(provided(SetupPipeline.acquire({ maxBytes: 100 })))
      assert.strictEqual(failure._tag === "TransportError" && failure.reason, "tooLarge")
      assert.strictEqual(yield* privx.count(simulator, "Ueba.createSession"), 1)
      assert.deepStrictEqual(artifacts(), [])
    })
  )

  it.live("says with a whole report why a script is not trusted", () =>
    Effect.gen(function* () {
      const { provided } = yield* setting({ script: "<html><body>Bad gateway</body></html>" })
      const failure = yield* Effect.flip(provided(Effect.flatMap(SetupPipeline.acquire(), SetupPipeline.verify)))
      assert.strictEqual(failure._tag, "VerificationFailed")
    })
  )

  it.live("leaves nothing when it is interrupted in mid-download", () =>
    Effect.gen(function* () {
      const { artifacts, provided } = yield* setting({
        script: SetupScript.ofSize(200_000),
        faults: ["downloadSetupScript:stall@100000"]
      })
      const fiber = yield* Effect.forkChild(provided(SetupPipeline.acquire()))
      yield* Effect.sync(() => artifacts()).pipe(
        Effect.delay("5 millis"),
        Effect.repeat({ until: (files) => files.some((file) => file.startsWith("partial/")) }),
        Effect.timeout("60 seconds")
      )
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(artifacts(), [])
    })
  )
})
