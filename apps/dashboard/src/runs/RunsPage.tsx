/** The list of runs: live, filtered by the URL, page by page. */
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useLocation, useSearch } from "wouter"
import { api, type Run, type RunKind, unwrap } from "../api/Client.ts"
import type { State } from "../api/EventStream.ts"
import { Terminal } from "../parts/Copy.tsx"
import { Empty, ErrorNotice, Loading } from "../parts/Notice.tsx"
import { Person } from "../parts/Person.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { duration, Time, useNow } from "../parts/Time.tsx"
import { Filters, queryOf, StatusFilter } from "./Filters.tsx"
import { firstQuery, SavedViews } from "./SavedViews.tsx"
import { useRunList } from "./useRunList.ts"

export const pageSize = 50

let started = false

export const useKinds = (): ReadonlyArray<RunKind> =>
  useQuery({
    queryKey: ["kinds"],
    queryFn: () => unwrap(api.GET("/api/v1/kinds")),
    staleTime: Number.POSITIVE_INFINITY
  }).data?.kinds ?? []

export const RunsPage = () => {
  const [, navigate] = useLocation()
  const search = new URLSearchParams(useSearch())
  const current = search.toString()
  const kinds = useKinds()
  const list = useRunList(queryOf(search, { limit: String(pageSize) }))
  const go = (query: string) => navigate(query === "" ? "/runs" : `/runs?${query}`)
  const older = new URLSearchParams(search)
  if (list.next !== null) older.set("after", list.next)
  const newest = new URLSearchParams(search)
  newest.delete("after")

  useEffect(() => {
    document.title = "Runs · privx-kit"
    // Applies the saved start view once, if the URL has no filters.
    const first = firstQuery()
    if (!started && current === "" && first !== "") navigate(`/runs?${first}`, { replace: true })
    started = true
  }, [current, navigate])

  return (
    <>
      <div className="title">
        <h1>Runs</h1>
        <Live state={list.state} />
      </div>
      <SavedViews current={newest.toString()} go={go} />
      <StatusFilter search={search} counts={list.counts} go={go} />
      <Filters search={search} kinds={kinds} go={go} />
      {list.error !== undefined && <ErrorNotice error={list.error} />}
      {!list.loaded && <Loading what="runs" />}
      {list.loaded && list.error === undefined && list.runs.length === 0 && (
        <Empty>
          <p>{current === "" ? "There is no run yet." : "No run fits these filters."}</p>
          {current === "" ? (
            <Terminal command="privx-kit ueba setup" />
          ) : (
            <button type="button" onClick={() => go("")}>
              Clear the filters
            </button>
          )}
        </Empty>
      )}
      {list.runs.length > 0 && <RunTable runs={list.runs} kinds={kinds} />}
      <nav className="pages" aria-label="Pages">
        {search.has("after") && <Link href={`/runs?${newest.toString()}`}>Newest</Link>}
        {list.next !== null && list.loaded && <Link href={`/runs?${older.toString()}`}>Older</Link>}
      </nav>
      <Terminal command="privx-kit runs list" />
    </>
  )
}

const Live = ({ state }: { readonly state: State }) => (
  <span className={`live ${state}`} role="status">
    {state === "live"
      ? "live"
      : state === "lost"
        ? "connection lost, trying again"
        : state === "over"
          ? "over"
          : "connecting"}
  </span>
)

export const RunTable = ({
  kinds,
  runs
}: {
  readonly runs: ReadonlyArray<Run>
  readonly kinds: ReadonlyArray<RunKind>
}) => {
  const now = useNow(runs.some(({ endedAt }) => endedAt === null))
  return (
    <table className="list">
      <caption className="hidden">Runs, the latest first</caption>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Run</th>
          <th scope="col">PrivX host</th>
          <th scope="col">Now</th>
          <th scope="col">Requested by</th>
          <th scope="col">Created</th>
          <th scope="col">Ended</th>
          <th scope="col">Duration</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td data-label="Status">
              <StatusBadge status={run.status} />
            </td>
            <td data-label="Run">
              <Link href={`/runs/${run.id}`}>
                <code>{run.id.slice(0, 8)}</code>
              </Link>
              <div className="quiet">{kinds.find(({ name }) => name === run.kind)?.title ?? run.kind}</div>
            </td>
            <td data-label="PrivX host">{plain(run.target)}</td>
            <td data-label="Now">
              <Reason run={run} kinds={kinds} />
            </td>
            <td data-label="Requested by">
              <Person identity={run.requestedBy} names={run.displayNames} />
            </td>
            <td data-label="Created">
              <Time iso={run.createdAt} />
            </td>
            <td data-label="Ended">
              <Time iso={run.endedAt} />
            </td>
            <td data-label="Duration">
              {run.startedAt === null
                ? "–"
                : duration((run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.startedAt))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The reason for the state of a run, in one line. */
const Reason = ({ kinds, run }: { readonly run: Run; readonly kinds: ReadonlyArray<RunKind> }) => {
  if (run.explanation !== null) return <span className="reason">{plain(run.explanation.message)}</span>
  if (run.status === "waiting") return <Link href={`/runs/${run.id}/review`}>Review the script</Link>
  const step = run.steps.findLast(({ endedAt }) => endedAt === null)
  if (run.status === "succeeded" || run.endedAt !== null || step === undefined) return <span className="quiet">–</span>
  const title = kinds.find(({ name }) => name === run.kind)?.steps.find(({ name }) => name === step.name)?.title
  const failures = Object.keys(step.failures)
  return (
    <span className="reason">
      {title ?? step.name}
      {step.attempts > 1 && `, attempt ${step.attempts}`}
      {failures.length > 0 && ` after ${failures.join(", ")}`}
    </span>
  )
}
