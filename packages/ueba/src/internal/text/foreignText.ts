/**
 * Text that a shell parses as a command although no script author wrote it as one: lines of a log, rulers, tables,
 * sentences. The search covers the end of the script, where another response of a server may follow.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { Command, Word } from "unbash"

/** Names that no command has: with a comma, a date, a ruler or a log level. */
const implausible =
  /^(?:.{1,200},|.{0,200}",".{0,200}|\d{4}[-/]\d\d[-/]\d\d.{0,40}|Exception|Traceback|\d{1,2}:\d\d(?::\d\d)?.{0,20}|\[?\d{10,}.{0,20}|-{2,}[A-Z -].{0,80}|[=*_~-]{3,200}|%|\[(?:[A-Z]{3,9}|\d[\d:. TZ+-]*)\]?:?|\w{2,30}[!?]|[A-Z][a-z]{1,30}\.)$/s

/** Words of error messages. */
const failure =
  /\b(?:errors?|fail(?:ed|ure)|time-?out|timed out|exceeded|refused|denied|unavailable|invalid|expired|upstream|gateway|backend|forbidden|unauthori[sz]ed|not found|reset|aborted|blocked|maintenance|quota|overloaded|limit|try again|[45]\d\d)\b/i

/** Commands that print their arguments, and so take sentences. */
const says =
  /^(?:echo|printf|print|log\w*|die|fail\w*|abort|exit|err\w*|warn\w*|info\w*|msg\w*|say|ohai|notice|debug|fatal|title|step)$/i

/** @param last whether nothing follows the command */
export const isForeignText = ({ args, name, prefix, redirects }: Command, last: boolean): boolean => {
  if (name === undefined || prefix.length > 0 || !isLiteral(name)) return false
  if (implausible.test(name.value) || /^"[^"]{0,100}","/.test(name.text)) return true
  if (redirects.length > 0 || args.length < 1 || args.length > 40 || says.test(name.text)) return false
  const words = [name, ...args.filter((argument) => argument.type === "Word")]
  if (words.length !== args.length + 1 || !words.every((word) => /^[\w'(),.:;!?%/-]+$/.test(word.text))) return false
  const sentence = words.map(({ text }) => text).join(" ")
  const plain = words.slice(1).every(({ text }) => /^[A-Za-z']+[,.:;!?]?$|^[45]\d\d$/.test(text))
  // `The service is not available`; at the end of the file, any line about a failure.
  return (
    (/^[A-Z][a-z]+$/.test(name.text) && plain && (words.length > 2 || last)) ||
    (last &&
      words.length > 2 &&
      /^[A-Za-z]+:?$/.test(name.text) &&
      !/ -{1,2}[a-z]/.test(sentence) &&
      failure.test(sentence) &&
      plain)
  )
}

const isLiteral = ({ parts }: Word): boolean =>
  parts === undefined ||
  parts.every(({ type }) => type === "Literal" || type === "DoubleQuoted" || type === "SingleQuoted" || type === "Glob")
