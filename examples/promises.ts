/** Promises instead of Effect, with the simulator instead of a PrivX host. */
import { ApiError, Privx, VerificationError } from "@privx-kit/client"
import { startSimulator } from "@privx-kit/simulator"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { SecretsApi } from "./team-domain/src/SecretsApi.ts"
import { secretsSimulator } from "./team-domain/src/SecretsSimulator.ts"

await using simulator = await startSimulator({ tls: true, domains: [secretsSimulator] })
const { apiClient, baseUrl, ca } = simulator
const output = await fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-promises-"))

// #region client
await using privx = new Privx({ baseUrl, ca, apiClient })
// #endregion

// #region setup
try {
  const { delivered, report, sha256 } = await privx.ueba.setup({ output })
  console.log(`${delivered} passed ${report.checks.length} checks, SHA-256 ${sha256}`)
} catch (error) {
  if (error instanceof VerificationError) console.error(error.message, error.report)
  else throw error
}
// #endregion

// #region download
const session = await privx.ueba.createSession()
let bytes = 0
for await (const chunk of privx.ueba.downloadSetupScript(session.id)) bytes += chunk.byteLength
console.log(`The setup script has ${bytes} bytes`)
// #endregion

const watched = await simulator.addPlaybackSession()
// #region keepAlive
const controller = new AbortController()
const kept = privx.playback.keepAlive(watched, {
  signal: controller.signal,
  onEvent: (event) => console.log(event.type)
})
setTimeout(() => controller.abort(), 200)
await kept.catch((error: unknown) => console.log(String(error)))
// #endregion

// #region errors
await using guest = new Privx({ baseUrl, ca, token: "expired" })
try {
  await guest.ueba.status()
} catch (error) {
  if (!(error instanceof ApiError)) throw error
  console.log(error.code, error.status, error.hint)
}
// #endregion

// #region domain
const secrets = privx.domain(SecretsApi)
await secrets.create({ name: "db" })
console.log((await secrets.list()).items)
// #endregion

await fs.rm(output, { recursive: true })
