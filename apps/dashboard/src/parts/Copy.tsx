/** Values to copy: ids, digests, and equivalent terminal commands. */
import { useState } from "react"

export const Copy = ({ label, text }: { readonly text: string; readonly label: string }) => {
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      className="copy"
      aria-label={copied ? `${label} copied` : `Copy ${label}`}
      title={`Copy ${label}`}
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => {
          setCopied(true)
          setTimeout(() => setCopied(false), 1500)
        })
      }}
    >
      {copied ? <span aria-hidden="true">✓</span> : <Sheets />}
      <span className="hidden" role="status">
        {copied ? `${label} copied` : ""}
      </span>
    </button>
  )
}

const Sheets = () => (
  <svg
    width="14"
    height="14"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.5"
    aria-hidden="true"
  >
    <rect x="5.5" y="5.5" width="8" height="9" rx="1.5" />
    <path d="M10.5 3.5v-.5a1.5 1.5 0 0 0-1.5-1.5H4A1.5 1.5 0 0 0 2.5 3v6.500A1.5 1.5 0 0 0 3.500 11" />
  </svg>
)

/** An id or digest: shortened in small spaces, complete in the clipboard. */
export const Id = ({
  label,
  length = 8,
  value
}: {
  readonly value: string
  readonly label: string
  readonly length?: number
}) => (
  <span className="id">
    <code title={value}>{value.slice(0, length)}</code>
    <Copy text={value} label={label} />
  </span>
)

export const Terminal = ({ command }: { readonly command: string }) => {
  const whole = `${command} --server ${location.origin}`
  return (
    <div className="terminal">
      <span className="quiet">Same in the terminal</span>
      <code>{whole}</code>
      <Copy text={whole} label="command" />
    </div>
  )
}
