/** Commands that download from the network: the source, and the files that they write. */
import { baseName } from "./paths.ts"
import { groupedOption, operandsOf, optionOf } from "./fileEffects.ts"
import { readable } from "./shellValue.ts"

export interface Download {
  /** Known only as far as the text of the script shows it. */
  readonly url: string
  /** The files that the download is written to; empty for standard output. */
  readonly files: ReadonlyArray<string>
  /** The directory that the download is written to. */
  readonly directory?: string
  /** A file of this host that the command sends. */
  readonly sent?: string
}

const address = /^(?:https?|ftps?|sftp|scp|git|ssh|rsync|file|s3|gs):|^[\w.-]+@[\w.-]+:|^\w[\w-]*(?:\.[\w-]+)+\//

/** What the command downloads or sends; `undefined` if it does neither. */
export const downloadOf = (name: string, args: ReadonlyArray<string>): Download | undefined => {
  switch (name) {
    case "curl": {
      if (isInert(args)) return undefined
      const url = urlOf(args, curlValued)
      const output = groupedOption(curlWords(args), "o", "--output")
      const named = args.some((argument) =>
        /^(?:-[a-zA-Z#]*[OJ][a-zA-Z#]*|--remote-name|--remote-name-all)$/.test(argument)
      )
      const directory = optionOf(args, "--output-dir")
      const file = output ?? (named ? baseName(withoutQuery(url)) : undefined)
      const sent = optionOf(args, "-T", "--upload-file") ?? fileSent(args)
      return {
        url,
        files: filesOf(file === undefined || directory === undefined ? file : `${directory}/${file}`),
        ...(sent === undefined ? undefined : { sent })
      }
    }
    case "wget":
    case "wget2": {
      if (isInert(args)) return undefined
      const url = urlOf(args, wgetValued)
      const output = groupedOption(args, "O", "--output-document")
      const directory = optionOf(args, "-P", "--directory-prefix")
      const file = output ?? `${directory === undefined ? "" : `${directory}/`}${baseName(withoutQuery(url))}`
      const sent = optionOf(args, "--post-file", "--body-file")
      return { url, files: filesOf(file), ...(sent === undefined ? undefined : { sent }) }
    }
    case "aria2c":
    case "axel": {
      const url = urlOf(args)
      const directory = name === "aria2c" ? optionOf(args, "-d", "--dir") : undefined
      const file = optionOf(args, "-o", "--out", "--output") ?? baseName(withoutQuery(url))
      return { url, files: filesOf(directory === undefined ? file : `${directory}/${file}`) }
    }
    case "ftp":
    case "fetch":
      return { url: urlOf(args), files: filesOf(optionOf(args, "-o") ?? baseName(withoutQuery(urlOf(args)))) }
    case "lwp-download":
      return { url: urlOf(args), files: filesOf(operandsOf(args)[1] ?? baseName(withoutQuery(urlOf(args)))) }
    case "http":
    case "https":
    case "xh":
    case "xhs":
    case "httpie":
    case "lwp-request":
    case "GET":
    case "POST":
    case "lynx":
    case "w3m":
    case "links":
    case "elinks":
    case "curlie":
    case "hurl":
      return { url: urlOf(args), files: filesOf(optionOf(args, "-o", "--output")) }
    case "nc":
    case "ncat":
    case "netcat":
    case "socat":
    case "telnet":
    case "tftp":
    case "lftp":
    case "sftp":
    case "dig":
    case "nslookup":
    case "host":
    case "drill":
      return { url: operandsOf(args, /^-[wpqseIxXoi]$/).join(" "), files: [] }
    case "smbclient":
    case "smbget":
    case "cadaver":
    case "ncftpget":
      return { url: operandsOf(args, /^-[UcWI]$/)[0] ?? "", files: [] }
    case "openssl":
      return args[0] === "s_client" ? { url: optionOf(args, "-connect") ?? "", files: [] } : undefined
    case "scp":
    case "rsync": {
      const operands = operandsOf(args, /^-(?:[eioPFJSc]|-rsh|-exclude|-include)$/)
      const from = operands.slice(0, -1).find((operand) => /^[^/]+:/.test(operand))
      const to = operands.at(-1) ?? ""
      if (from !== undefined) return { url: from, files: filesOf(to), directory: to }
      return /^[^/]+:/.test(to) ? { url: to, files: [], sent: operands[0] ?? "" } : undefined
    }
    case "git":
    case "hg":
    case "svn": {
      const words = operandsOf(args, /^-(?:[cCbo]|-(?:depth|branch|config|origin|git-dir|work-tree))$/)
      if (
        !/^(?:clone|checkout|co|export|submodule|pull|fetch)$/.test(words[0] ?? "") ||
        (name === "git" && !/^(?:clone|submodule)$/.test(words[0] ?? ""))
      )
        return undefined
      const url = words[1] ?? ""
      const directory = words[2] ?? baseName(url.replace(/\/$/, "")).replace(/\.git$/, "")
      return { url, files: [], directory }
    }
    case "aws":
    case "gsutil":
    case "az":
    case "mc":
    case "s3cmd":
    case "rclone": {
      const words = operandsOf(args)
      const from = words.findIndex((word) => /^(?:s3|gs|https?):|^[\w-]+:/.test(word))
      const to = words.at(-1) ?? ""
      if (from !== -1 && words.some((word) => /^(?:cat|head|tail|get-object)$/.test(word)))
        return { url: words[from] ?? "", files: [] }
      return from === -1 || from === words.length - 1 ? undefined : { url: words[from] ?? "", files: filesOf(to) }
    }
    default:
      return undefined
  }
}

/**
 * The files that a session of a file transfer program downloads: `get FILE [LOCAL]` among the commands that it reads or
 * receives as arguments, and the options of a small `tftp`.
 */
export const transferredFiles = (
  name: string,
  args: ReadonlyArray<string>,
  commands: ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (!/^(?:t?ftp|lftp|sftp|smbclient|cadaver)$/.test(name)) return []
  const texts = [args.join(" "), ...commands].map((text) => text.slice(0, 10_000))
  const named = texts.flatMap((text) =>
    [...text.matchAll(/(?:^|[\s;])m?p?get[ \t]+(?:-[a-zA-Z]+[ \t]+)?([^\s;]+)(?:[ \t]+(?:-o[ \t]+)?([^\s;]+))?/g)].map(
      ([, remote = "", local]) => local ?? baseName(remote)
    )
  )
  const given = name === "tftp" ? (optionOf(args, "-l") ?? optionOf(args, "-r")) : undefined
  return [...named, ...(given === undefined ? [] : [given])].slice(0, 100)
}

const isInert = (args: ReadonlyArray<string>): boolean =>
  args.length === 1 && /^(?:-V|-h|--version|--help)$/.test(args[0] ?? "")

const curlValued =
  /^(?:-[a-zA-Z#]*[AbcCdDeEFhHKmoPQrtTuUwxXyYz]|--(?:output|output-dir|header|user-agent|data|data-raw|data-binary|data-urlencode|form|user|max-time|connect-timeout|retry|retry-delay|retry-max-time|cacert|capath|cert|key|proxy|request|referer|cookie|cookie-jar|write-out|range|resolve|limit-rate|proto|tlsv1|tls-max|interface|upload-file|config|max-redirs|unix-socket|ciphers|dns-servers|oauth2-bearer|aws-sigv4|noproxy|stderr|dump-header|speed-limit|speed-time|pinnedpubkey|doh-url|json))$/

const wgetValued =
  /^(?:-[a-zA-Z]*[oOaePtTwQDARXIBUil]|--(?:output-document|directory-prefix|header|user-agent|user|password|tries|timeout|waitretry|wait|ca-certificate|ca-directory|certificate|private-key|post-data|post-file|input-file|base|execute|output-file|append-output|referer|limit-rate|progress|method|body-data))$/

const urlOf = (args: ReadonlyArray<string>, valued: RegExp = /^$/): string => {
  const option = optionOf(args, "--url")
  const operands = operandsOf(args, valued)
  return (
    option ??
    operands.find((operand) => address.test(operand)) ??
    args.find((argument) => address.test(argument)) ??
    operands[0] ??
    ""
  )
}

/** The words of a curl command that may contain `-o`, alone or after other short options. */
const curlWords = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.filter(
    (argument, at) =>
      !(curlValued.test(args[at - 1] ?? "") && argument.startsWith("-")) &&
      !/^-[AbcCdDeEFHKmPQrtTuUwxXyYz]./.test(argument)
  )

const withoutQuery = (url: string): string => url.split(/[?#]/, 1)[0] ?? ""

const filesOf = (file: string | undefined): ReadonlyArray<string> =>
  file === undefined || file === "" || file === "-" || file === "/dev/stdout" ? [] : [file]

/** `-d @FILE`, `-F name=@FILE`. */
const fileSent = (args: ReadonlyArray<string>): string | undefined => {
  for (const [at, argument] of args.entries()) {
    if (!/^(?:-[dF]|--(?:data|data-binary|data-raw|data-urlencode|form|json))/.test(argument)) continue
    const value = /^(?:-[dF]|--[a-z-]+)$/.test(argument) ? (args[at + 1] ?? "") : argument
    const file = /(?:^|=|-d|-F)[@<](.+)$/.exec(value.slice(0, 500))?.[1]
    if (file !== undefined && file !== "-") return file
  }
  return undefined
}

/** A network address for display, without credentials. */
export const readableUrl = (url: string): string =>
  url === "" ? "an address that only running it would tell" : readable(url).replace(/\/\/[^/@]*@/, "//")
