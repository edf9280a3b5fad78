/**
 * A program with a client that is generated from the document of `privx-kit serve`: it submits a setup with a policy,
 * lists, follows (server-sent events), approves, and reads the manifest. It is compiled strictly beside the generated
 * types, and run against a server.
 */
import createClient from "openapi-fetch"
import type { components, paths } from "./server-api.ts"

type Run = components["schemas"]["Run"]
type Policy = components["schemas"]["VerificationPolicy"]

const { APPROVER = "", OPERATOR = "", SERVER = "" } = process.env
const as = (token: string) =>
  createClient<paths>({ baseUrl: SERVER, headers: token === "" ? {} : { authorization: `Bearer ${token}` } })
const operator = as(OPERATOR)
const approver = as(APPROVER)
const stranger = as("")

const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`It does not hold that ${what}.`)
}

const success = async <Data>(call: Promise<{ readonly data?: Data; readonly error?: unknown }>): Promise<Data> => {
  const { data, error } = await call
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}

check((await success(stranger.GET("/healthz"))).alive, "the process lives")
const { ready, workers } = await success(stranger.GET("/readyz"))
check(ready && workers === 1, "one worker is ready")

const policy: Policy = {
  checks: { noFetchedCode: "warned", shellSyntax: "demanded" },
  capabilities: { changesKernel: "forbidden", downloads: { forbidden: ["http://*"] } },
  writePlaces: ["/etc", "/opt", "/var", "/usr", "/run", "/tmp"],
  knownDigests: [{ sha256: "0".repeat(64), comment: "of another script" }]
}
const submitted = await success(
  operator.POST("/api/v1/runs", {
    params: { header: { "idempotency-key": "nightly-1" } },
    body: { policy: { ...policy, checks: { ...policy.checks, knownDigest: "off" } }, requireApproval: "always" }
  })
)
check(submitted.created, "the run is new")
const { id } = submitted.run
const path = { run: id }

/** The runs that a stream tells of, until one is as it should be. */
const follow = async (until: (run: Run) => boolean): Promise<Run> => {
  const { data, error } = await operator.GET("/api/v1/runs/{run}/events", { params: { path }, parseAs: "stream" })
  if (data === undefined || data === null) throw new Error(JSON.stringify(error))
  let text = ""
  for await (const piece of data.pipeThrough(new TextDecoderStream())) {
    text += piece
    const events = text.split("\n\n")
    text = events.pop() ?? ""
    for (const event of events) {
      const json = /^data: (.*)$/m.exec(event)?.[1]
      const run = json === undefined ? undefined : (JSON.parse(json) as Run)
      if (run !== undefined && until(run)) return run
    }
  }
  throw new Error("The stream ended.")
}

const waiting = await follow(({ status }) => status === "waiting" || status === "failed")
check(waiting.status === "waiting" && waiting.attempt === 1, `the run waits: ${JSON.stringify(waiting.explanation)}`)
const sha256 = waiting.sha256 ?? ""

const page = await success(
  operator.GET("/api/v1/runs", { params: { query: { limit: 10, status: ["waiting"], since: waiting.createdAt } } })
)
check(page.runs.map((run) => run.id).join() === id && page.next === null, "the list has the run, and nothing else")

const review = await success(approver.GET("/api/v1/runs/{run}/review", { params: { path } }))
check(review.mayApprove && review.report?.verified === true, "the script is verified")

const refused = await operator.POST("/api/v1/runs/{run}/approve", {
  params: { path },
  body: { sha256, attempt: waiting.attempt }
})
check(refused.error?.type === "urn:privx-kit:problem:Forbidden", "an operator does not approve")
check(refused.error?.status === 403 && refused.error.title === "Forbidden", "a problem has a status and a title")
const decided = await success(
  approver.POST("/api/v1/runs/{run}/approve", { params: { path }, body: { sha256, attempt: 1, comment: "looks good" } })
)
check(decided.by === "mia", "the decision has a name")

const ended = await follow((run) => run.endedAt !== null)
check(ended.status === "succeeded" && ended.review?.decision?.comment === "looks good", "the run succeeded")

const manifest = await success(operator.GET("/api/v1/runs/{run}/manifest", { params: { path } }))
check(manifest.runId === id && manifest.script.sha256 === sha256, "the manifest is about the run")
check(manifest.expected.checks["shellSyntax"] === "demanded", "the manifest has the policy")
check(manifest.verification.checks.length > 20, "the manifest has the report")

// What the document does not admit is refused, with the problem that it describes.
const many = await operator.GET("/api/v1/runs", { params: { query: { limit: 1001 } } })
check(many.error?.status === 400 && many.error.detail.includes("limit"), "1,001 runs are too many")
const unknown = await operator.GET("/api/v1/runs/{run}", { params: { path: { run: "none" } } })
check(unknown.error?.status === 404 && unknown.error.fields?.["runId"] === "none", "an unknown run is named")
const text = await approver.POST("/api/v1/runs/{run}/reject", {
  params: { path },
  body: {},
  headers: { "content-type": "text/plain" }
})
check(text.error?.status === 415, "a body is JSON")
const metrics = await success(operator.GET("/metrics", { parseAs: "text" }))
check(metrics.includes("privx_kit_runs"), "the server counts runs")
const anyone = await stranger.GET("/metrics", { parseAs: "text" })
check(anyone.response.status === 401, "the metrics need a token")
// The attempts below use up the patience of the server with wrong tokens.
const wrong = as("pxk_wrong")
let last = await wrong.GET("/api/v1/me")
for (let i = 0; i < 30 && last.response.status === 401; i++) last = await wrong.GET("/api/v1/me")
check(last.response.status === 429, "wrong tokens are not tried for ever")
check(Number(last.response.headers.get("retry-after")) >= 1, "Retry-After says when to come back")
process.stdout.write(`${ended.status} ${id}\n`)
