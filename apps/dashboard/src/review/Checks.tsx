/** The checks of the verification, by outcome. */
import type { Check, Report } from "../api/Client.ts"
import { plain } from "../parts/Plain.tsx"

const groups = [
  ["failed", "Failed"],
  ["warned", "Warned"],
  ["passed", "Passed"],
  ["notApplicable", "Not applicable"],
  ["off", "Switched off"]
] as const

export const Checks = ({ report }: { readonly report: Report }) => (
  <section aria-labelledby="checks" className="checks">
    <h2 id="checks">Checks</h2>
    {groups.map(([outcome, title]) => {
      const checks = report.checks.filter((check) => check.outcome === outcome)
      if (checks.length === 0) return null
      return (
        <details key={outcome} open={outcome === "failed" || outcome === "warned"} className={outcome}>
          <summary>
            {title} ({checks.length})
          </summary>
          <ul>
            {checks.map((check) => (
              <One key={check.name} check={check} />
            ))}
          </ul>
        </details>
      )
    })}
  </section>
)

const One = ({ check }: { readonly check: Check }) => (
  <li>
    <strong>{check.title}</strong>
    <div>{plain(check.detail)}</div>
    {check.why !== undefined && <div className="quiet">{plain(check.why)}</div>}
    {check.hint !== undefined && <div className="quiet">{plain(check.hint)}</div>}
  </li>
)
