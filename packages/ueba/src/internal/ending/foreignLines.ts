/**
 * Lines that no author of a shell script writes: what servers, proxies, terminals, editors and other languages print. The
 * kinds are told apart by how they begin.
 *
 * Runs in the parser's thread and in the main thread: imports nothing.
 */

/** Longer lines are judged by their beginning. */
const longest = 400

const kinds: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  [
    "an answer of a server",
    /^(?:\d{3} [A-Z][a-z]+(?: [A-Za-z][a-z]+){0,4}\s*$|HTTP\/\d|HTTP (?:Error|request|status)\b|default backend - \d|\d{3} page not found|(?:Ray|Request|Trace|Correlation|Support|Incident|Reference) ?-?I[Dd]:? |Error \d{3,4}: |Msg \d{3,6}, Level \d|Cannot (?:GET|POST|HEAD|PUT) \/)/
  ],
  [
    "an error of a program",
    /^(?:Caused by: |Exception in thread |thread '[^']{1,40}' panicked|goroutine \d+ \[|fatal error: |rpc error: |Error response from daemon: |Segmentation fault|(?:Unable|Failed|Could not|Cannot) (?:to )?[a-z]+ .{0,200}: |Connection to \S{1,100} closed|[\w./-]{1,100}: (?:line )?\d{1,6}: |[A-Z]{2,6}-\d{3,6}: )/
  ],
  [
    "a line of a log",
    /^(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d:|[IWEF]\d{4} \d\d:\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3} - |<\d{1,3}>\d? ?[A-Z\d]|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|SEVERE|CRITICAL|CRIT|ALERT|EMERG)(?::| {1,4}[[(])|(?:time|ts|level|msg)="?[\w:.+-]{2,40}"? (?:time|ts|level|lvl|msg|caller)=)/
  ],
  [
    "the output of a download",
    /^(?:Saving to: |Resolving \S{1,100}\.\.\.|Connecting to \S{1,100}\.\.\.|Length: \d|\S{1,100} {1,40}\d{1,3}%\[| ?% Total {1,8}% Received|(?:Dload|Upload) {1,8}\w)/
  ],
  [
    "the prompt of a terminal",
    /^(?:\[?[\w.-]{1,40}@[\w.-]{1,60}(?::| )[^\s\]]{0,60}\]?[#$%>](?:\s|$)|[$%>] ?$|\$ \w|PS [A-Z]:\\|\[\d{1,3}\][+-]? {1,4}(?:Done|Exit|Terminated|Killed|\d+$)|\[Process completed|Press any key|Script (?:started|done) on )/
  ],
  [
    "what an editor or a pager shows",
    /^(?::wq?a?!?$|:q!?$|\^[A-Z[]\S{0,3}$|\(END\)$|"[^"]{1,100}" \d{1,6}L, \d{1,9}[BC]|~$)/
  ],
  [
    "part of a mail",
    /^(?:> [A-Z][a-z]{0,20} |On .{5,60} wrote:|(?:Best|Kind|Warm) regards|Regards,|Sent from my |-- ?$|From: |Subject: )/
  ],
  ["part of a patch", /^(?:diff --git |@@ -\d|index [0-9a-f]{7,40}\.\.|\+\+\+ [ab]\/|--- [ab]\/)/],
  ["a template", /^(?:\{\{|\{%|<%|\$\{\{)/],
  [
    "code in another language",
    /^(?:package [a-z]\w{0,60};?\s*$|use (?:strict|warnings)\b|import [a-z_]\w{0,60}(?:, \w+)*;?\s*$|import (?:\{|\* as |\w+ from )|from [\w.]{1,80} import |using [A-Z][\w.]{0,80};|@echo (?:off|on)\b|rem [A-Z]|\$[A-Za-z]\w{0,60} = |[A-Z][a-z]{2,15}-[A-Z][A-Za-z]{2,30}(?: |$)|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE (?:TABLE|DATABASE|USER)|DROP (?:TABLE|DATABASE)|GRANT) \S.{0,300};|(?:BEGIN|COMMIT|ROLLBACK);|FROM [\w.-]{1,40}:\S|(?:const|var) \w{1,60} = |def \w{1,60}\(|class [A-Z]\w{0,60}[:({])/
  ],
  ["a mark of the end of data", /^(?:__(?:END|DATA)__|EOF|EOT|EOS|END)\s*$/],
  ["encoded data", /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})(?:\s+\*?\S{1,200})?\s*$/],
  ["a notice", /^(?:[A-Z][\w ]{1,60}\.{3}|[A-Za-z]{2,20}\.)\s*$/],
  ["a sentence", /^[A-Z][a-z']{0,20},?(?: [\w',():;%-]{1,30}){2,30}[.!]\s*$/]
]

/** Words that other programs leave behind, on a line of their own. */
const remains =
  /^(?:null|undefined|None|NULL|nil|NaN|OK|logout|Killed|Terminated|Aborted|Hangup|Forbidden|Unauthorized|\[\]|\{\}|[*~^+=@%-]{1,3}|\.\.+|\d{1,10}|(?=[a-f]{0,5}\d)[0-9a-f]{2,6})$/

/** Base64 of a full line, with letters of both cases and a digit. */
const isBase64 = (line: string): boolean =>
  /^[A-Za-z0-9+/]{60,100}={0,2}\s*$/.test(line) && /[a-z]/.test(line) && /[A-Z]/.test(line) && /\d/.test(line)

/**
 * What kind of foreign text a line is, if any.
 *
 * @param last whether nothing follows the line
 */
export const kindOfLine = (whole: string, last: boolean): string | undefined => {
  const line = whole.slice(0, longest)
  if (last && remains.test(line.trim())) return "a remainder of an answer"
  if (isBase64(line)) return "encoded data"
  return kinds.find(([, pattern]) => pattern.test(line))?.[0]
}
