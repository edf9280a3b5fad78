/** One run: its steps on a time axis, failures with advice, its result, and its actions. */
import { useEffect } from "react"
import { Link } from "wouter"
import { api, type Run, unwrap } from "../api/Client.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Id, Terminal } from "../parts/Copy.tsx"
import { FailedPage, Loading } from "../parts/Notice.tsx"
import { Identity, Person } from "../parts/Person.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { Time } from "../parts/Time.tsx"
import { useSession } from "../session/Session.tsx"
import { Provenance } from "./Provenance.tsx"
import { useKinds } from "./RunsPage.tsx"
import { useRun } from "./useRun.ts"
import { Waterfall } from "./Waterfall.tsx"

const RunPage = ({ id }: { readonly id: string }) => {
  const { error, reload, run, state } = useRun(id)
  const kind = useKinds().find(({ name }) => name === run?.kind)
  useEffect(() => {
    document.title = `Run ${id.slice(0, 8)} · privx-kit`
  }, [id])
  if (error !== undefined) return <FailedPage title={`Run ${id.slice(0, 8)}`} error={error} retry={reload} />
  if (run === undefined) return <Loading what="the run" />
  return (
    <>
      <div className="title">
        <h1>
          {kind?.title ?? plain(run.kind)} <Id value={run.id} label="id" />
        </h1>
        <StatusBadge status={run.status} />
        {state === "lost" && (
          <span className="live lost" role="status">
            connection lost, trying again
          </span>
        )}
      </div>
      <Actions run={run} reload={reload} />
      <dl className="facts">
        <Fact name="PrivX host">{plain(run.target)}</Fact>
        <Fact name="Requested by">
          <Identity identity={run.requestedBy} names={run.displayNames} />
        </Fact>
        <Fact name="Created">
          <Time iso={run.createdAt} />
        </Fact>
        <Fact name="Ended">
          <Time iso={run.endedAt} />
        </Fact>
        <Fact name="Attempt">{run.attempt}</Fact>
        {run.sha256 !== null && (
          <Fact name="Script (SHA-256)">
            <Id value={run.sha256} label="digest" length={16} />
          </Fact>
        )}
        {run.parentId !== null && (
          <Fact name="Part of">
            <Link href={`/runs/${run.parentId}`}>{run.parentId.slice(0, 8)}</Link>
          </Fact>
        )}
        {run.review !== null && run.review.decision !== null && (
          <Fact name={run.review.decision.approved ? "Approved by" : "Rejected by"}>
            <Person identity={run.review.decision.by} names={run.displayNames} />, <Time iso={run.review.decision.at} />
            {run.review.decision.comment !== null && <blockquote>{plain(run.review.decision.comment)}</blockquote>}
          </Fact>
        )}
        <Cancelled run={run} />
      </dl>
      <Problem run={run} />
      <section aria-labelledby="steps">
        <h2 id="steps">Steps{run.attempt > 1 && ` of attempt ${run.attempt}`}</h2>
        <Waterfall steps={run.steps} kind={kind} startedAt={run.startedAt} endedAt={run.endedAt} />
      </section>
      {run.earlier.toReversed().map((attempt) => (
        <details key={attempt.attempt} className="earlier">
          <summary>
            Attempt {attempt.attempt}: {attempt.status}
          </summary>
          <Waterfall steps={attempt.steps} kind={kind} startedAt={attempt.startedAt} endedAt={attempt.endedAt} />
          {attempt.failure !== null && <Json name="Failure" value={attempt.failure} />}
        </details>
      ))}
      {run.status === "succeeded" && run.sha256 !== null && (
        <section aria-labelledby="provenance">
          <h2 id="provenance">Manifest and attestation</h2>
          <Provenance id={run.id} />
        </section>
      )}
      {run.result !== null && <Json name="Result" value={run.result} />}
      <Json name="Inputs" value={run.inputs} />
      <Terminal command={`privx-kit runs show ${run.id}`} />
    </>
  )
}

export default RunPage

/** The person who cancelled the run, shown like a decision. */
const Cancelled = ({ run: { displayNames, failure } }: { readonly run: Run }) => {
  if (typeof failure !== "object" || failure === null) return null
  const { _tag, at, by, comment } = failure as Readonly<Record<string, unknown>>
  if (_tag !== "RunCancelled" || typeof by !== "string" || typeof at !== "string") return null
  return (
    <Fact name="Cancelled by">
      <Person identity={by} names={displayNames} />, <Time iso={at} />
      {typeof comment === "string" && <blockquote>{plain(comment)}</blockquote>}
    </Fact>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: React.ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const Json = ({ name, value }: { readonly name: string; readonly value: unknown }) => (
  <details>
    <summary>{name}</summary>
    <pre className="json" tabIndex={0}>
      {plain(JSON.stringify(value, null, 2))}
    </pre>
  </details>
)

const Problem = ({ run }: { readonly run: Run }) => {
  if (run.failure === null) return null
  if (run.explanation === null) return <Json name="Failure" value={run.failure} />
  return (
    <div className={`notice ${run.status === "cancelled" ? "quiet" : "problem"}`}>
      <p>
        <strong>{plain(run.explanation.message)}</strong>
      </p>
      {run.explanation.hint !== "" && <p>{plain(run.explanation.hint)}</p>}
      {run.sha256 !== null && <Link href={`/runs/${run.id}/review`}>Look at the script and its checks</Link>}
    </div>
  )
}

const Actions = ({ reload, run }: { readonly run: Run; readonly reload: () => void }) => {
  const { may } = useSession()
  const [dialog, ask] = useQuestion()
  const path = { params: { path: { run: run.id } } }
  const over = run.endedAt !== null
  const mayRetry = may("submit") && (run.status === "failed" || run.status === "cancelled")
  return (
    <div className="actions">
      {run.sha256 !== null && (
        <Link href={`/runs/${run.id}/review`} className={run.status === "waiting" ? "button primary" : "button"}>
          {run.status === "waiting" ? "Review the script" : "Script and checks"}
        </Link>
      )}
      {run.kind === "fleet" && (
        <Link href={`/fleets/${run.id}`} className="button">
          Hosts
        </Link>
      )}
      {may("submit") && !over && (
        <button
          type="button"
          onClick={() =>
            ask({
              title: "Cancel this run?",
              body: <p>Nothing is delivered. The run can be retried later.</p>,
              action: "Cancel the run",
              danger: true,
              comment: "is kept with the cancellation",
              run: (comment) =>
                unwrap(
                  api.POST("/api/v1/runs/{run}/cancel", { ...path, ...(comment === "" ? {} : { body: { comment } }) })
                )
            })
          }
        >
          Cancel
        </button>
      )}
      {mayRetry && (
        <button
          type="button"
          onClick={() =>
            ask({
              title: "Retry this run?",
              body: (
                <p>
                  The next attempt begins anew, with the same inputs. You are recorded as the person who asked for it.
                </p>
              ),
              action: "Retry the run",
              run: () => unwrap(api.POST("/api/v1/runs/{run}/retry", path)).then(reload)
            })
          }
        >
          Retry
        </button>
      )}
      {may("submit") && (!over || mayRetry) && (
        <Terminal command={`privx-kit runs ${over ? "retry" : "cancel"} ${run.id}`} />
      )}
      {dialog}
    </div>
  )
}
