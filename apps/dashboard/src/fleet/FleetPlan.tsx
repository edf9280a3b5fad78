/** The changes of a round compared with the previous one, or of a fleet file compared with the last round. */
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { Link } from "wouter"
import { api, type FleetPreview, unwrap } from "../api/Client.ts"
import { Terminal } from "../parts/Copy.tsx"
import { ErrorNotice, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { Time } from "../parts/Time.tsx"

type Diff = FleetPreview["diff"]

type Action = FleetPreview["hosts"][number]["action"]

const actions: Readonly<Record<Action, string>> = {
  first: "set up for the first time",
  again: "set up again with the same inputs",
  changed: "set up again with other inputs",
  wait: "left alone: a script waits for approval",
  continue: "continued",
  done: "left alone: done in the unfinished round"
}

/** In the form that the server accepts. */
const largest = 4 * 1024 * 1024

export const FleetPlan = ({ fleet, id }: { readonly id: string; readonly fleet: string }) => {
  const [file, setFile] = useState<File>()
  const plan = useQuery({
    queryKey: ["fleet-plan", id, file?.name, file?.size, file?.lastModified],
    queryFn: async () => {
      if (file === undefined) {
        return unwrap(api.GET("/api/v1/fleets/{run}/plan", { params: { path: { run: id } } }))
      }
      if (file.size > largest) throw new Error("The file is larger than 4 MiB.")
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
      const body = { definition: await file.text(), file: file.name, timeZone }
      return unwrap(api.POST("/api/v1/fleets/plan", { body }))
    }
  })
  return (
    <section aria-labelledby="plan">
      <h2 id="plan">Plan</h2>
      {plan.error !== null && <ErrorNotice error={plan.error} retry={() => void plan.refetch()} />}
      {plan.isPending && <Loading what="the plan" />}
      {plan.data !== undefined && (
        <>
          <Difference diff={plan.data.diff} recorded={file === undefined} />
          <Actions preview={plan.data} recorded={file === undefined} />
          {file !== undefined && plan.data.fleet !== fleet && (
            <p className="notice">The file is about another fleet: {plain(plan.data.fleet)}.</p>
          )}
        </>
      )}
      <div className="actions">
        <label>
          What would a fleet file change?
          <input type="file" accept=".yaml,.yml,.json" onChange={(event) => setFile(event.currentTarget.files?.[0])} />
        </label>
      </div>
      <p className="quiet">
        Nothing is submitted. A file that names policies or certificates can be compared in the terminal only.
      </p>
      <Terminal command="privx-kit fleet apply fleet.yaml --plan" />
    </section>
  )
}

const Actions = ({ preview, recorded }: { readonly preview: FleetPreview; readonly recorded: boolean }) => {
  const counts = new Map<Action, number>()
  for (const { action } of preview.hosts) counts.set(action, (counts.get(action) ?? 0) + 1)
  return (
    <>
      <p>{recorded ? "If this plan is applied again:" : "If the file is applied:"}</p>
      <ul>
        {preview.continues !== null && (
          <li>
            the unfinished round <Link href={`/fleets/${preview.continues}`}>{preview.continues.slice(0, 8)}</Link> is
            resumed
          </li>
        )}
        {[...counts].map(([action, count]) => (
          <li key={action}>
            {count} {count === 1 ? "host is" : "hosts are"} {actions[action]}
          </li>
        ))}
      </ul>
    </>
  )
}

/** The number of hosts that are shown initially. */
const portion = 50

const signs = { added: "+ added", removed: "− not in it", changed: "~ changed" } as const

const Difference = ({ diff, recorded }: { readonly diff: Diff; readonly recorded: boolean }) => {
  const [limit, setLimit] = useState(portion)
  const { fields, hosts, since, unchanged } = diff
  const what = recorded ? "This round" : "The file"
  if (since === null) {
    return <p>{recorded ? "This is the first round of the fleet on record." : "The fleet has no round on record."}</p>
  }
  const round = (
    <>
      the round of <Time iso={since.createdAt} />{" "}
      <Link href={`/fleets/${since.runId}`}>
        <code>{since.runId.slice(0, 8)}</code>
      </Link>
    </>
  )
  if (fields.length === 0 && hosts.length === 0) {
    return (
      <p>
        {what} has the same hosts, inputs, labels and schedule as {round}.
      </p>
    )
  }
  const rows = [
    ...fields.map((field) => ({ host: "", change: "changed" as const, ...field })),
    ...hosts
      .slice(0, limit)
      .flatMap(({ change, fields, name }) =>
        fields.length === 0
          ? [{ host: name, change, field: "", before: null, after: null }]
          : fields.map((field) => ({ host: name, change, ...field }))
      )
  ]
  return (
    <>
      <p>
        {what} compared with {round}; {unchanged} {unchanged === 1 ? "host is" : "hosts are"} the same:
      </p>
      <table className="list differences">
        <caption className="hidden">Differences between two rounds</caption>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">Change</th>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ after, before, change, field, host }) => (
            <tr key={`${host} ${field}`}>
              <td data-label="Host">{host === "" ? <em>the whole fleet</em> : plain(host)}</td>
              <td data-label="Change">{signs[change]}</td>
              <td data-label="Field">{field === "" ? "–" : <code>{plain(field)}</code>}</td>
              <td data-label="Before">
                <Value text={before} field={field} />
              </td>
              <td data-label="After">
                <Value text={after} field={field} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hosts.length > limit && (
        <button type="button" onClick={() => setLimit(limit + portion)}>
          Show more hosts
        </button>
      )}
    </>
  )
}

const Value = ({ field, text }: { readonly text: string | null; readonly field: string }) =>
  text === null ? <span className="quiet">{field === "" ? "–" : "not set"}</span> : <code>{plain(text)}</code>
