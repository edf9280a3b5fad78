import { Privx } from "@privx-kit/client"
import { startSimulator } from "@privx-kit/simulator"

// The first two requests for a session are refused as by an overloaded PrivX, and retried.
await using simulator = await startSimulator({ tls: true, faults: ["createSession:503/MAX_LOAD*2"] })
const { apiClient, baseUrl, ca } = simulator
await using privx = new Privx({ baseUrl, ca, apiClient })

const { report } = await privx.ueba.setup()
console.log(report.verified, (await simulator.operations()).filter((name) => name === "Ueba.createSession").length)
