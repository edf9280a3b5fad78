/** The filters of the list. The URL contains all of them, so that Back, a bookmark and a shared link work. */
import type { FormEvent } from "react"
import type { RunKind } from "../api/Client.ts"
import { labels, statuses } from "../parts/StatusBadge.tsx"

/** The parameters of the list, with the names of the API. */
export const fields = [
  "kind",
  "text",
  "target",
  "requestedBy",
  "since",
  "until",
  "endedSince",
  "endedUntil",
  "parts"
] as const

export type Field = (typeof fields)[number]

/** In the form of the API, without other parameters of the URL. */
export const queryOf = (search: URLSearchParams, more: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams()
  for (const status of search.getAll("status")) query.append("status", status)
  for (const name of [...fields, "after"]) {
    const value = search.get(name)
    if (value !== null && value !== "") query.set(name, value)
  }
  for (const [name, value] of Object.entries(more)) query.set(name, value)
  return query.toString()
}

/** Without the parameters that select a page of the list. */
export const withField = (search: URLSearchParams, name: Field, value: string): URLSearchParams => {
  const next = new URLSearchParams(search)
  next.delete("after")
  if (value === "") next.delete(name)
  else next.set(name, value)
  return next
}

const toggled = (search: URLSearchParams, status: string): string => {
  const next = new URLSearchParams(search)
  next.delete("after")
  const chosen = search.getAll("status")
  next.delete("status")
  const after = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status]
  for (const one of after) next.append("status", one)
  return next.toString()
}

/** For a field of local time: `2026-11-29T08:05`. */
const local = (iso: string | null): string => {
  if (iso === null || Number.isNaN(Date.parse(iso))) return ""
  const date = new Date(iso)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const startOfToday = (): string => {
  const date = new Date()
  date.setHours(0, 0, 0, 0)
  return date.toISOString()
}

/** Views that every user has. */
export const presets = (): ReadonlyArray<readonly [name: string, query: string]> => [
  ["All", ""],
  ["Unfinished", "status=queued&status=running&status=waiting&status=interrupted"],
  ["Failed today", `status=failed&endedSince=${encodeURIComponent(startOfToday())}`]
]

export const StatusFilter = ({
  counts,
  go,
  search
}: {
  readonly search: URLSearchParams
  readonly counts: Readonly<Record<string, number>> | undefined
  readonly go: (query: string) => void
}) => (
  <ul className="chips" aria-label="Filter by status">
    {statuses.map((status) => (
      <li key={status}>
        <button
          type="button"
          aria-pressed={search.getAll("status").includes(status)}
          className={`chip ${status}`}
          onClick={() => go(toggled(search, status))}
        >
          {labels[status]} <span className="count">{counts === undefined ? "…" : (counts[status] ?? 0)}</span>
        </button>
      </li>
    ))}
  </ul>
)

export const Filters = ({
  go,
  kinds,
  search
}: {
  readonly search: URLSearchParams
  readonly kinds: ReadonlyArray<RunKind>
  readonly go: (query: string) => void
}) => {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    let next = new URLSearchParams(search)
    for (const name of fields) {
      const entered = String(form.get(name) ?? "").trim()
      const isTime = /(since|until)$/i.test(name)
      next = withField(next, name, isTime && entered !== "" ? new Date(entered).toISOString() : entered)
    }
    go(next.toString())
  }
  const time = (name: Field, label: string) => (
    <label>
      {label}
      <input type="datetime-local" name={name} defaultValue={local(search.get(name))} />
    </label>
  )
  const set = fields.filter((name) => (search.get(name) ?? "") !== "").length
  return (
    <details className="filters" open={set > 0}>
      <summary>Filters{set > 0 && ` (${set})`}</summary>
      {/* A new address is a new form: its fields say what the address says. */}
      <form key={search.toString()} onSubmit={submit}>
        <label>
          Text
          <input
            type="search"
            name="text"
            maxLength={200}
            placeholder="id, host, key or failure"
            defaultValue={search.get("text") ?? ""}
          />
        </label>
        <label>
          Kind
          <select name="kind" defaultValue={search.get("kind") ?? ""}>
            <option value="">all</option>
            {kinds.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          PrivX host
          <input name="target" placeholder="https://privx.example.com" defaultValue={search.get("target") ?? ""} />
        </label>
        <label>
          Requested by
          <input name="requestedBy" maxLength={200} defaultValue={search.get("requestedBy") ?? ""} />
        </label>
        {time("since", "Created from")}
        {time("until", "Created before")}
        {time("endedSince", "Ended from")}
        {time("endedUntil", "Ended before")}
        <label className="check">
          <input type="checkbox" name="parts" value="true" defaultChecked={search.get("parts") === "true"} />
          Hosts of fleet runs too
        </label>
        <div className="buttons">
          <button type="submit" className="primary">
            Apply
          </button>
          <button type="button" onClick={() => go("")}>
            Clear
          </button>
        </div>
      </form>
    </details>
  )
}
