/** Commands that download from the network: the source, and the files that they write. */
import { hostOf } from "../text/hostOf.ts"
import { baseName } from "../values/paths.ts"
import { type Download, remoteSources } from "./remoteSources.ts"
import { groupedOption, operandsOf, optionOf } from "./fileEffects.ts"
import { readable } from "../values/shellValue.ts"

const address = /^(?:https?|ftps?|sftp|scp|git|ssh|rsync|file|s3|gs):|^[\w.-]+@[\w.-]+:|^\w[\w-]*(?:\.[\w-]+)+\//

/** What the command downloads or sends; `undefined` if it does neither. */
export const downloadOf = (name: string, args: ReadonlyArray<string>): Download | undefined => {
  switch (name) {
    case "curl": {
      if (isInert(args)) return undefined
      const url = urlOf(args, curlValued)
      const words = curlWords(args)
      const output = groupedOption(words, "o", "--output")
      const named = args.some((argument) =>
        /^(?:-[a-zA-Z#]*[OJ][a-zA-Z#]*|--remote-name|--remote-name-all)$/.test(argument)
      )
      const directory = optionOf(args, "--output-dir")
      // Each address has its own `-o` or `-O`.
      const files = [
        ...words.filter((_, at) => /^(?:-[a-zA-Z#]*o|--output)$/.test(words[at - 1] ?? "")),
        ...(output === undefined ? [] : [output]),
        ...(named
          ? operandsOf(args, curlValued)
              .filter((operand) => operand === url || address.test(operand))
              .map(nameIn)
          : [])
      ].flatMap(filesOf)
      const sent = optionOf(args, "-T", "--upload-file") ?? fileSent(args)
      return {
        url,
        files: [...new Set(files)].map((file) => (directory === undefined ? file : `${directory}/${file}`)),
        ...(sent === undefined ? undefined : { sent })
      }
    }
    case "wget":
    case "wget2": {
      if (isInert(args)) return undefined
      const url = urlOf(args, wgetValued)
      const output = groupedOption(args, "O", "--output-document")
      const directory = optionOf(args, "-P", "--directory-prefix")
      const sent = optionOf(args, "--post-file", "--body-file")
      const more = operandsOf(args, wgetValued).filter((operand) => operand !== url && address.test(operand))
      const files =
        output === undefined
          ? [url, ...more].map((each) => `${directory === undefined ? "" : `${directory}/`}${nameIn(each)}`)
          : [output]
      // A recursive download makes a directory with the name of the host.
      const tree = args.some((argument) =>
        /^(?:-[a-zA-Z]*[rmx][a-zA-Z]*|--(?:recursive|mirror|force-directories))$/.test(argument)
      )
        ? { directory: directory ?? hostOf(url) }
        : undefined
      return { url, files: files.flatMap(filesOf), ...tree, ...(sent === undefined ? undefined : { sent }) }
    }
    case "aria2c":
    case "axel": {
      const url = urlOf(args)
      const directory = name === "aria2c" ? optionOf(args, "-d", "--dir") : undefined
      const file = optionOf(args, "-o", "--out", "--output") ?? nameIn(url)
      return { url, files: filesOf(directory === undefined ? file : `${directory}/${file}`) }
    }
    case "ftp":
    case "fetch":
      return { url: urlOf(args), files: filesOf(optionOf(args, "-o") ?? nameIn(urlOf(args))) }
    case "ftpget": {
      const [host = "", local = "", remote = ""] = operandsOf(args, /^-[uPp]$/)
      return { url: `${host}/${remote}`, files: filesOf(local) }
    }
    case "lwp-download":
      return { url: urlOf(args), files: filesOf(operandsOf(args)[1] ?? nameIn(urlOf(args))) }
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
      const words = operandsOf(
        args,
        /^-(?:[cCbo]|-(?:depth|branch|config|origin|git-dir|work-tree|remote|upload-pack|filter|reference|jobs))$/
      )
      const [verb = "", url = ""] = words
      if (name === "git" && verb === "archive") {
        const remote = optionOf(args, "--remote")
        return remote === undefined ? undefined : { url: remote, files: filesOf(optionOf(args, "-o", "--output")) }
      }
      // Without an address, these update a work tree that was there before.
      if (name === "git" && /^(?:pull|fetch|subtree)$/.test(verb))
        return words.some((word) => address.test(word))
          ? { url, files: [], directory: optionOf(args, "-C", "--work-tree") ?? "." }
          : undefined
      if (!(name === "git" ? /^(?:clone|submodule)$/ : /^(?:clone|checkout|co|export|cat|pull|fetch)$/).test(verb))
        return undefined
      if (verb === "cat") return { url, files: [] }
      const directory = words[2] ?? baseName(url.replace(/\/$/, "")).replace(/\.git$/, "")
      return { url, files: [], directory }
    }
    default:
      return remoteSources.get(name)?.(args)
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

/** The name that a download gets from its address. */
const nameIn = (url: string): string => baseName(withoutQuery(url))

/** The arguments with the addresses and files that a configuration or a list of addresses adds. */
export const withLists = (
  name: string,
  args: ReadonlyArray<string>,
  read: (file: string) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  const list =
    name === "curl"
      ? groupedOption(args, "K", "--config")
      : /^(?:wget2?|aria2c)$/.test(name)
        ? groupedOption(args, "i", "--input-file")
        : undefined
  if (list === undefined) return args
  const lines = read(list).flatMap((text) => text.slice(0, 10_000).split("\n", 100))
  return [
    ...args,
    ...lines.flatMap((line) => {
      const [, option, value] = /^\s*-{0,2}(url|output|o|remote-name|O)\s*[=:]?\s*"?([^"\s]*)/.exec(line) ?? []
      if (name === "curl" && option !== undefined)
        return option === "url" ? (value ?? []) : option.startsWith("o") ? ["-o", value ?? ""] : "-O"
      const out = /^\s+out=(\S+)/.exec(line)?.[1]
      return out === undefined ? (address.test(line) ? line.trim() : []) : ["-o", out]
    })
  ]
}

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
