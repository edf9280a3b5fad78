/** The steps of an attempt on one time axis, with retries and their causes. */
import type { ReactNode } from "react"
import type { RunKind, RunStep } from "../api/Client.ts"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { bytes, duration, Time, useNow } from "../parts/Time.tsx"

export const Waterfall = ({
  endedAt,
  kind,
  startedAt,
  steps
}: {
  readonly steps: ReadonlyArray<RunStep>
  readonly kind: RunKind | undefined
  readonly startedAt: string | null
  readonly endedAt: string | null
}) => {
  const now = useNow(endedAt === null)
  const titles = new Map(kind?.steps.map(({ name, title }) => [name, title]))
  // In the order of the kind, including steps that were not executed. Steps that the kind does not name come last.
  const names = new Set([...titles.keys(), ...steps.map(({ name }) => name)])
  const begin = Math.min(
    ...(startedAt === null ? [] : [Date.parse(startedAt)]),
    ...steps.map((step) => Date.parse(step.startedAt))
  )
  // The clock of this computer may be behind the start of a running step.
  const end = Math.max(
    endedAt === null ? now : Date.parse(endedAt),
    ...steps.map((step) => Date.parse(step.endedAt ?? step.startedAt))
  )
  const length = Math.max(1, end - begin)
  return (
    <table className="waterfall">
      <caption className="hidden">Steps, in the order in which they are executed</caption>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Status</th>
          <th scope="col" className="axis">
            Time ({duration(length)} in all)
          </th>
          <th scope="col">Duration</th>
          <th scope="col">Attempts</th>
        </tr>
      </thead>
      <tbody>
        {[...names].map((name) => {
          const title = titles.get(name) ?? plain(name)
          const step = steps.find((step) => step.name === name)
          return step === undefined ? (
            <tr key={name} className="quiet">
              <th scope="row" data-label="Step">
                {title}
              </th>
              <td data-label="Status">{endedAt === null ? "not yet" : "not executed"}</td>
              <td className="axis" aria-hidden="true" />
              <td />
              <td />
            </tr>
          ) : (
            <Step key={name} step={step} title={title} axis={{ begin, end, length }} />
          )
        })}
      </tbody>
    </table>
  )
}

/** The progress of a download, as a part of the whole if the server of the script sent its length. */
const Progress = ({ bytes: done, total }: { readonly bytes: number; readonly total: number | null }) =>
  total === null ? (
    <>{bytes(done)} so far</>
  ) : (
    <>
      {bytes(done)} of {bytes(total)} ({total === 0 ? 100 : Math.floor((done / total) * 100)} %)
      <progress value={done} max={Math.max(1, total)} aria-label="Downloaded" />
    </>
  )

const Step = ({
  axis: { begin, end, length },
  step,
  title
}: {
  readonly step: RunStep
  readonly title: ReactNode
  readonly axis: { readonly begin: number; readonly end: number; readonly length: number }
}) => {
  const from = Date.parse(step.startedAt)
  const to = step.endedAt === null ? end : Date.parse(step.endedAt)
  const place = {
    marginLeft: `${((from - begin) / length) * 100}%`,
    width: `${Math.max(0.4, ((to - from) / length) * 100)}%`
  }
  return (
    <tr>
      <th scope="row" data-label="Step">
        {title}
        {step.bytes !== null && (
          <div className="quiet">
            {step.endedAt === null ? <Progress bytes={step.bytes} total={step.totalBytes} /> : bytes(step.bytes)}
          </div>
        )}
      </th>
      <td data-label="Status">
        <StatusBadge status={step.status} />
      </td>
      <td className="axis" aria-hidden="true">
        <span className={`bar ${step.status}`} style={place} />
      </td>
      <td data-label="Duration">
        <span>
          {duration(to - from)}{" "}
          <span className="quiet">
            from <Time iso={step.startedAt} />
          </span>
        </span>
      </td>
      <td data-label="Attempts">
        <span>{step.attempts}</span>
        {Object.entries(step.failures).map(([code, count]) => (
          <div key={code} className="quiet">
            {plain(code)} × {count}
          </div>
        ))}
      </td>
    </tr>
  )
}
