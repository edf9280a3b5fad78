/**
 * Playback sessions that the kit keeps authenticated. Their ids are secrets that no response of the server contains.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useSearch } from "wouter"
import { api, type KeptAlive, type Status, unwrap } from "../api/Client.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Terminal } from "../parts/Copy.tsx"
import { Empty, ErrorNotice, Loading } from "../parts/Notice.tsx"
import { Person } from "../parts/Person.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { duration, Time, useNow } from "../parts/Time.tsx"
import { useSession } from "../session/Session.tsx"

const pageSize = 50

const groups: Readonly<Record<"active" | "ended", ReadonlyArray<Status>>> = {
  active: ["queued", "running", "interrupted"],
  ended: ["succeeded", "failed", "cancelled"]
}

const PlaybackPage = () => {
  useEffect(() => {
    document.title = "Playback · privx-kit"
  }, [])
  const search = new URLSearchParams(useSearch())
  const shown = search.get("show") === "ended" ? "ended" : "active"
  const after = search.get("after")
  const counts = useQuery({
    queryKey: ["playback", "counts"],
    refetchInterval: 5000,
    queryFn: () => unwrap(api.GET("/api/v1/runs/counts", { params: { query: { kind: "playback-keep-alive" } } }))
  }).data?.counts
  const list = useQuery({
    queryKey: ["playback", shown, after],
    refetchInterval: shown === "active" ? 2000 : 15_000,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/playback/keep-alives", {
          params: { query: { status: [...groups[shown]], limit: pageSize, ...(after === null ? {} : { after }) } }
        })
      )
  })
  const sum = (statuses: ReadonlyArray<Status>) =>
    counts === undefined ? "" : statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0)
  const older = new URLSearchParams(search)
  older.set("after", list.data?.next ?? "")
  return (
    <>
      <h1>Playback</h1>
      <p>
        Each session is re-authenticated until it is over or its time is up. Session ids are secrets: the server keeps
        them sealed and shows none of them.
      </p>
      <ul className="chips" aria-label="Which sessions">
        {(["active", "ended"] as const).map((group) => (
          <li key={group}>
            <Link
              href={group === "active" ? "/playback" : "/playback?show=ended"}
              className="button chip"
              aria-current={shown === group}
            >
              {group === "active" ? "Kept alive" : "Ended"} <span className="count">{sum(groups[group])}</span>
            </Link>
          </li>
        ))}
      </ul>
      {list.error !== null && <ErrorNotice error={list.error} retry={() => void list.refetch()} />}
      {list.data === undefined && list.error === null && <Loading what="the sessions" />}
      {list.data !== undefined && list.data.keepAlives.length === 0 && (
        <Empty>
          <p>{shown === "active" ? "No session is kept alive now." : "No session has ended yet."}</p>
        </Empty>
      )}
      {list.data !== undefined && list.data.keepAlives.length > 0 && <Sessions sessions={list.data.keepAlives} />}
      <nav className="pages" aria-label="Pages">
        {after !== null && <Link href={shown === "active" ? "/playback" : "/playback?show=ended"}>Newest</Link>}
        {typeof list.data?.next === "string" && <Link href={`/playback?${older.toString()}`}>Older</Link>}
      </nav>
      <Terminal command="privx-kit playback keep-alive - < session-ids.txt" />
    </>
  )
}

export default PlaybackPage

const Sessions = ({ sessions }: { readonly sessions: ReadonlyArray<KeptAlive> }) => {
  const { may } = useSession()
  const queries = useQueryClient()
  const now = useNow(sessions.some(({ run }) => run.endedAt === null))
  const [dialog, ask] = useQuestion()
  const stop = ({ run }: KeptAlive) =>
    ask({
      title: "Stop keeping this session alive?",
      body: <p>The connection is not re-authenticated any more. PrivX ends it when its last authentication expires.</p>,
      action: "Stop",
      danger: true,
      run: () =>
        unwrap(api.POST("/api/v1/runs/{run}/cancel", { params: { path: { run: run.id } } })).then(() =>
          queries.invalidateQueries({ queryKey: ["playback"] })
        )
    })
  return (
    <>
      <table className="list">
        <caption className="hidden">Playback sessions, the latest first</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Run</th>
            <th scope="col">PrivX host</th>
            <th scope="col">Since</th>
            <th scope="col">For</th>
            <th scope="col">Last call</th>
            <th scope="col">Next call</th>
            <th scope="col">Calls</th>
            <th scope="col">Started by</th>
            {may("submit") && (
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => {
            const { count, lastCallAt, nextCallAt, run } = session
            const end = run.endedAt === null ? now : Date.parse(run.endedAt)
            return (
              <tr key={run.id}>
                <td data-label="State">
                  <State session={session} />
                </td>
                <td data-label="Run">
                  <Link href={`/runs/${run.id}`}>
                    <code>{run.id.slice(0, 8)}</code>
                  </Link>
                </td>
                <td data-label="PrivX host">{plain(run.target)}</td>
                <td data-label="Since">
                  <Time iso={run.startedAt ?? run.createdAt} />
                </td>
                <td data-label="For">{duration(end - Date.parse(run.startedAt ?? run.createdAt))}</td>
                <td data-label="Last call">
                  <Time iso={lastCallAt} />
                </td>
                <td data-label="Next call">
                  <Time iso={nextCallAt} />
                </td>
                <td data-label="Calls">{count}</td>
                <td data-label="Started by">
                  <Person identity={run.requestedBy} names={run.displayNames} />
                </td>
                {may("submit") && (
                  <td data-label="Action">
                    {run.endedAt === null ? (
                      <button type="button" onClick={() => stop(session)}>
                        Stop <span className="hidden">the session of run {run.id.slice(0, 8)}</span>
                      </button>
                    ) : (
                      "–"
                    )}
                  </td>
                )}
              </tr>
            )
          })}
        </tbody>
      </table>
      {dialog}
    </>
  )
}

const reasons = { sessionEnded: "the session is over", timeIsOver: "its time is up" } as const

/** The state of the run, and what it means for the session. */
const State = ({ session: { count, ended, failing, run } }: { readonly session: KeptAlive }) => {
  const meaning =
    ended !== null
      ? reasons[ended]
      : run.explanation !== null
        ? run.explanation.message
        : failing
          ? "the last call failed with a temporary error; it is retried"
          : run.status === "running"
            ? count === 0
              ? "the first call is being made"
              : "authenticated"
            : undefined
  return (
    <>
      <StatusBadge status={run.status} />
      {meaning !== undefined && <div className={failing ? "problem" : "quiet"}>{plain(meaning)}</div>}
    </>
  )
}
