/**
 * The hosts of a fleet as a table: the status of each with its reason, and the result of the round. The URL contains the
 * filters.
 */
import { useState } from "react"
import { Link } from "wouter"
import type { Fleet, FleetStanding } from "../api/Client.ts"
import { Empty } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { labels as statusLabels, StatusBadge, statuses } from "../parts/StatusBadge.tsx"
import { duration, Time } from "../parts/Time.tsx"

type Host = Fleet["hosts"][number]

type Stand = FleetStanding["hosts"][number]

type State = Stand["state"]

/** Sign, word and color of each state. None of them is used alone. */
const states: Readonly<Record<State, readonly [sign: string, label: string, colour: string]>> = {
  ok: ["✓", "as approved", "succeeded"],
  changed: ["≠", "changed", "waiting"],
  waiting: ["◆", "waiting for approval", "waiting"],
  failing: ["✕", "failing", "failed"],
  stale: ["◔", "stale", "waiting"],
  unfinished: ["◐", "unfinished", "running"],
  never: ["○", "never set up", "queued"]
}

const order: ReadonlyArray<State> = ["changed", "waiting", "failing", "stale", "never", "unfinished", "ok"]

const StateBadge = ({ state }: { readonly state: State }) => {
  const [sign, label, colour] = states[state]
  return (
    <span className={`status ${colour}`}>
      <span aria-hidden="true">{sign}</span> {label}
    </span>
  )
}

const labelsOf = (stand: Stand | undefined): ReadonlyArray<string> =>
  Object.entries(stand?.labels ?? {}).map(([name, value]) => `${name}=${value}`)

/** The number of hosts that are shown initially, and added by each "show more". */
const portion = 200

export const FleetHosts = ({
  change,
  hosts,
  search,
  states: stands
}: {
  readonly hosts: ReadonlyArray<Host>
  /** `undefined` until the hosts are loaded. */
  readonly states: ReadonlyArray<Stand> | undefined
  readonly search: URLSearchParams
  /** @param typed whether the value is still being typed */
  readonly change: (next: URLSearchParams, typed: boolean) => void
}) => {
  const [limit, setLimit] = useState(portion)
  const known = new Map(stands?.map((stand) => [stand.name, stand]))
  const rows = hosts.map((host) => ({ host, stand: known.get(host.name) }))
  const state = search.get("state")
  const status = search.get("status")
  const chosen = search.getAll("label")
  const text = search.get("text") ?? ""
  const shown = rows.filter(
    ({ host, stand }) =>
      (state === null || stand?.state === state) &&
      (status === null || (host.status ?? "queued") === status) &&
      chosen.every((label) => labelsOf(stand).includes(label)) &&
      `${host.name} ${host.target}`.toLowerCase().includes(text.toLowerCase())
  )
  const set = (name: string, value: string | null, typed = false) => {
    const next = new URLSearchParams(search)
    if (value === null || value === "") next.delete(name)
    else next.set(name, value)
    change(next, typed)
  }
  const setLabels = (labels: ReadonlyArray<string>) => {
    const next = new URLSearchParams(search)
    next.delete("label")
    for (const label of labels) next.append("label", label)
    change(next, false)
  }
  const filtered = state !== null || status !== null || chosen.length > 0 || text !== ""
  const hostCount = (count: number) => `${count} ${count === 1 ? "host" : "hosts"}`
  return (
    <section aria-labelledby="hosts">
      <h2 id="hosts">Hosts</h2>
      <Chips
        name="Filter by state"
        value={state}
        set={(value) => set("state", value)}
        chips={order.map((one) => [one, states[one][1], rows.filter(({ stand }) => stand?.state === one).length])}
      />
      <div className="filters">
        <div className="row">
          <label>
            Name or address
            <input type="search" value={text} onChange={(event) => set("text", event.target.value, true)} />
          </label>
          <div>
            <label htmlFor="status">In this round</label>
            <select id="status" value={status ?? ""} onChange={(event) => set("status", event.target.value)}>
              <option value="">any status</option>
              {statuses.map((one) => (
                <option key={one} value={one}>
                  {statusLabels[one]} ({hosts.filter((host) => (host.status ?? "queued") === one).length})
                </option>
              ))}
            </select>
          </div>
          <LabelFilter rows={rows} chosen={chosen} set={setLabels} />
        </div>
        {chosen.length > 0 && (
          <ul className="chips" aria-label="Labels that hosts must have">
            {chosen.map((label) => (
              <li key={label}>
                <button
                  type="button"
                  className="chip"
                  aria-label={`Remove the label ${label} from the filter`}
                  onClick={() => setLabels(chosen.filter((one) => one !== label))}
                >
                  {plain(label)} <span aria-hidden="true">×</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className="quiet" role="status">
        {filtered ? `${shown.length} of ${hostCount(hosts.length)}` : hostCount(hosts.length)}
      </p>
      {shown.length === 0 ? (
        <Empty>
          <p>No host fits these filters.</p>
          <button type="button" onClick={() => change(new URLSearchParams(), false)}>
            Clear the filters
          </button>
        </Empty>
      ) : (
        <Matrix rows={shown.slice(0, limit)} loaded={stands !== undefined} />
      )}
      {shown.length > limit && (
        <button type="button" onClick={() => setLimit(limit + portion)}>
          Show more hosts
        </button>
      )}
    </section>
  )
}

const Chips = ({
  chips,
  name,
  set,
  value
}: {
  readonly name: string
  readonly chips: ReadonlyArray<readonly [value: string, label: string, count: number]>
  readonly value: string | null
  readonly set: (value: string | null) => void
}) => (
  <ul className="chips" aria-label={name}>
    {chips
      .filter(([one, , count]) => count > 0 || one === value)
      .map(([one, label, count]) => (
        <li key={one}>
          <button
            type="button"
            className="chip"
            aria-pressed={value === one}
            onClick={() => set(value === one ? null : one)}
          >
            {label} <span className="count">{count}</span>
          </button>
        </li>
      ))}
  </ul>
)

interface Row {
  readonly host: Host
  readonly stand: Stand | undefined
}

const LabelFilter = ({
  chosen,
  rows,
  set
}: {
  readonly rows: ReadonlyArray<Row>
  readonly chosen: ReadonlyArray<string>
  readonly set: (labels: ReadonlyArray<string>) => void
}) => {
  const counts = new Map<string, number>()
  for (const { stand } of rows) for (const label of labelsOf(stand)) counts.set(label, (counts.get(label) ?? 0) + 1)
  const others = [...counts].filter(([label]) => !chosen.includes(label)).sort(([a], [b]) => (a < b ? -1 : 1))
  if (counts.size === 0) return null
  return (
    <div>
      <label htmlFor="label">Label</label>
      <select id="label" value="" onChange={(event) => set([...chosen, event.target.value])}>
        <option value="">{chosen.length === 0 ? "any label" : "another label as well"}</option>
        {others.map(([label, count]) => (
          <option key={label} value={label}>
            {label} ({count})
          </option>
        ))}
      </select>
    </div>
  )
}

const Matrix = ({ loaded, rows }: { readonly rows: ReadonlyArray<Row>; readonly loaded: boolean }) => (
  <table className="list matrix">
    <caption className="hidden">Hosts of the fleet: state now, why, and what this round did</caption>
    <thead>
      <tr>
        <th scope="col">State</th>
        <th scope="col">Host</th>
        <th scope="col">Why</th>
        <th scope="col">Last success</th>
        <th scope="col">In this round</th>
      </tr>
    </thead>
    <tbody>
      {rows.map(({ host, stand }) => (
        <tr key={host.name}>
          <td data-label="State">
            {stand === undefined ? (
              <span className="quiet">{loaded ? "not known" : "loading…"}</span>
            ) : (
              <StateBadge state={stand.state} />
            )}
          </td>
          <td data-label="Host">
            <div>
              <HostName host={host} runId={stand?.run?.id ?? host.runId} />
              <div className="quiet">{plain(host.target)}</div>
              {labelsOf(stand).map((label) => (
                <span key={label} className="label">
                  {plain(label)}
                </span>
              ))}
            </div>
          </td>
          <td data-label="Why">
            <Why stand={stand} />
          </td>
          <td data-label="Last success">
            <div>
              <Time iso={stand?.good?.endedAt ?? null} />
              {typeof stand?.good?.sha256 === "string" && (
                <div className="quiet">
                  <code title={stand.good.sha256}>{stand.good.sha256.slice(0, 12)}</code>
                </div>
              )}
            </div>
          </td>
          <td data-label="In this round">
            <InRound host={host} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

/** Links to the last run of the host, regardless of what started it. */
const HostName = ({ host, runId }: { readonly host: Host; readonly runId: string | null }) =>
  runId === null ? <>{plain(host.name)}</> : <Link href={`/runs/${runId}`}>{plain(host.name)}</Link>

const Why = ({ stand }: { readonly stand: Stand | undefined }) => {
  if (stand === undefined || stand.reason === null) return <span className="quiet">–</span>
  const { message, hint } = stand.reason
  return (
    <div>
      {plain(message)}
      {stand.state === "waiting" && stand.run !== null ? (
        <div>
          <Link href={`/runs/${stand.run.id}/review`}>Review the script</Link>
        </div>
      ) : stand.state === "changed" && stand.good !== null ? (
        <div>
          <Link href={`/runs/${stand.good.runId}/review`}>Compare the scripts</Link>
        </div>
      ) : (
        hint !== "" && <div className="quiet">{plain(hint)}</div>
      )}
    </div>
  )
}

const changes = { new: "first script", unchanged: "script unchanged", changed: "script changed" } as const

const InRound = ({ host }: { readonly host: Host }) => (
  <div>
    {host.status === null ? <span className="quiet">not yet</span> : <StatusBadge status={host.status} />}
    <div className="quiet">
      {[
        ...(host.change === null ? [] : [changes[host.change]]),
        ...(host.millis === null ? [] : [duration(host.millis)])
      ].join(", ")}
    </div>
  </div>
)
