/** UEBA of a PrivX host: its status, its datasets with their trainings, and which of them is active. */
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useSearchParams } from "wouter"
import { api, type UebaDataset, unwrap } from "../api/Client.ts"
import { useDomains } from "../domains/useDomains.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Id, Terminal } from "../parts/Copy.tsx"
import { Empty, ErrorNotice, FailedPage, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { Time } from "../parts/Time.tsx"
import { useSession } from "../session/Session.tsx"
import { Training } from "./Charts.tsx"

const UebaPage = () => {
  useEffect(() => {
    document.title = "UEBA · privx-kit"
  }, [])
  const domains = useDomains()
  const [search, setSearch] = useSearchParams()
  if (domains.error !== null) {
    return <FailedPage title="UEBA" error={domains.error} retry={() => void domains.refetch()} />
  }
  if (domains.data === undefined) return <Loading what="the PrivX hosts" />
  const { hosts } = domains.data
  const host = search.get("host") ?? hosts[0]
  return (
    <>
      <div className="title">
        <h1>UEBA</h1>
        {hosts.length > 1 && (
          <label>
            PrivX host{" "}
            <select value={host} onChange={(event) => setSearch(new URLSearchParams({ host: event.target.value }))}>
              {hosts.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      {host === undefined ? (
        <Empty>
          <p>This server has no credentials of a PrivX host: its workers have them.</p>
          <Terminal command="privx-kit ueba status" />
        </Empty>
      ) : (
        <>
          <Status host={host} />
          <Datasets host={host} chosen={search.get("dataset")} />
        </>
      )}
    </>
  )
}

export default UebaPage

const Status = ({ host }: { readonly host: string }) => {
  const status = useQuery({
    queryKey: ["ueba", host, "status"],
    refetchInterval: 10_000,
    queryFn: () => unwrap(api.GET("/api/v1/domains/ueba/status", { params: { query: { host } } }))
  })
  if (status.error !== null) return <ErrorNotice error={status.error} retry={() => void status.refetch()} />
  if (status.data === undefined) return <Loading what="the status of UEBA" />
  const { analysis, issues, message, service, training, version } = status.data
  const facts: ReadonlyArray<readonly [string, string | null]> = [
    ["PrivX host", host],
    ["Service", message === null ? service : `${service}: ${message}`],
    ["Version", version],
    ["Training", training],
    ["Analysis", analysis]
  ]
  return (
    <>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{plain(value)}</dd>
            </div>
          )
        )}
      </dl>
      {issues.map(({ message, severity }, index) => (
        <div key={index} className="notice problem">
          <strong>{plain(severity)}</strong> {plain(message)}
        </div>
      ))}
    </>
  )
}

const Datasets = ({ chosen, host }: { readonly host: string; readonly chosen: string | null }) => {
  const list = useQuery({
    queryKey: ["ueba", host, "datasets"],
    refetchInterval: ({ state }) =>
      state.data?.datasets.some((dataset) => dataset.state === "training") === true ? 2000 : 15_000,
    queryFn: () => unwrap(api.GET("/api/v1/domains/ueba/datasets", { params: { query: { host } } }))
  })
  const queries = useQueryClient()
  const { may } = useSession()
  const [dialog, ask] = useQuestion()
  if (list.error !== null) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />
  if (list.data === undefined) return <Loading what="the datasets" />
  const { datasets } = list.data
  const shown = chosen ?? datasets.find((dataset) => dataset.active)?.id ?? datasets[0]?.id
  const activate = ({ id }: UebaDataset) =>
    ask({
      title: "Activate this dataset?",
      body: <p>UEBA analyzes connections with its models from then on. The active dataset is stopped first.</p>,
      action: "Activate",
      run: () =>
        unwrap(
          api.POST("/api/v1/domains/ueba/datasets/{id}/activate", { params: { path: { id }, query: { host } } })
        ).then(() => queries.invalidateQueries({ queryKey: ["ueba", host] }))
    })
  return (
    <section aria-labelledby="datasets">
      <h2 id="datasets">Datasets</h2>
      {datasets.length === 0 ? (
        <Empty>
          <p>There is no dataset yet.</p>
          <Terminal command="privx-kit ueba datasets create --start 90d" />
        </Empty>
      ) : (
        <table className="list">
          <caption className="hidden">Datasets of UEBA</caption>
          <thead>
            <tr>
              <th scope="col">Dataset</th>
              <th scope="col">Training</th>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Comment</th>
              <th scope="col">Analysis</th>
            </tr>
          </thead>
          <tbody>
            {datasets.map((dataset) => (
              <tr key={dataset.id}>
                <td data-label="Dataset">
                  <Link
                    href={`/ueba?${new URLSearchParams({ host, dataset: dataset.id })}`}
                    aria-current={dataset.id === shown}
                  >
                    <code>{plain(dataset.id.slice(0, 8))}</code>
                  </Link>
                </td>
                <td data-label="Training">
                  <State dataset={dataset} />
                </td>
                <td data-label="From">
                  <Time iso={dataset.start} />
                </td>
                <td data-label="To">
                  <Time iso={dataset.end} />
                </td>
                <td data-label="Comment">{plain(dataset.comment ?? "–")}</td>
                <td data-label="Analysis">
                  {dataset.active ? (
                    <strong>active</strong>
                  ) : may("submit") && dataset.state === "trained" ? (
                    <button type="button" onClick={() => activate(dataset)}>
                      Activate <span className="hidden">dataset {dataset.id.slice(0, 8)}</span>
                    </button>
                  ) : (
                    "–"
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {dialog}
      {shown !== undefined && <Models host={host} id={shown} />}
    </section>
  )
}

const signs = {
  untrained: ["queued", "○"],
  training: ["running", "◐"],
  trained: ["succeeded", "✓"],
  failed: ["failed", "✕"]
} as const

const State = ({ dataset }: { readonly dataset: Pick<UebaDataset, "state" | "models"> }) => {
  const [style, sign] = signs[dataset.state]
  const epochs = Math.max(0, ...dataset.models.map(({ trainingLoss }) => trainingLoss.length))
  return (
    <span className={`status ${style}`}>
      <span aria-hidden="true">{sign}</span> {dataset.state}
      {dataset.state === "training" && epochs > 0 && `, epoch ${epochs}`}
    </span>
  )
}

const Models = ({ host, id }: { readonly host: string; readonly id: string }) => {
  const dataset = useQuery({
    queryKey: ["ueba", host, "dataset", id],
    refetchInterval: ({ state }) => (state.data?.state === "training" ? 2000 : false),
    queryFn: () => unwrap(api.GET("/api/v1/domains/ueba/datasets/{id}", { params: { path: { id }, query: { host } } }))
  })
  if (dataset.error !== null) return <ErrorNotice error={dataset.error} retry={() => void dataset.refetch()} />
  if (dataset.data === undefined) return <Loading what="the training" />
  return (
    <section aria-labelledby="models">
      <h2 id="models">
        Training of <Id value={id} label="id of the dataset" />
      </h2>
      <State dataset={dataset.data} />
      {dataset.data.models.length === 0 && <Empty>It has not been trained yet.</Empty>}
      {dataset.data.models.map((model) => (
        <Training key={model.name} model={model} />
      ))}
      <Terminal command={`privx-kit ueba datasets show ${id} --chart`} />
    </section>
  )
}
