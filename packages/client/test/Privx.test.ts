import {
  ApiError,
  InvalidArgumentError,
  LoginError,
  Privx,
  PrivxError,
  Secret,
  StorageError,
  VerificationError
} from "@privx-kit/client"
import { type StartedSimulator, startSimulator } from "@privx-kit/simulator"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { inspect } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { NotesApi, notesSimulator } from "./Notes.ts"

let simulator: StartedSimulator
let privx: Privx
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-client-"))

const clientOf = ({ apiClient, baseUrl, ca }: StartedSimulator) => new Privx({ baseUrl, ca, apiClient })

/** The rejection of a promise. */
const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error("it rejected with something else", { cause: error })
  }
  throw new Error("it did not reject")
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<ReadonlyArray<Uint8Array>> => {
  const collected: Array<Uint8Array> = []
  for await (const chunk of chunks) collected.push(chunk)
  return collected
}

const withFaults = async <A>(faults: ReadonlyArray<string>, use: (privx: Privx) => Promise<A>): Promise<A> => {
  await using faulty = await startSimulator({ faults })
  await using client = clientOf(faulty)
  return await use(client)
}

beforeAll(async () => {
  simulator = await startSimulator({ tls: true, domains: [notesSimulator] })
  privx = clientOf(simulator)
})

afterAll(async () => {
  await privx.close()
  await simulator.close()
  fs.rmSync(temporary, { recursive: true })
})

describe("Privx", () => {
  it("creates a session and downloads the script with its id", async () => {
    const session = await privx.ueba.createSession()
    assert.instanceOf(session.id, Secret)
    assert.match(session.id.reveal(), /^[0-9a-f-]{36}$/)
    assert.strictEqual(inspect(session), "{ id: <redacted> }")
    assert.strictEqual(JSON.stringify(session), '{"id":"<redacted>"}')
    const chunks: Array<Uint8Array> = []
    for await (const chunk of privx.ueba.downloadSetupScript(session.id)) chunks.push(chunk)
    assert.match(Buffer.concat(chunks).toString(), /^#!\/usr\/bin\/env bash\n/)
  })

  it("takes the id of a session as a string", async () => {
    const { id } = await privx.ueba.createSession()
    const [first] = await collect(privx.ueba.downloadSetupScript(id.reveal()))
    assert.strictEqual(
      Buffer.from(first ?? "")
        .subarray(0, 2)
        .toString(),
      "#!"
    )
  })

  it("sets up: the verified script is in the output directory, for the user alone", async () => {
    const output = path.join(temporary, "setup")
    const { delivered, report, script, sha256 } = await privx.ueba.setup({ output })
    assert.strictEqual(delivered, path.join(output, "privx-ueba-setup.sh"))
    assert.isTrue(report.verified)
    assert.deepStrictEqual(fs.readdirSync(output), ["privx-ueba-setup.sh"])
    assert.strictEqual(fs.statSync(path.join(output, "privx-ueba-setup.sh")).mode & 0o777, 0o700)
    assert.isTrue(fs.readFileSync(path.join(output, "privx-ueba-setup.sh")).equals(script))
    assert.strictEqual(createHash("sha256").update(script).digest("hex"), sha256)
  })

  it("delivers nothing when the script is not the one that was approved", async () => {
    const output = path.join(temporary, "refused")
    const error = await rejection(privx.ueba.setup({ output, sha256: "0".repeat(64) }))
    assert.instanceOf(error, VerificationError)
    assert.strictEqual(error.code, "VERIFICATION_FAILED")
    assert.isFalse(error.report.verified)
    assert.isFalse(fs.existsSync(output))
  })

  it("rejects with a StorageError when the script cannot be written", async () => {
    const file = path.join(temporary, "a-file")
    fs.writeFileSync(file, "")
    const error = await rejection(privx.ueba.setup({ output: file }))
    assert.instanceOf(error, StorageError)
    assert.match(error.code, /^STORAGE_NOT_A_DIRECTORY$/)
  })

  it("starts again with a new session when the download breaks off", async () => {
    await withFaults(["downloadSetupScript:truncate@1000*1"], async (client) => {
      const { report } = await client.ueba.setup()
      assert.isTrue(report.verified)
    })
  })

  it("has times as dates and durations as numbers, and takes both dates and texts", async () => {
    const from = new Date("2026-01-01T00:00:00Z")
    const { id } = await privx.ueba.createDataset({
      time_range_settings: { start: from, end: "2026-04-01T00:00:00Z", exclude: [] },
      comment: "first quarter"
    })
    const dataset = await privx.ueba.getDataset(id, { logs: true, bin_count: 10 })
    assert.strictEqual(dataset.comment, "first quarter")
    assert.strictEqual(dataset.time_range_settings.start?.toISOString(), from.toISOString())
    assert.deepStrictEqual(
      (await privx.ueba.listDatasets()).items.map((item) => item.id),
      [id]
    )
    assert.isUndefined(await privx.ueba.deleteDataset(id))
  })

  it("has the operations of a foreign domain from its endpoints alone", async () => {
    const notes = privx.domain(NotesApi)
    await notes.write({ folder: "a b", name: "n1" }, { text: "hello" }, { query: { version: 2 } })
    assert.deepStrictEqual(await notes.list("a b"), { notes: [{ name: "n1", text: "hello", version: 2 }] })
    const chunks = await collect(notes.read({ folder: "a b", name: "n1" }))
    assert.strictEqual(Buffer.concat(chunks).toString(), "hello")
  })
})

describe("errors", () => {
  it("is an ApiError with code, status, hint and a stack that leads to the call", async () => {
    const error = await withFaults(["createSession:403/PERMISSION_DENIED*9"], (client) =>
      rejection(client.ueba.createSession())
    )
    assert.instanceOf(error, ApiError)
    assert.instanceOf(error, PrivxError)
    assert.strictEqual(error.name, "ApiError")
    assert.strictEqual(error.code, "PERMISSION_DENIED")
    assert.strictEqual(error.status, 403)
    assert.strictEqual(error.operation, "Ueba.createSession")
    assert.isFalse(error.retryable)
    assert.strictEqual(
      error.hint,
      'Give the account a role with the scope "admin". See docs/troubleshooting.md#permission.'
    )
    assert.match(
      error.stack ?? "",
      /^ApiError: Ueba\.createSession failed: .+\n {2}Give the account .+\n {4}at .*Privx\.test\.ts/
    )
    assert.propertyVal(error.cause, "_tag", "PermissionDenied")
    const printed = inspect(error)
    assert.match(printed, /^ApiError: Ueba\.createSession failed/)
    assert.match(printed, /code: 'PERMISSION_DENIED'/)
    assert.lengthOf(printed.split("Give the account a role"), 4)
    assert.include(printed, "[cause]: PermissionDenied: Ueba.createSession failed")
    assert.notMatch(printed, /node_modules.effect/)
  })

  it("is a LoginError for wrong credentials, and no secret is in it", async () => {
    await using client = new Privx({
      baseUrl: simulator.baseUrl,
      ca: simulator.ca,
      apiClient: { ...simulator.apiClient, clientSecret: "very secret text" }
    })
    const error = await rejection(client.ueba.status())
    assert.instanceOf(error, LoginError)
    assert.strictEqual(error.status, 400)
    assert.notMatch(inspect(error, { showHidden: true, depth: 9 }), /very secret text/)
  })

  it("reports the system's error code when nothing listens", async () => {
    await using client = new Privx({ baseUrl: "http://127.0.0.1:9", token: "t", attempts: 1 })
    const error = await rejection(client.ueba.status())
    assert.strictEqual(error.name, "ConnectionError")
    assert.propertyVal(error, "code", "ECONNREFUSED")
    assert.propertyVal(error, "retryable", true)
    assert.notProperty(error, "status")
  })

  it("refuses arguments that cannot be used before anything is sent", async () => {
    const before = (await simulator.operations()).length
    const error = await rejection(collect(privx.ueba.downloadSetupScript("secret that is no UUID")))
    assert.instanceOf(error, InvalidArgumentError)
    assert.notMatch(inspect(error, { depth: 9 }), /secret that is no UUID/)
    assert.instanceOf(await rejection(privx.ueba.setup({ sha256: "abc" })), InvalidArgumentError)
    assert.instanceOf(await rejection(privx.playback.keepAlive("..")), InvalidArgumentError)
    assert.lengthOf(await simulator.operations(), before)
  })

  it("refuses options that cannot be used", () => {
    assert.throws(() => new Privx({ baseUrl: "privx.example.com", token: "t" }), InvalidArgumentError, /baseUrl/)
    // @ts-expect-error -- credentials are missing
    assert.throws(() => new Privx({ baseUrl: "https://privx.example.com" }), InvalidArgumentError, /credentials/)
  })
})

describe("signals", () => {
  it("rejects with an AbortError whose cause is the reason, and the call is given up", async () => {
    const controller = new AbortController()
    const reason = new Error("changed my mind")
    const error = await withFaults(["createSession:delay=30s*9"], async (client) => {
      const pending = rejection(client.ueba.createSession({ signal: controller.signal }))
      setImmediate(() => controller.abort(reason))
      return await pending
    })
    assert.strictEqual(error.name, "AbortError")
    assert.propertyVal(error, "code", "ABORT_ERR")
    assert.strictEqual(error.cause, reason)
  })

  it("sends nothing when the signal has aborted before", async () => {
    const before = (await simulator.operations()).length
    const signal = AbortSignal.abort()
    assert.strictEqual((await rejection(privx.ueba.status({ signal }))).name, "AbortError")
    const { id } = { id: "0f8fad5b-d9cb-469f-a165-70867728950e" }
    const download = privx.ueba.downloadSetupScript(id, { signal })
    assert.strictEqual((await rejection(collect(download))).name, "AbortError")
    assert.lengthOf(await simulator.operations(), before)
  })

  it("stops a running download", async () => {
    const controller = new AbortController()
    await withFaults(["downloadSetupScript:stall@100*9"], async (client) => {
      const { id } = await client.ueba.createSession()
      const download = client.ueba.downloadSetupScript(id, { signal: controller.signal })
      const error = await rejection(
        (async () => {
          for await (const _ of download) controller.abort()
        })()
      )
      assert.strictEqual(error.name, "AbortError")
    })
  })

  it("lets a loop over a download be left early", async () => {
    const { id } = await privx.ueba.createSession()
    for await (const chunk of privx.ueba.downloadSetupScript(id)) {
      assert.isAbove(chunk.byteLength, 0)
      break
    }
    assert.strictEqual((await privx.ueba.anomalySettings()).action !== undefined, true)
  })
})

describe("playback", () => {
  it("keeps a connection alive until the signal aborts, and reports each event", async () => {
    const id = await simulator.addPlaybackSession()
    const controller = new AbortController()
    const counts: Array<number> = []
    const error = await rejection(
      privx.playback.keepAlive(id, {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === "reauthenticated" && event.left > event.next) counts.push(event.count)
          controller.abort()
        }
      })
    )
    assert.strictEqual(error.name, "AbortError")
    assert.deepStrictEqual(counts, [1])
  })

  it("resolves when the session is over", async () => {
    assert.deepStrictEqual(await privx.playback.keepAlive("no such session"), { reason: "sessionEnded", count: 0 })
  })

  it("re-authenticates once", async () => {
    assert.isUndefined(await privx.playback.reauthenticate(await simulator.addPlaybackSession()))
  })
})

describe("close", () => {
  it("refuses further calls with the code CLOSED, and closing twice is harmless", async () => {
    const client = clientOf(simulator)
    await client.ueba.createSession()
    await client.close()
    await client.close()
    assert.propertyVal(await rejection(client.ueba.createSession()), "code", "CLOSED")
  })
})

describe("CommonJS", () => {
  it("is loaded by require", () => {
    const program = "console.log(new (require('@privx-kit/client').Secret)('x').reveal())"
    // Early releases of Node 24 warn that the sources are TypeScript.
    const args = ["--disable-warning=ExperimentalWarning", "--conditions=@privx-kit/source", "--input-type=commonjs"]
    const { status, stderr, stdout } = spawnSync(process.execPath, [...args, "--eval", program], {
      cwd: path.join(import.meta.dirname, ".."),
      encoding: "utf8"
    })
    assert.deepStrictEqual([status, stdout, stderr], [0, "x\n", ""])
  })
})
