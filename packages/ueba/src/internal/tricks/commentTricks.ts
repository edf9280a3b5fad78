/**
 * Code that seems to belong to a comment: after a backslash, within the text of a licence, behind a comment that says that
 * the script has ended.
 *
 * Runs in the parser's thread and in the main thread: imports nothing.
 */

interface Trick {
  readonly message: string
  readonly offset: number
}

const limit = 20

/** Every trick of the text, including those within data such as here-documents. */
export const commentTricks = (text: string): ReadonlyArray<Trick> => [
  ...continuedComments(text),
  ...codeInLicence(text),
  ...feignedEnds(text)
]

/** Comments that seem to continue on the next line. A backslash does not continue a comment, so the next line runs. */
const continuedComments = (text: string): ReadonlyArray<Trick> => {
  const found: Array<Trick> = []
  for (let at = text.indexOf("\\\n"); at !== -1 && found.length < limit; at = text.indexOf("\\\n", at + 2)) {
    const start = text.lastIndexOf("\n", at) + 1
    if (at - start > 1000 || !hasComment(text.slice(start, at))) continue
    // Within a comment block, or before an empty line, it is harmless.
    if (/^[ \t]*[^#\s]/.test(text.slice(at + 2, at + 202)))
      found.push({ message: "a comment that ends with a backslash, and does not go on", offset: start })
  }
  return found
}

/** A comment on its own line, or one behind a command that has no quote before it. */
const hasComment = (line: string): boolean => {
  if (/^[ \t]*#/.test(line)) return !/^[ \t]*#!/.test(line)
  const at = line.search(/\s# /)
  return at !== -1 && !/["'`$\\]/.test(line.slice(0, at)) && !/["'`]/.test(line.slice(at))
}

const licence =
  /\b(?:licen[cs]e|copyright|warrant(?:y|ies)|redistribution|liab(?:le|ility)|express or implied|as is)\b/i

/** A single command between two comments of a licence. */
const codeInLicence = (text: string): ReadonlyArray<Trick> => {
  const found: Array<Trick> = []
  let offset = 0
  /** Whether the comment that ends before this line is a licence. */
  let before = false
  let code: number | undefined
  let codeLines = 0
  for (const line of text.split("\n")) {
    const start = line.slice(0, 300).trimStart()
    if (start.startsWith("#") && !start.startsWith("#!")) {
      if (code !== undefined && before && licence.test(start) && found.length < limit)
        found.push({ message: "a command within the text of a licence", offset: code })
      before = code === undefined ? before || licence.test(start) : licence.test(start)
      if (licence.test(start) || start.length < 3) {
        code = undefined
        codeLines = 0
      }
    } else if (start === "" || ++codeLines > 2) {
      before = false
      code = undefined
      codeLines = 0
    } else if (before) code ??= offset
    offset += line.length + 1
  }
  return found
}

const feignedEnd =
  /^[ \t]*#[#\s*=<>-]{0,80}(?:end of (?:the )?(?:script|file|setup|installer)|eof|nothing (?:more )?(?:below|follows)\b.{0,60})[\s#*=<>.!-]{0,80}$/i

/** A comment that says that the script ends, with commands behind it. */
const feignedEnds = (text: string): ReadonlyArray<Trick> => {
  const found: Array<Trick> = []
  let end = 0
  let code = 0
  for (const line of text.split("\n")) {
    const start = line.slice(0, 400)
    if (/^[ \t]*[^\s#]/.test(start)) code = end
    else if (found.length < limit && feignedEnd.test(start))
      found.push({ message: "a comment says that the script ends, and it does not", offset: end })
    end += line.length + 1
  }
  return found.filter(({ offset }) => offset < code)
}
