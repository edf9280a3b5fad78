/** Shell syntax as React elements: the highlighter returns a tree of text, never markup. */
import type { Element, ElementContent } from "hast"
import bash from "highlight.js/lib/languages/bash"
import { createLowlight } from "lowlight"
import type { ReactNode } from "react"
import { plain } from "../parts/Plain.tsx"

const lowlight = createLowlight({ bash })

/** In characters. A longer script is shown without colors. */
const longest = 256 * 1024

/** A longer line is shortened and shown with its length. */
const longestLine = 2000

const plainLine = (line: string): ReactNode =>
  line.length <= longestLine ? (
    plain(line)
  ) : (
    <>
      {plain(line.slice(0, longestLine))}
      <span className="control">… {line.length - longestLine} more characters; download the script to see them</span>
    </>
  )

/** The lines as elements. */
export const highlighted = (text: string): ((line: number) => ReactNode) => {
  const lines = text.split("\n")
  if (text.length > longest) return (line) => plainLine(lines[line - 1] ?? "")
  const rendered: Array<Array<ReactNode>> = [[]]
  const add = (content: ElementContent, classes: string): void => {
    if (content.type === "element") {
      const own = content.properties["className"]
      for (const child of content.children) add(child, Array.isArray(own) ? own.join(" ") : classes)
    } else if (content.type === "text") {
      content.value.split("\n").forEach((piece, index) => {
        if (index > 0) rendered.push([])
        const line = rendered.at(-1)
        if (piece === "" || line === undefined) return
        const key = line.length
        line.push(
          classes === "" ? (
            <span key={key}>{plainLine(piece)}</span>
          ) : (
            <span key={key} className={classes}>
              {plainLine(piece)}
            </span>
          )
        )
      })
    }
  }
  for (const child of lowlight.highlight("bash", text).children) {
    if (child.type === "element" || child.type === "text") add(child satisfies Element | ElementContent, "")
  }
  return (line) => rendered[line - 1] ?? ""
}
