import type { Status } from "../api/Client.ts"

export const statuses = ["queued", "running", "waiting", "interrupted", "succeeded", "failed", "cancelled"] as const

const signs: Readonly<Record<Status, string>> = {
  queued: "○",
  running: "◐",
  waiting: "◆",
  interrupted: "◌",
  succeeded: "✓",
  failed: "✕",
  cancelled: "–"
}

/** As people read it; a run that waits does so for a person. */
export const labels: Readonly<Record<Status, string>> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for approval",
  interrupted: "interrupted",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled"
}

/** A status by sign, word and colour: no one of them alone. */
export const StatusBadge = ({ status }: { readonly status: Status }) => (
  <span className={`status ${status}`}>
    <span aria-hidden="true">{signs[status]}</span> {labels[status]}
  </span>
)
