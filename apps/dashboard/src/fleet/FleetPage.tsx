/** The hosts of a fleet run as a matrix: status, change, and why. */
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useSearchParams } from "wouter"
import { api, type Fleet, unwrap } from "../api/Client.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Id, Terminal } from "../parts/Copy.tsx"
import { Empty, ErrorNotice, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge, statuses, labels } from "../parts/StatusBadge.tsx"
import { duration, Time } from "../parts/Time.tsx"
import { useSession } from "../session/Session.tsx"

type Host = Fleet["hosts"][number]

const changes = { new: "first script", unchanged: "unchanged", changed: "changed" } as const

const FleetPage = ({ id }: { readonly id: string }) => {
  useEffect(() => {
    document.title = `Fleet ${id.slice(0, 8)} · privx-kit`
  }, [id])
  const fleet = useQuery({
    queryKey: ["fleet", id],
    queryFn: () => unwrap(api.GET("/api/v1/fleets/{run}", { params: { path: { run: id } } })),
    refetchInterval: ({ state }) => ((state.data?.run.endedAt ?? null) === null ? 2000 : false)
  })
  const { may } = useSession()
  const [dialog, ask] = useQuestion()
  const [search, setSearch] = useSearchParams()
  if (fleet.error !== null) return <ErrorNotice error={fleet.error} retry={() => void fleet.refetch()} />
  if (fleet.data === undefined) return <Loading what="the fleet" />
  const { fleet: name, hosts, run } = fleet.data
  const status = search.get("status")
  const text = search.get("text") ?? ""
  const shown = hosts.filter(
    (host) =>
      (status === null || (host.status ?? "queued") === status) &&
      `${host.name} ${host.target}`.toLowerCase().includes(text.toLowerCase())
  )
  const count = (status: string) => hosts.filter((host) => (host.status ?? "queued") === status).length
  const set = (field: string, value: string | null) =>
    setSearch((search) => {
      const next = new URLSearchParams(search)
      if (value === null || value === "") next.delete(field)
      else next.set(field, value)
      return next
    })
  return (
    <>
      <div className="title">
        <h1>
          Fleet {plain(name)} <Id value={run.id} label="id" />
        </h1>
        <StatusBadge status={run.status} />
      </div>
      <p className="quiet">
        Created <Time iso={run.createdAt} />, ended <Time iso={run.endedAt} />.{" "}
        <Link href={`/runs/${run.id}`}>The run</Link>
      </p>
      <div className="actions">
        {may("submit") && (run.status === "failed" || run.status === "cancelled") && (
          <button
            type="button"
            className="primary"
            onClick={() =>
              ask({
                title: "Retry the hosts that failed?",
                body: <p>Hosts that have succeeded are left as they are.</p>,
                action: "Retry",
                run: () =>
                  unwrap(api.POST("/api/v1/runs/{run}/retry", { params: { path: { run: id } } })).then(() =>
                    fleet.refetch()
                  )
              })
            }
          >
            Retry the failed hosts
          </button>
        )}
        {dialog}
      </div>
      <ul className="chips" aria-label="Filter by status">
        {statuses.map((one) => (
          <li key={one}>
            <button
              type="button"
              className={`chip ${one}`}
              aria-pressed={status === one}
              onClick={() => set("status", status === one ? null : one)}
            >
              {labels[one]} <span className="count">{count(one)}</span>
            </button>
          </li>
        ))}
      </ul>
      <label className="search">
        Hosts
        <input
          type="search"
          value={text}
          placeholder="name or address"
          onChange={(event) => set("text", event.target.value)}
        />
      </label>
      {shown.length === 0 ? <Empty>No host fits.</Empty> : <Matrix hosts={shown} />}
      <Terminal command={`privx-kit runs show ${id}`} />
    </>
  )
}

export default FleetPage

const Matrix = ({ hosts }: { readonly hosts: ReadonlyArray<Host> }) => (
  <table className="list">
    <caption className="hidden">Hosts of the fleet</caption>
    <thead>
      <tr>
        <th scope="col">Status</th>
        <th scope="col">Host</th>
        <th scope="col">Script</th>
        <th scope="col">Why</th>
        <th scope="col">Duration</th>
      </tr>
    </thead>
    <tbody>
      {hosts.map((host) => (
        <tr key={host.name}>
          <td data-label="Status">
            {host.status === null ? <span className="quiet">not yet</span> : <StatusBadge status={host.status} />}
          </td>
          <td data-label="Host">
            {host.runId === null ? plain(host.name) : <Link href={`/runs/${host.runId}`}>{plain(host.name)}</Link>}
            <div className="quiet">{plain(host.target)}</div>
          </td>
          <td data-label="Script">
            {host.change === null ? "–" : changes[host.change]}
            {host.status === "waiting" && host.runId !== null && (
              <div>
                <Link href={`/runs/${host.runId}/review`}>Review</Link>
              </div>
            )}
          </td>
          <td data-label="Why">
            {host.failure === null ? (
              <span className="quiet">–</span>
            ) : (
              <span className="reason">{plain(host.failure.message)}</span>
            )}
          </td>
          <td data-label="Duration">{typeof host.millis === "number" ? duration(host.millis) : "–"}</td>
        </tr>
      ))}
    </tbody>
  </table>
)
