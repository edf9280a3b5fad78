/** Functions and aliases that redefine a well-known command. */
import type { Function as FunctionNode, Word } from "unbash"
import type { Machine } from "./machine.ts"
import { fieldBreak, isOpen, type Value } from "../values/shellValue.ts"

/**
 * Commands whose meaning a reader takes for granted. Names that scripts commonly give to their own functions are
 * excluded.
 */
const wellKnown: ReadonlySet<string> = new Set(
  (
    "echo sudo doas su rm cp mv ln ls cat cd pwd mkdir rmdir touch chmod chown chgrp dd curl wget grep egrep sed awk tar gzip gunzip " +
    "unzip sh bash dash ksh zsh test [ true false : exit return set unset export eval exec source . trap read printf ssh scp sftp " +
    "rsync apt apt-get dpkg yum dnf rpm zypper apk systemctl service gpg gpgv openssl sha256sum sha512sum sha1sum md5sum cksum ps " +
    "kill passwd find xargs head tail sort uniq cut tr tee env id whoami mount umount useradd usermod crontab python python3 perl " +
    "docker podman kubectl git make diff cmp file stat df du nc base64 xxd command builtin type alias netstat ss lsof top w who last " +
    "if then else fi for while do done case esac"
  ).split(" ")
)

/** Reports a function that replaces a well-known command, unless the function only calls the command itself. */
export const redefinesCommand = (machine: Machine, { body, name }: FunctionNode): void => {
  if (!wellKnown.has(name.value)) return
  const text = machine.site.text.slice(body.pos, Math.min(body.end, body.pos + 2000))
  if (text.includes('"$@"') || text.includes("$*")) {
    // A wrapper: `command curl "$@"`, `gsed "$@"`, `shasum -a 256 "$@"`, or `sudo() { "$@"; }`.
    const passesOn = new RegExp(
      `(?:command|builtin|exec|env|busybox|type -[Pp]|which|command -v|/bin/|\\\\|g)\\s?${name.value.replace(/[.[\]]/g, "\\$&")}\\b`
    )
    const own = passesOn.exec(text)
    // Only options may stand between the command and the arguments, not another command.
    const added = own === null ? "" : text.slice(own.index + own[0].length).split(/"\$@"|\$\*/, 1)[0]
    if (
      (own !== null &&
        !/[/;|&`]|\$\(/.test(added ?? "") &&
        (body.type !== "BraceGroup" || body.body.commands.length === 1)) ||
      /\{\s{0,20}"\$@"\s{0,20};?\s{0,20}\}/.test(text) ||
      /\b(?:shasum|openssl|sha\d*|digest)\b/.test(text) ||
      (name.value === "echo" &&
        /^\{?\s*(?:\\?(?:\/usr)?(?:\/bin\/)?printf|builtin echo|command echo)\b[^;|&`/]*;?\s*\}?$/.test(text))
    )
      return
  }
  machine.fact("misleadsReader", name.value, "function", `gives ${name.value} another meaning`)
}

/** Options and filters that leave out a part of what a command shows, or that remove a safeguard. */
const hides = /\s--(?:hide|deselect|ignore|exclude|no-preserve-root)\b|\|\s{0,9}(?:e|f)?grep\s{1,9}-[a-z]*v/

/** Reports an alias of the same kind. */
export const aliasesCommand = (machine: Machine, name: string, text: string): void => {
  const first = /^\s*\\?([^\s;|&]+)/.exec(text.slice(0, 200))?.[1]
  if (first === name && (hides.test(text.slice(0, 1000)) || (name === "rm" && /\s-[a-z]*f/.test(text.slice(0, 100))))) {
    machine.fact("misleadsReader", name, "alias", `makes ${name} show less or do more than it says`)
    return
  }
  if (wellKnown.has(name) && first !== name && first?.slice(first.lastIndexOf("/") + 1) !== name) {
    machine.fact("misleadsReader", name, "alias", `gives ${name} another meaning`)
  }
}

/** Commands that people use to look at a host, to check something, or to get more rights. */
const trusted =
  /^(?:\[|test|true|false|ls|ps|ss|netstat|lsof|top|w|who|last|id|su|sudo|login|passwd|ssh|scp|sshd|find|grep|cat|cp|mv|rm|echo|kill|systemctl|journalctl|(?:sha\d+|md5|b2)sum|gpgv?|cmp|diff|stat|file|mount|crontab|ip|iptables)$/

/** Reports files under the name of such a command, in a place where a shell looks for commands first. */
export const namesLikeCommands = (machine: Machine): void => {
  for (const path of machine.files.keys()) {
    const at = path.lastIndexOf("/")
    const directory = path.slice(0, at)
    if (!trusted.test(path.slice(at + 1)) || isOpen(path)) continue
    const site = machine.searched.get(directory)
    if (site !== undefined)
      machine.fact("misleadsReader", path, "PATH", `makes ${path.slice(at + 1)} call another program`, { site })
  }
}

/** Reports an `IFS` that keeps splitting words at characters which are no blanks. */
export const separatorsLeft = (machine: Machine): void => {
  const value = machine.variables.get("IFS")?.texts[0] ?? ""
  const site = machine.separatorSite
  if (site !== undefined && /[^\s]/.test(value) && !isOpen(value) && !machine.site.text.includes("unset IFS"))
    machine.fact("misleadsReader", "IFS", "=", "makes later commands split their words elsewhere", { site })
}

/** Commands that a pattern in place of a command name may match. */
export const patternTargets: ReadonlyArray<string> =
  "rm sh bash dash curl wget dd nc cat cp mv chmod chown tee python3 perl base64 eval find mkfs sudo".split(" ")

/** Whether a variable contains a whole command that only a changed `IFS` splits. */
const isSplitAtCharacter = (machine: Machine, { text }: Word, value: Value | undefined): boolean => {
  const separators = machine.variables.get("IFS")?.texts[0] ?? ""
  const name = /^\$\{?(\w+)\}?$/.exec(text)?.[1]
  return (
    name !== undefined &&
    /[^\s]/.test(separators) &&
    !isOpen(separators) &&
    value?.texts[0]?.includes(fieldBreak) === true &&
    machine.variables.get(name)?.texts[0]?.includes(fieldBreak) === false
  )
}

/** Reports the name of a command that is split at an unusual character, or that a name reference stands for. */
export const reportHiddenName = (machine: Machine, name: Word, value: Value | undefined): void => {
  if (machine.references.has(/^"?\$\{?(\w+)\}?"?$/.exec(name.text)?.[1] ?? ""))
    machine.fact(
      "misleadsReader",
      name.text,
      "declare -n",
      "the name of a command is in a variable that another one names"
    )
  if (isSplitAtCharacter(machine, name, value))
    machine.fact("misleadsReader", name.text, "IFS", "a command is split where there is no blank")
}
