/** Asks a server for its health, again and again, in a thread that does nothing else; tells how long the slowest answer took. */
import * as http from "node:http"
import { parentPort, workerData } from "node:worker_threads"

/** In milliseconds: how often it asks. */
const pause = 5

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
let slowest = 0
let failures = 0

const ask = (): void => {
  const started = performance.now()
  const answered = (ok: boolean): void => {
    slowest = Math.max(slowest, performance.now() - started)
    if (!ok) failures++
    setTimeout(ask, pause)
  }
  http
    .get(new URL("/healthz", String(workerData)), { agent }, (response) => {
      response.resume().once("end", () => answered(response.statusCode === 200))
    })
    .once("error", () => answered(false))
}

ask()

parentPort?.on("message", () => {
  parentPort?.postMessage({ slowest, failures })
  slowest = 0
  failures = 0
})
