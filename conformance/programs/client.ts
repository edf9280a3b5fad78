/**
 * A program with a client that is generated from the documents: every call of UEBA and playback, with types from
 * `openapi-typescript` and requests by `openapi-fetch`. It is compiled strictly beside the generated types, and run
 * against a simulator; it ends with an error at the first answer that is not a success.
 */
import createClient from "openapi-fetch"
import type * as Playback from "./playback.ts"
import type * as Ueba from "./ueba.ts"

const { PRIVX_TOKEN = "", PRIVX_URL = "", PRIVX_PLAYBACK_SESSION = "" } = process.env
const options = { baseUrl: PRIVX_URL, headers: { authorization: `Bearer ${PRIVX_TOKEN}` } }
const ueba = createClient<Ueba.paths>(options)
const playback = createClient<Playback.paths>(options)

interface Result<Data> {
  readonly data?: Data
  readonly error?: { readonly error_code: string; readonly error_message?: string }
  readonly response: Response
}

let calls = 0
const success = async <Data>(call: Promise<Result<Data>>): Promise<Data> => {
  const { data, error, response } = await call
  calls++
  if (error !== undefined || data === undefined) throw new Error(`${response.status} ${JSON.stringify(error)}`)
  return data
}
/** An empty answer has no data. */
const done = async (call: Promise<Result<unknown>>): Promise<void> => {
  const { error, response } = await call
  calls++
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(error)}`)
}

const prefix = "/connection-manager/api/v1/ueba"
const { id: session_id } = await success(ueba.POST(`${prefix}/setup-script`))
const script: string = await success(
  ueba.GET(`${prefix}/setup-script/{session_id}`, { params: { path: { session_id } }, parseAs: "text" })
)
if (!script.startsWith("#!")) throw new Error("this is no script")

const { address } = await success(ueba.GET(`${prefix}/configure`))
await done(ueba.POST(`${prefix}/configure`, { body: { address: address ?? "ueba.example.com:8443" } }))
const settings = await success(ueba.GET(`${prefix}/anomaly-settings`))
await done(ueba.POST(`${prefix}/anomaly-settings`, { body: { action: "BLOCK", threshold: settings.threshold ?? 0.5 } }))

const range = { start: new Date(Date.now() - 30 * 86_400_000).toISOString(), end: new Date().toISOString() }
const { count } = await success(ueba.POST(`${prefix}/query-connection-count`, { body: range }))
if (count < 5_000) throw new Error(`${count} connections`)
const { id: dataset_id } = await success(
  ueba.POST(`${prefix}/datasets`, { body: { time_range_settings: range, comment: "generated" } })
)
const path = { dataset_id }
await done(ueba.PUT(`${prefix}/datasets/{dataset_id}`, { params: { path }, body: { time_range_settings: range } }))
await success(
  ueba.POST(`${prefix}/train/{dataset_id}`, { params: { path, query: { set_active_after_training: "false" } } })
)
const dataset = await success(
  ueba.GET(`${prefix}/datasets/{dataset_id}`, { params: { path, query: { logs: "true", bin_count: "5" } } })
)
const bins = dataset.training_results?.[0]?.validation_dataset_histogram?.hist?.length
if (bins !== 5) throw new Error(`${bins} bins`)
const { items } = await success(ueba.GET(`${prefix}/datasets`))
if (items?.[0]?.id !== dataset_id) throw new Error("the dataset is not in the list")
await done(ueba.POST(`${prefix}/start-analyzing/{dataset_id}`, { params: { path } }))
const { instances } = await success(ueba.GET(`${prefix}/status/internal`))
if (instances?.length !== 2) throw new Error("there is no model")
const { status } = await success(ueba.GET(`${prefix}/status`))
if (status !== "RUNNING") throw new Error(`the service is ${status}`)
await done(ueba.POST(`${prefix}/stop-analyzing`))
await done(ueba.DELETE(`${prefix}/datasets/{dataset_id}`, { params: { path } }))

await done(
  playback.POST("/rdp-proxy/api/v1/playback/{session_id}/keepalive", {
    params: { path: { session_id: PRIVX_PLAYBACK_SESSION } }
  })
)
const { error, response } = await playback.POST("/rdp-proxy/api/v1/playback/{session_id}/keepalive", {
  params: { path: { session_id: "another" } }
})
const code: string | undefined = error?.error_code
if (response.status !== 404 || code !== "GENERAL_ERROR") throw new Error("a session that does not exist is no 404")
process.stdout.write(`${calls} calls\n`)
