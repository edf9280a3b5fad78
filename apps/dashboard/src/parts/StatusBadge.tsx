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

/** The words for people: a waiting run waits for a person. */
export const labels: Readonly<Record<Status, string>> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for approval",
  interrupted: "interrupted",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled"
}

/** A status with sign, word and color. None of them is used alone. */
export const StatusBadge = ({ status }: { readonly status: Status }) => (
  <span className={`status ${status}`}>
    <span aria-hidden="true">{signs[status]}</span> {labels[status]}
  </span>
)
