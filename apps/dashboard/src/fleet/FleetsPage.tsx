/** The fleet runs: one row for each. */
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link } from "wouter"
import { api, unwrap } from "../api/Client.ts"
import { Terminal } from "../parts/Copy.tsx"
import { Empty, ErrorNotice, Loading } from "../parts/Notice.tsx"
import { Person } from "../parts/Person.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { Time } from "../parts/Time.tsx"
import { useRunList } from "../runs/useRunList.ts"

const FleetsPage = () => {
  useEffect(() => {
    document.title = "Fleets · privx-kit"
  }, [])
  const { error, loaded, runs } = useRunList("kind=fleet&limit=50")
  return (
    <>
      <h1>Fleets</h1>
      {error !== undefined && <ErrorNotice error={error} />}
      {!loaded && <Loading what="fleet runs" />}
      {loaded && error === undefined && runs.length === 0 && (
        <Empty>
          <p>No fleet was submitted yet.</p>
          <Terminal command="privx-kit fleet apply fleet.yaml" />
        </Empty>
      )}
      {runs.length > 0 && (
        <table className="list">
          <caption className="hidden">Fleet runs, the latest first</caption>
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Fleet</th>
              <th scope="col">Hosts</th>
              <th scope="col">Requested by</th>
              <th scope="col">Created</th>
              <th scope="col">Ended</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <td data-label="Status">
                  <StatusBadge status={run.status} />
                </td>
                <td data-label="Fleet">
                  <Link href={`/fleets/${run.id}`}>{plain(run.target.replace(/^fleet:/, ""))}</Link>
                </td>
                <td data-label="Hosts">
                  <Hosts id={run.id} over={run.endedAt !== null} />
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
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

export default FleetsPage

const Hosts = ({ id, over }: { readonly id: string; readonly over: boolean }) => {
  const { data } = useQuery({
    queryKey: ["counts", id, over],
    refetchInterval: over ? false : 5000,
    queryFn: () => unwrap(api.GET("/api/v1/runs/counts", { params: { query: { parent: id } } }))
  })
  const counts = Object.entries(data?.counts ?? {})
  return <>{counts.length === 0 ? "–" : counts.map(([status, count]) => `${count} ${status}`).join(", ")}</>
}
