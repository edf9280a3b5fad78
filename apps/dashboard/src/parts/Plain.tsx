/**
 * Untrusted text, shown unchanged and never as markup. Characters that are invisible or change how the surrounding text
 * reads (control characters, ANSI sequences, direction controls, zero-width characters) are shown as their code points.
 */
import { Fragment, type ReactNode } from "react"

/** Controls except tab and line feed, format characters (direction, zero width, tags), and line separators. */
const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

export const plain = (text: string): ReactNode => {
  const parts: Array<ReactNode> = []
  let from = 0
  for (const match of text.matchAll(hidden)) {
    parts.push(text.slice(from, match.index))
    parts.push(
      <span key={match.index} className="control" title="a character that is not visible">
        {codeOf(match[0])}
      </span>
    )
    from = match.index + match[0].length
  }
  if (parts.length === 0) return text
  parts.push(text.slice(from))
  return parts.map((part, index) => <Fragment key={index}>{part}</Fragment>)
}
