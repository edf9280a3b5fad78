/** A terminal that records its output, and what a person would see of it. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Screen from "../../src/terminal/Screen.ts"

export const make = (options: {
  readonly animation: boolean
  readonly columns?: number
  /** The failure of each write. */
  readonly failure?: StorageFailed
}) => {
  let written = ""
  const pane = Screen.make({
    capabilities: { animation: options.animation, color: false, unicode: true },
    columns: () => options.columns ?? 80,
    output: {
      write: (data) => {
        if (options.failure === undefined) written += typeof data === "string" ? data : Buffer.from(data).toString()
      },
      flush: () => Promise.resolve(options.failure)
    }
  })
  return {
    pane,
    written: () => written,
    /** The lines on the screen, without overwritten text. */
    lines: () =>
      written.split("\n").map((line) => {
        const last = line.lastIndexOf("\r\u001b[2K")
        return last === -1 ? line : line.slice(last + "\r\u001b[2K".length)
      })
  }
}
