/** The charts of a training as SVG: the losses by epoch, and the number of connections by anomaly score. */
import type { UebaDataset } from "../api/Client.ts"
import { plain } from "../parts/Plain.tsx"

type Model = UebaDataset["models"][number]

const width = 420
const height = 190
const margin = { left: 52, right: 10, top: 12, bottom: 34 }
const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom }

const figure = (value: number): string => String(Number(value.toPrecision(3)))

interface Scale {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
}

const Frame = ({
  children,
  label,
  max,
  x
}: {
  readonly label: string
  readonly max: number
  readonly x: { readonly title: string; readonly first: string; readonly last: string }
  readonly children: React.ReactNode
}) => (
  <svg className="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
    <line className="axis" x1={margin.left} x2={margin.left} y1={margin.top} y2={margin.top + inner.height} />
    <line
      className="axis"
      x1={margin.left}
      x2={margin.left + inner.width}
      y1={margin.top + inner.height}
      y2={margin.top + inner.height}
    />
    <text x={margin.left - 6} y={margin.top + 8} textAnchor="end">
      {figure(max)}
    </text>
    <text x={margin.left - 6} y={margin.top + inner.height} textAnchor="end">
      0
    </text>
    <text x={margin.left} y={height - 18}>
      {x.first}
    </text>
    <text x={margin.left + inner.width} y={height - 18} textAnchor="end">
      {x.last}
    </text>
    <text x={margin.left + inner.width / 2} y={height - 4} textAnchor="middle">
      {x.title}
    </text>
    {children}
  </svg>
)

/** Epochs without a value are omitted from the line. */
const path = (losses: ReadonlyArray<number | null>, { x, y }: Scale): string =>
  losses
    .flatMap((loss, index) => (loss === null ? [] : [`${x(index).toFixed(1)},${y(loss).toFixed(1)}`]))
    .map((point, index) => `${index === 0 ? "M" : "L"}${point}`)
    .join("")

const Losses = ({ model }: { readonly model: Model }) => {
  const { trainingLoss: training, validationLoss: validation } = model
  const epochs = Math.max(training.length, validation.length)
  const known = [...training, ...validation].filter((loss) => loss !== null)
  if (known.length === 0) return null
  const max = Math.max(...known)
  const scale: Scale = {
    x: (index) => margin.left + (epochs < 2 ? 0 : (index / (epochs - 1)) * inner.width),
    y: (loss) => margin.top + inner.height * (1 - (max === 0 ? 0 : loss / max))
  }
  const last = (losses: ReadonlyArray<number | null>) => losses.findLast((loss) => loss !== null)
  const label = `Loss by epoch, ${epochs} epochs: training ends at ${figure(last(training) ?? 0)}, validation at ${figure(last(validation) ?? 0)}`
  return (
    <figure>
      <figcaption>
        Loss: <span className="series training">training (line)</span>,{" "}
        <span className="series validation">validation (dashes)</span>
      </figcaption>
      <Frame label={label} max={max} x={{ title: "epoch", first: "1", last: String(epochs) }}>
        <path className="curve training" d={path(training, scale)} />
        <path className="curve validation" d={path(validation, scale)} />
      </Frame>
    </figure>
  )
}

const Histogram = ({ model }: { readonly model: Model }) => {
  const bars = model.histogram
  const [first] = bars
  const last = bars.at(-1)
  if (first === undefined || last === undefined) return null
  const max = Math.max(...bars.map(({ count }) => count))
  const barWidth = inner.width / bars.length
  const peak = bars.find(({ count }) => count === max) ?? first
  return (
    <figure>
      <figcaption>Validated connections by anomaly score</figcaption>
      <Frame
        label={`Histogram of anomaly scores: most connections, ${figure(max)}, score ${figure(peak.from)} to ${figure(peak.to)}`}
        max={max}
        x={{ title: "anomaly score", first: figure(first.from), last: figure(last.to) }}
      >
        {bars.map(({ count, from }, index) => {
          const size = max === 0 ? 0 : (count / max) * inner.height
          return (
            <rect
              key={from}
              className="column"
              x={margin.left + index * barWidth + 0.5}
              y={margin.top + inner.height - size}
              width={Math.max(0.5, barWidth - 1)}
              height={size}
            />
          )
        })}
      </Frame>
    </figure>
  )
}

/** One model of a dataset. */
export const Training = ({ model }: { readonly model: Model }) => {
  const epochs = model.trainingLoss.length
  const facts = [
    model.status,
    ...(model.connections === null ? [] : [`${model.connections} connections`]),
    ...(epochs === 0 ? [] : [`${epochs} epochs`]),
    ...(model.error === null ? [] : [model.error])
  ]
  return (
    <section className="training" aria-label={`Model ${model.name}`}>
      <h3>{plain(model.name)}</h3>
      <p className="quiet">{plain(facts.filter((fact) => fact !== "").join(", "))}</p>
      <div className="charts">
        <Losses model={model} />
        <Histogram model={model} />
      </div>
    </section>
  )
}
