/** The script of a run, for the person who decides on it. */
import { useQuery } from "@tanstack/react-query"
import { useEffect, useMemo, useState } from "react"
import { Link } from "wouter"
import { api, type Review, type Run, text, unwrap } from "../api/Client.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Id, Terminal } from "../parts/Copy.tsx"
import { ErrorNotice, FailedPage, Loading } from "../parts/Notice.tsx"
import { Identity, Person } from "../parts/Person.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { bytes, Time } from "../parts/Time.tsx"
import { useRun } from "../runs/useRun.ts"
import { useSession } from "../session/Session.tsx"
import { Checks } from "./Checks.tsx"
import { type Finding, ScriptDiff } from "./ScriptDiff.tsx"
import { Shortcuts, useShortcuts } from "./Shortcuts.tsx"

const ReviewPage = ({ id }: { readonly id: string }) => {
  const { error, run } = useRun(id)
  const review = useQuery({
    queryKey: ["review", id, run?.attempt, run?.sha256, run?.status],
    enabled: run !== undefined,
    queryFn: () => unwrap(api.GET("/api/v1/runs/{run}/review", { params: { path: { run: id } } }))
  })
  useEffect(() => {
    document.title = `Review ${id.slice(0, 8)} · privx-kit`
  }, [id])
  const failed = error ?? review.error ?? undefined
  if (failed !== undefined) {
    return <FailedPage title={`Script of run ${id.slice(0, 8)}`} error={failed} retry={() => void review.refetch()} />
  }
  if (run === undefined || review.data === undefined) return <Loading what="the review" />
  return (
    <>
      <div className="title">
        <h1>
          Script of run{" "}
          <Link href={`/runs/${id}`}>
            <code>{id.slice(0, 8)}</code>
          </Link>
        </h1>
        <StatusBadge status={run.status} />
      </div>
      <Facts run={run} review={review.data} />
      <Decision run={run} review={review.data} />
      {review.data.report !== null && <Checks report={review.data.report} />}
      <Script run={run} review={review.data} />
      <Shortcuts />
    </>
  )
}

export default ReviewPage

const Facts = ({ review, run }: { readonly run: Run; readonly review: Review }) => (
  <dl className="facts">
    <div>
      <dt>PrivX host</dt>
      <dd>{plain(run.target)}</dd>
    </div>
    <div>
      <dt>Requested by</dt>
      <dd>
        <Identity identity={run.requestedBy} names={run.displayNames} />
      </dd>
    </div>
    {run.sha256 !== null && (
      <div>
        <dt>SHA-256</dt>
        <dd className="digest">
          <Id value={run.sha256} label="digest" length={64} />
        </dd>
      </div>
    )}
    {review.report !== null && (
      <div>
        <dt>Size</dt>
        <dd>{bytes(review.report.size)}</dd>
      </div>
    )}
    {review.source !== null && <Source source={review.source} />}
    <div>
      <dt>Compared with</dt>
      <dd>
        <Compared review={review} run={run} />
      </dd>
    </div>
  </dl>
)

/** The server that sent the script, and its certificate. */
const Source = ({ source }: { readonly source: NonNullable<Review["source"]> }) => {
  const certificate = source.tls?.certificates[0]
  return (
    <>
      <div>
        <dt>Source</dt>
        <dd>
          {plain(source.origin)}
          {source.server !== null && <> ({plain(source.server)})</>}
        </dd>
      </div>
      <div>
        <dt>Certificate</dt>
        <dd>
          {certificate === undefined ? (
            "none: the connection had no TLS"
          ) : (
            <>
              {plain(certificate.subject)}
              <div className="quiet">
                issued by {plain(certificate.issuer)}, valid to <Time iso={certificate.validTo} />
              </div>
              <Id value={certificate.sha256} label="fingerprint of the certificate" length={16} />
            </>
          )}
        </dd>
      </div>
    </>
  )
}

const Compared = ({ review: { displayNames, reference }, run }: { readonly run: Run; readonly review: Review }) => {
  if (reference === null) return <>nothing: this PrivX host has no approved script yet</>
  const what =
    reference.basis === "baseline" ? (
      <>
        <strong>Baseline (no one has approved it)</strong>: trusted on first use, <Time iso={reference.at} />
      </>
    ) : (
      <>
        the script that <Person identity={reference.by} names={displayNames} /> approved, <Time iso={reference.at} />
      </>
    )
  return (
    <>
      {what} <Id value={reference.sha256} label="digest of that script" />
      {reference.comment !== null && <blockquote>{plain(reference.comment)}</blockquote>}
      {reference.sha256 === run.sha256 && <div>The script of this run is the same.</div>}
    </>
  )
}

const Decision = ({ review, run }: { readonly run: Run; readonly review: Review }) => {
  const { may } = useSession()
  const [dialog, ask] = useQuestion()
  const waiting = run.status === "waiting" && run.sha256 !== null
  const decide = (approve: boolean) =>
    ask({
      title: approve ? "Approve this script?" : "Reject this script?",
      body: (
        <>
          <p>
            {approve
              ? "The run delivers the script, and later scripts of this PrivX host are compared with it."
              : "The run fails. Nothing is delivered."}
          </p>
          <p className="digest">
            <code>{run.sha256}</code>
          </p>
        </>
      ),
      action: approve ? "Approve" : "Reject",
      danger: !approve,
      comment: "is kept with the decision",
      run: (comment) =>
        unwrap(
          api.POST(approve ? "/api/v1/runs/{run}/approve" : "/api/v1/runs/{run}/reject", {
            params: { path: { run: run.id } },
            // Identifies the reviewed script: if the run has a different script by now, nothing is decided.
            body: { sha256: run.sha256 ?? "", attempt: run.attempt, ...(comment === "" ? {} : { comment }) }
          })
        )
    })
  const mayReject = waiting && may("decide")
  const mayApprove = waiting && review.mayApprove
  useShortcuts({ ...(mayApprove ? { a: () => decide(true) } : {}), ...(mayReject ? { r: () => decide(false) } : {}) })
  const decision = run.review?.decision
  if (decision !== undefined && decision !== null) {
    return (
      <div className="notice">
        {decision.approved ? "Approved" : "Rejected"} by{" "}
        <strong>
          <Person identity={decision.by} names={run.displayNames} />
        </strong>
        , <Time iso={decision.at} />
        {decision.comment !== null && <blockquote>{plain(decision.comment)}</blockquote>}
      </div>
    )
  }
  if (!waiting) return null
  return (
    <div className="decision">
      {review.obstacle !== null && may("decide") && (
        <div className="notice" role="note">
          <p>
            <strong>You cannot approve this script: four eyes.</strong>
          </p>
          <p>
            {plain(review.obstacle.message)} {plain(review.obstacle.hint)}
          </p>
        </div>
      )}
      <div className="actions">
        {mayApprove && (
          <button type="button" className="primary" onClick={() => decide(true)}>
            Approve
          </button>
        )}
        {mayReject && (
          <button type="button" onClick={() => decide(false)}>
            Reject
          </button>
        )}
        {mayReject && <Terminal command={`privx-kit runs ${mayApprove ? "approve" : "reject"} ${run.id}`} />}
      </div>
      {dialog}
    </div>
  )
}

const Script = ({ review, run }: { readonly run: Run; readonly review: Review }) => {
  const { may } = useSession()
  const readable =
    may("script") && (run.status === "succeeded" || (run.status === "waiting" && may("unapprovedScript")))
  const [shown, setShown] = useState(true)
  const scripts = useQuery({
    queryKey: ["script", run.id, run.sha256, review.reference?.sha256],
    enabled: readable,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const [script, approved] = await Promise.all([
        text(run.id, "script"),
        review.reference === null ? undefined : text(run.id, "reference-script")
      ])
      return { script: script ?? "", approved }
    }
  })
  const findings = useMemo(() => findingsOf(review), [review])
  if (!readable) {
    return (
      <div className="notice quiet">
        {run.status === "waiting"
          ? "Your role does not show scripts that have not been approved."
          : run.status === "succeeded"
            ? "Your role does not show scripts."
            : "The server shows the scripts of runs that have succeeded or wait for approval."}
      </div>
    )
  }
  if (scripts.error !== null) return <ErrorNotice error={scripts.error} retry={() => void scripts.refetch()} />
  if (scripts.data === undefined) return <Loading what="the script" />
  return (
    <section aria-labelledby="script">
      <h2 id="script">Script</h2>
      {scripts.data.approved !== undefined && (
        <button type="button" onClick={() => setShown(!shown)}>
          {shown ? "Show the whole script" : "Show what has changed"}
        </button>
      )}
      <ScriptDiff
        script={scripts.data.script}
        approved={shown ? scripts.data.approved : undefined}
        basis={review.reference?.basis}
        findings={findings}
      />
    </section>
  )
}

/** Findings that have a place in the script. */
const findingsOf = ({ report }: Review): ReadonlyArray<Finding> =>
  (report?.checks ?? [])
    .filter(({ outcome }) => outcome === "failed" || outcome === "warned")
    .flatMap((check): ReadonlyArray<Finding> => {
      if (check.places !== undefined && check.places.length > 0) {
        return check.places.map(({ message, position }) => ({ line: position.line, check, message }))
      }
      return check.position === undefined ? [] : [{ line: check.position.line, check, message: check.detail }]
    })
