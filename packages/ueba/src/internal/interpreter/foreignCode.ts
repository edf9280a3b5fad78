/**
 * Code in another language within a shell script: what it fetches and runs, which commands it hands to a shell, and which
 * files it removes or writes. By its words and string literals: no grammar of these languages is needed for that.
 */
import type { FactKind } from "../../ScriptFacts.ts"
import { Buffer } from "node:buffer"
import { assembledPaths } from "./assembledPaths.ts"
import { ownerOf } from "../rules/otherSoftware.ts"
import { breadthOf } from "../values/paths.ts"
import { change, type HostChange } from "../rules/hostRules.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"

export interface ForeignCode {
  readonly fetches: boolean
  readonly decodes: boolean
  /** Runs its text as code, or passes it to a shell. */
  readonly runs: boolean
  /** URLs in the code. */
  readonly urls: ReadonlyArray<string>
  /** Text that the code passes to a shell. */
  readonly shellCode: ReadonlyArray<string>
  /** Encoded text in the code, which is probably code as well. */
  readonly decoded: ReadonlyArray<string>
  readonly files: ReadonlyArray<{ readonly kind: FactKind; readonly path: string; readonly whole: boolean }>
  /** Writes or changes files; arguments may name some of them. */
  readonly changesFiles: boolean
  /** Removes files; arguments may name some of them. */
  readonly removesFiles: boolean
  /** Opens a connection that is not HTTP. */
  readonly connects: boolean
  /** What else it changes on the host. */
  readonly changes: ReadonlyArray<HostChange>
}

const fetching =
  /\burllib|\burlopen\b|\brequests\s*[.,;)]|\bimport +requests|\bhttp\.client\b|\bhttplib|\baiohttp\b|\bpycurl\b|\bhttpx\b|\bLWP\b|\bHTTP::|\bNet::(?:HTTP|FTP|SSH)|\bWWW::|\bMojo::UserAgent|\bopen-uri\b|\bURI\.|\bHTTParty\b|\bFaraday\b|\bhttps?['"]?\)?\.(?:get|request)\(|["'](?:node:)?https?["']|\bfetch\s*\(|\bXMLHttpRequest\b|\baxios\b|\bundici\b|file_get_contents\(|\bcopy\(\s{0,8}["']https?:|\bcurl_(?:init|exec)\b|\bfopen\(\s*["']https?:|\bfsockopen\b|\bsocket\b|\bIO::Socket|\bTCPSocket\b|\bnet\.(?:connect|createConnection|Socket)|\bUserAgent\b|\/inet\/|\bWebClient\b|\bInvoke-WebRequest\b|\biwr\b|\bDownloadString\b|\bdownload(?:\.file)?\(|\b(?:source|include|evaluate|load|slurp)\s{0,8}\(?\s{0,8}(?:url\(|new URL\(|URI\()?\s{0,8}["']https?:|\binstall\.packages\(|\binstall_github\(|\burl-retrieve|\bdata:text\/javascript|\bftplib\b|\bget\s*\(\s*["']https?:|\bgetstore\b|\bsocket\.http\b|(?:import|include|include_once|require|require_once)\s{0,8}\(?\s{0,8}["']https?:|\bfrom\s+["']https?:|\bhttp::geturl\b/

const running =
  /\beval\b|\bexec\w*\b|\bsystem\b|\bpopen\w*\b|\bspawn\w*\b|\bsubprocess\b|\bchild_process\b|\bcompile\s*\(|\bnew\s+Function\b|\bFunction\s*\(|\bpassthru\b|\bshell_exec\b|\bproc_open\b|\bpcntl_exec\b|\bassert\s*\(|\binstance_eval\b|(?<![.\w])load(?:string|file)?\s*\(|\bdo\s*\(?["'$]|\b__import__\b|\bimport\s*\(|\brequire\s*\(\s*(?:["']https?:|\w+\s*\))|`[^`]*`|\bqx\b|\|\s*(?:ba|da|z|k)?sh\b|["'](?:\/bin\/)?(?:ba|da|z|k)?sh["']|\bvm\.run|\bpty\b|\bdofile\b|\bos\.execute\b|\bIO\.popen\b|\b%x|\binclude(?:_once)?\b|\bgetline\b|\b(?:source|include|evaluate)\s{0,8}\(|\binstall\.packages\(|\binstall_github\(|\bIEX\b|\bInvoke-Expression\b|\brunpy\b/

const decoding =
  /\bb(?:16|32|64|85)decode\b|\bbase64(?:_decode)?\b|\bBase64\b|\bunpack1?\b|\bpack\s*[("']|\bfromhex\b|\bunhexlify\b|\bzlib\b|\bgzinflate\b|\bgunzip\w*\b|\binflate\w*\b|\bcodecs\.|\brot13\b|\bstr_rot13\b|\bfromCharCode\b|\batob\b|\bdecode64\b|\bchr\s*\(|\bstring\.(?:char|reverse)\b|\bfromCodePoint\b|\bchr\b|[[{]\s*(?:0x[0-9a-f]{2}|\d{2,3})(?:\s*,\s*(?:0x[0-9a-f]{2}|\d{2,3})){3}|\bmarshal\b|\bhex2bin\b|Buffer\.from\(|\bstrrev\b|\breverse\b|\bunescape\b|\[::-1\]|\bxor\b|\bs?printf\s{0,8}\(?\s{0,8}["'](?:%c){2}|["'][^"'\n]{0,20}%c["']\s{0,4},\s{0,4}(?!\d{1,3}\s{0,4}[,)}])|["'][\w./ -]{1,8}["']\s{0,4}[+.]\s{0,4}["'][\w./ -]{1,8}["']|\b(?:tr|y)\/(?!a-z\/A-Z\/|A-Z\/a-z\/)[^/\n]{2,80}\/[^/\n]{2,80}\//

/** Calls of the system that change more than the content of files. */
const systemCalls: ReadonlyArray<readonly [call: RegExp, change: HostChange]> = [
  [
    /setxattr\w*\b[\s\S]{0,200}security\.capability/,
    change("changesPermissions", "security.capability", "gives a program rights of root (capabilities)")
  ],
  [
    /chmod\w*\s*\(?[^;\n]{0,200}\b0o?[2467][0-7]{3}\b|\bS_ISUID\b/,
    change("changesPermissions", "setuid", "lets everybody run it with the rights of its owner (setuid)")
  ],
  [/\b(?:f?init_module|kexec_load|create_module)\b/, change("changesKernel", "kernel module", "loads a kernel module")],
  [
    /\bos\.(?:mount|umount2?|pivot_root)\b|\blibc\.(?:mount|umount2?|reboot|swapoff|sethostname)\b|\bsyscall\s*\(\s*(?:169|165|166|168)\b/,
    change("changesKernel", "system call", "changes mounts or the state of the host")
  ],
  [
    /\b(?:sethostname|settimeofday|clock_settime|adjtimex)\b/,
    change("changesKernel", "system call", "changes the name or the clock of the host")
  ],
  [
    /\bos\.kill(?:pg)?\s*\(\s*(?:-1|1)\b|\bkill\s*\(?\s*["']?\w+["']?\s*,\s*-1\b/,
    change("changesService", "processes", "ends processes of the host or of a user")
  ]
]

/** Of longer code, only the first part is examined. */
const lengthLimit = 256 * 1024

/** Whether any part of the code opens a file for writing or changes one. */
const changing =
  /["'](?:[awx]\+?[bt]?|r\+b?|>>?|\+[<>]{1,2})["']|\b(?:write(?:_text|_bytes|File\w*|lines|ln)?|append(?:File\w*|_text)|file_put_contents|copy(?:file|2|tree|Sync|FileSync)?|rename(?:Sync)?|replace|move|symlink(?:Sync)?|link|truncate|chmod(?:Sync)?|chown(?:Sync)?|cp|mv|install)\s*\(|\bPath\([^)]{0,200}\)\.write|\bprint\s+[A-Z]\w*\s|>>?\s*["'$A-Za-z]/

/** Whether any part of the code removes a file. */
const removing = /\b(?:unlink|rmtree|remove|removedirs|rmdir|remove_tree|rmSync|unlinkSync|rm_rf?|delete)\b/

export const readForeignCode = (source: string): ForeignCode => {
  const text = source.slice(0, lengthLimit)
  const raw = literals(text)
  const strings = joined(text, raw)
  const changes = changing.test(text)
  const removes = removing.test(text)
  const commands: Array<string> = []
  const decoded: Array<string> = []
  const files: Array<{ kind: FactKind; path: string; whole: boolean }> = []
  const removesSome = removesWhole.test(text)
  if (changes || removes) {
    for (const { value } of assembledPaths(text, raw)) {
      if (removes && breadthOf(value, "removes") !== undefined)
        files.push({ kind: "removes", path: value, whole: true })
      else if (changes && (concernOf(value) !== undefined || ownerOf(value) !== undefined))
        files.push({ kind: "writes", path: value, whole: false })
    }
  }
  for (const [at, { before, value }] of strings.entries()) {
    const after = text.slice(strings[at]?.end ?? 0, (strings[at]?.end ?? 0) + 20)
    if (/^.\s*\|&?\s*getline/.test(after)) commands.push(value)
    else if (/^[^|]{2,}\|\s*$/.test(value)) commands.push(value.slice(0, value.lastIndexOf("|")))
    else if (callsShell.test(before)) commands.push(argumentsFrom(text, strings, at))
    const removal = removesFile.exec(before)?.[1]
    const broad = removes ? broadPathsIn(value) : []
    if (broad.length > 0) for (const path of broad) files.push({ kind: "removes", path, whole: true })
    else if (removal !== undefined)
      files.push({
        kind: "removes",
        path: value,
        whole: /rmtree|remove_tree|rm_r|rm_rf|rmdir|rmSync|\.rm$|secure|rimraf|delete_tree/i.test(removal)
      })
    else if (writesFile.test(before) && /^[/~>]/.test(value))
      files.push({ kind: "writes", path: value.replace(/^>+\s*/, ""), whole: false })
    else if (removesSome && /^\/[\w./-]*$/.test(value)) files.push({ kind: "removes", path: value, whole: true })
    else if (changes && (concernOf(value) !== undefined || ownerOf(value) !== undefined))
      files.push({ kind: "writes", path: value, whole: false })
    else if (/^>>?\s*[/~]/.test(value)) files.push({ kind: "writes", path: value.replace(/^>+\s*/, ""), whole: false })
    const plain = plainOf(value)
    if (plain !== undefined) decoded.push(plain)
  }
  return {
    fetches: fetching.test(text),
    connects:
      /\bsocket\b|IO::Socket|TCPSocket|fsockopen|net\.(?:connect|Socket)|\/inet\//.test(text) &&
      /dup2|pty|exec|spawn|sh\b|STDIN|fdopen/.test(text),
    changes: systemCalls.flatMap(([pattern, change]) => (pattern.test(text) ? [change] : [])),
    runs: running.test(text),
    decodes: decoding.test(text),
    changesFiles: changes,
    removesFiles: removes,
    urls: strings
      .filter(({ value }) => /^(?:https?|ftp):\/\//.test(value))
      .map(({ value }) => value)
      .slice(0, 20),
    shellCode: commands.slice(0, 50),
    decoded: decoded.slice(0, 20),
    files: files.slice(0, 50)
  }
}

/** Paths and patterns in a literal of code that removes something, where a removal has a broad effect. */
const broadPathsIn = (value: string): ReadonlyArray<string> =>
  value.length > 1000
    ? []
    : value.split(/\s+/).flatMap((path) => {
        const [top = ""] = /^(?:\/[^/*?[]+){1,3}(?=\/\*)|^[/~].*/.exec(path) ?? []
        return top.length > 1 && breadthOf(top, "removes") !== undefined ? [top] : []
      })

const callsShell =
  /(?:\bsystem|\bexec\w*|\bpopen\w*|\bspawn\w*|\brun|\bcall|\bcheck_call|\bcheck_output|\bPopen|\bgetoutput|\bgetstatusoutput|\bexecute|\bpassthru|\bshell_exec|\bproc_open|\bqx|%x|\bfork|\bopen3|\bsh|\bcommand|\bprint\s*\||\|)\s*[({[]?\s*[[(]?\s*$|`$|\|\s*$/

/** At most one function that makes a list of names may stand between the verb and the path. */
const removesFile =
  /(\bshutil\.rmtree|\brmtree|\bos\.(?:remove|unlink|rmdir|removedirs)|\bremove_tree|\bunlink\w*|\bFileUtils\.\w*rm\w*|\brm_r?f?\w*|\bFile\.delete|\bDir\.rmdir|\brmSync|\brmdirSync|\bunlinkSync|\bfs(?:\.promises)?\.rm|\.rm|\brimraf|\bos\.remove)\s*\(?\s*(?:(?:Path|glob(?:\.glob)?|expanduser|<)\(?)?\s*$/

/** A removal whose path is in a variable: any path in the code may be the target. */
const removesWhole = /\b(?:rmtree|remove_tree|rm_rf?|rmSync|rimraf|secure_rmtree)\b/

const writesFile =
  /(?:\bopen|\bfopen|\bfile_put_contents|\bwriteFile\w*|\bappendFile\w*|\bFile\.(?:write|open|new)|\bIO\.write|\bPath|\bio\.open|\bcreateWriteStream|\bcopy\w*|\bmove|\brename\w*|\bsymlink\w*|>>?|\bos\.(?:symlink|chmod|chown|rename)|\bFileUtils\.\w+)\s*\(?\s*[[(]?\s*$|\b(?:copyfile|copy2?|move|rename|symlink)\([^()]*,\s*$|,\s*["']>+["']\s*,\s*$/

interface Literal {
  /** The text before the literal. */
  readonly before: string
  readonly value: string
  readonly start: number
  readonly end: number
}

/** The string literals, found in one pass. */
const literals = (text: string): ReadonlyArray<Literal> => {
  const found: Array<Literal> = []
  for (let at = 0; at < text.length && found.length < 5000; at++) {
    const quote = text.charAt(at)
    const word = /^(?:q[xqw]?|%[xqQwW]?)[{([|/!]/.exec(text.slice(at, at + 4))
    const bracketed = word !== null && !/\w/.test(text.charAt(at - 1))
    if (quote !== '"' && quote !== "'" && quote !== "`" && !bracketed) continue
    const open = bracketed ? at + word[0].length - 1 : at
    const closing = bracketed ? ({ "{": "}", "(": ")", "[": "]" }[text.charAt(open)] ?? text.charAt(open)) : quote
    let end = open + 1
    let value = ""
    for (; end < text.length && text.charAt(end) !== closing; end++) {
      if (text.charAt(end) === "\\") end += 1
      value += text.charAt(end)
    }
    if (end >= text.length && !bracketed) continue
    found.push({
      before: `${text.slice(Math.max(0, at - 40), at)}${quote === "`" ? "`" : bracketed && /^(?:qx|%x)/.test(word[0]) ? "qx(" : ""}`,
      value,
      start: at,
      end
    })
    at = end
  }
  return found
}

/** `"c" + "url"`, `"c" . "url"` and `"c" "url"` are joined to one literal. */
const joined = (text: string, strings: ReadonlyArray<Literal>): ReadonlyArray<Literal> => {
  const whole: Array<Literal> = []
  for (const next of strings) {
    const last = whole.at(-1)
    const between = last === undefined || next.start - last.end > 12 ? "x" : text.slice(last.end + 1, next.start)
    if (last !== undefined && /^\s*(?:\+|\.{1,2}|)\s*$/.test(between) && last.value.length < 4096)
      whole[whole.length - 1] = { ...last, value: last.value + next.value, end: next.end }
    else whole.push(next)
  }
  return whole
}

/** `"rm", "-rf", "/usr"` is joined to one command. */
const argumentsFrom = (text: string, strings: ReadonlyArray<Literal>, at: number): string => {
  const first = strings[at]
  if (first === undefined) return ""
  const words = [first.value]
  let { end } = first
  for (const next of strings.slice(at + 1, at + 12)) {
    if (next.start - end > 20 || text.slice(end + 1, next.start).trim() !== ",") break
    words.push(next.value)
    end = next.end
  }
  return words.length === 1
    ? first.value
    : words.map((word) => (/^[\w./=:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ")
}

/** The decoded literal, if it is base64 or hexadecimal and decodes to text. */
const plainOf = (value: string): string | undefined => {
  if (value.length < 12 || value.length > 64 * 1024) return undefined
  const encoding = /^(?:[0-9a-fA-F]{2})+$/.test(value)
    ? "hex"
    : /^[A-Za-z0-9+/\n]+={0,2}\n?$/.test(value)
      ? "base64"
      : undefined
  if (encoding === undefined) return undefined
  const plain = Buffer.from(value, encoding).toString("utf8")
  return /^[\t\n\r -~]+$/.test(plain) ? plain : undefined
}
