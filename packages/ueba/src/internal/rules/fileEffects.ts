/**
 * The effects of common commands on files: which files they remove, write, copy and change, according to their arguments.
 */
import { baseName, resolve } from "../values/paths.ts"
import { isOpen } from "../values/shellValue.ts"

export interface FileEffects {
  /** Removed recursively, or overwritten so that the content is lost. */
  readonly removedWhole?: ReadonlyArray<string>
  /** Changed recursively. */
  readonly changedWhole?: ReadonlyArray<string>
  readonly written?: ReadonlyArray<string>
  /** Copied or moved with their content. */
  readonly copied?: ReadonlyArray<readonly [from: string, to: string]>
  /** Taken from where they were. */
  readonly moved?: ReadonlyArray<string>
  /** Unpacked archives, each with its target directory. */
  readonly unpacked?: ReadonlyArray<readonly [archive: string, directory: string]>
  /** Disks that are overwritten or erased. */
  readonly disks?: ReadonlyArray<string>
}

/** The arguments that are not options; all arguments after `--` are operands. */
export const operandsOf = (args: ReadonlyArray<string>, valued: RegExp = /^$/): ReadonlyArray<string> => {
  const operands: Array<string> = []
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ""
    if (argument === "--") return [...operands, ...args.slice(at + 1)]
    if (valued.test(argument)) at++
    else if (!/^-./.test(argument)) operands.push(argument)
  }
  return operands
}

/** The value of the first of these options: the next argument, the rest of a short option, or the text after `=`. */
export const optionOf = (args: ReadonlyArray<string>, ...names: ReadonlyArray<string>): string | undefined => {
  for (const [at, argument] of args.entries()) {
    if (argument === "--") return undefined
    for (const name of names) {
      if (argument === name) return args[at + 1]
      if (name.startsWith("--") ? argument.startsWith(`${name}=`) : argument.startsWith(name)) {
        return argument.slice(name.startsWith("--") ? name.length + 1 : name.length)
      }
    }
  }
  return undefined
}

/** The value of a short option that may be the last of a group: `-fsSLo FILE`, `-xzfFILE`. */
export const groupedOption = (args: ReadonlyArray<string>, letter: string, long: string): string | undefined => {
  for (const [at, argument] of args.entries()) {
    if (argument === "--") return undefined
    if (argument === long) return args[at + 1]
    if (argument.startsWith(`${long}=`)) return argument.slice(long.length + 1)
    if (!/^-[a-zA-Z0-9#]/.test(argument)) continue
    const place = argument.indexOf(letter)
    if (place > 0) return place + 1 < argument.length ? argument.slice(place + 1) : args[at + 1]
  }
  return undefined
}

const has = (args: ReadonlyArray<string>, pattern: RegExp): boolean => args.some((argument) => pattern.test(argument))

const recursive = /^(?:-[a-zA-Z]*[rR]|--recursive$|--no-preserve-root$)/

/** The effects of a command; `undefined` if the command is unknown here. */
export const effectsOf = (name: string, args: ReadonlyArray<string>): FileEffects | undefined => {
  switch (name) {
    case "rm":
    case "srm":
    case "shred":
    case "wipe":
    case "unlink":
    case "rmdir":
    case "trash": {
      const operands = operandsOf(args, name === "shred" ? /^-[ns]$|^--(?:iterations|size|random-source)$/ : /^$/)
      const whole =
        name !== "unlink" &&
        name !== "rmdir" &&
        (has(args, recursive) || operands.some((path) => path.startsWith("/") && path.endsWith("*") && !isOpen(path)))
      return {
        written: operands,
        ...(whole ? { removedWhole: operands } : undefined),
        disks: name === "shred" || name === "wipe" ? operands : []
      }
    }
    case "mv":
    case "cp":
    case "ln":
    case "install":
    case "rename":
    case "link":
    case "ginstall":
      return copyEffects(name, args)
    case "rsync":
    case "scp":
    case "rclone": {
      const operands = operandsOf(args, /^-(?:[efoiPSJFcl]|-rsh|-filter|-exclude|-include|-files-from)$/)
      const to = operands.at(-1) ?? ""
      const emptied = name === "rsync" && has(args, /^--(?:delete|remove-source-files)/) && !to.includes(":")
      return {
        written: to.includes(":") ? [] : [to],
        copied: operands.slice(0, -1).map((from) => [from, to] as const),
        ...(emptied ? { removedWhole: [to] } : undefined)
      }
    }
    case "mkdir":
    case "touch":
    case "truncate":
    case "fallocate":
    case "mkfifo":
    case "sponge":
    case "tee":
    case "mktemp":
      if (name === "mktemp") return {}
      return {
        written: operandsOf(args, name === "mkdir" ? /^-[mZ]$/ : /^-[mstrdZlo]$/),
        disks: name === "truncate" ? args : []
      }
    case "split":
    case "csplit":
      // The second operand is the prefix of the file names.
      return {
        written:
          name === "split"
            ? operandsOf(args, /^-[abCltn]$|^--(?:bytes|lines|number|suffix-length|filter|separator)$/).slice(1, 2)
            : [optionOf(args, "-f", "--prefix") ?? ""]
      }
    case "ssh-keygen":
      return has(args, /^-[a-zA-Z]*[lyFeicBLrQY]/) ? {} : { written: [optionOf(args, "-f") ?? ""] }
    case "mknod":
      return { written: operandsOf(args, /^-[mZ]$/).slice(0, 1) }
    case "chmod":
    case "chown":
    case "chgrp":
    case "setfacl":
    case "chattr":
    case "chcon": {
      const operands =
        name === "setfacl"
          ? operandsOf(args, /^-[mxMX]$/)
          : operandsOf(args.filter((argument) => !/^[-+=][a-zA-Z]*$/.test(argument) || argument === "-R"))
      const plain =
        name === "setfacl" ||
        (has(args, /^[-+=][a-zA-Z]*[wxsti]/) &&
          name !== "chown" &&
          name !== "chgrp" &&
          operands.length > 0 &&
          /^[/.~]/.test(operands[0] ?? ""))
          ? operands
          : operands.slice(1)
      return { written: plain, ...(has(args, recursive) ? { changedWhole: plain } : undefined) }
    }
    case "setcap":
      return { written: operandsOf(args).slice(1) }
    case "sed":
    case "gsed":
    case "perl":
    case "ruby":
      if (/^g?sed$/.test(name) && !has(args, /^(?:-[a-zA-Z0-9]*i|--in-place)/)) {
        const written = args.flatMap(
          (argument) => /(?:^|[;\s/\dgp])w\s+(\/\S+)/.exec(argument.slice(0, 4096))?.[1] ?? []
        )
        return written.length === 0 ? undefined : { written }
      }
      return has(args, /^(?:-[a-zA-Z0-9]*i|--in-place)/)
        ? {
            written: operandsOf(args, /^-(?:[a-zA-Z]*[ef]|-expression|-file)$/).slice(
              has(args, /^(?:-[a-zA-Z]*[ef]|--expression|--file)/) ? 0 : 1
            )
          }
        : undefined
    case "awk":
    case "gawk":
      return has(args, /^inplace$/) ? { written: operandsOf(args, /^-[ifvF]$/).slice(1) } : undefined
    case "ed":
      return { written: operandsOf(args, /^-p$/).slice(0, 1) }
    case "ex":
    case "vi":
    case "vim":
    case "nvim":
      return { written: operandsOf(args, /^-[a-zA-Z]*[cSuT]$|^--cmd$/).filter((file) => !file.startsWith("+")) }
    case "git":
      // Outside a work tree of the script, most files of a directory are untracked.
      return operandsOf(args, /^-[cC]$/)[0] === "clean" && has(args, /^-[a-zA-Z]*f|^--force$/)
        ? { removedWhole: [optionOf(args, "-C", "--work-tree") ?? "."] }
        : undefined
    case "patch":
      return {
        written: [
          optionOf(args, "-d", "--directory") ?? optionOf(args, "-o") ?? operandsOf(args, /^-[pidoBrzFVY]$/)[0] ?? ""
        ]
      }
    case "dd": {
      const to = args.find((argument) => argument.startsWith("of="))?.slice(3)
      const from = args.find((argument) => argument.startsWith("if="))?.slice(3)
      return to === undefined ? {} : { written: [to], disks: [to], copied: from === undefined ? [] : [[from, to]] }
    }
    case "tar":
    case "bsdtar":
    case "gtar":
      return tarEffects(args)
    case "unzip":
      return {
        written: [optionOf(args, "-d") ?? ""],
        unpacked: [[operandsOf(args, /^-[dx]$/)[0] ?? "", optionOf(args, "-d") ?? "."]]
      }
    case "zip":
      return {
        written: operandsOf(args, /^-[tnxib]$/).slice(0, 1),
        ...(has(args, /^(?:-[a-zA-Z]*m[a-zA-Z]*|--move)$/) ? { removedWhole: operandsOf(args).slice(1) } : undefined)
      }
    case "7z":
    case "7za":
    case "cpio":
    case "ar":
    case "unrar":
    case "unsquashfs": {
      // `7z a -sdel` moves the files into the archive.
      if (name.startsWith("7z") && /^[au]$/.test(args[0] ?? ""))
        return {
          written: operandsOf(args).slice(1, 2),
          ...(has(args, /^-sdel$/) ? { removedWhole: operandsOf(args).slice(2) } : undefined)
        }
      if (name === "cpio" && has(args, /^(?:-[a-zA-Z]*p|--pass-through)/))
        return { written: operandsOf(args).slice(-1) }
      const directory =
        optionOf(args, "-D", "--directory") ?? args.find((argument) => /^-o./.test(argument))?.slice(2) ?? "."
      return {
        written: [directory],
        unpacked: [[operandsOf(args).find((argument) => argument.includes(".")) ?? "", directory]]
      }
    }
    case "gunzip":
    case "unxz":
    case "bunzip2":
    case "unzstd":
    case "gzip":
    case "xz":
    case "bzip2":
    case "zstd": {
      if (!name.startsWith("un") && name !== "gunzip" && name !== "bunzip2" && !has(args, /^-[a-z]*d|^--decompress/))
        return undefined
      if (has(args, /^-[a-z]*c|^--stdout/)) return undefined
      const output = name.includes("zstd") ? optionOf(args, "-o") : undefined
      return {
        copied: operandsOf(args, /^-o$/).map(
          (file) => [file, output ?? file.replace(/\.(?:gz|xz|bz2|zst)$/, "")] as const
        )
      }
    }
    case "openssl":
      // Options of openssl are whole words: -noout and -outform do not name a file.
      return {
        written: args.flatMap((argument, at) => (/^-(?:key)?out$/.test(argument) ? args.slice(at + 1, at + 2) : []))
      }
    case "gpg":
    case "gpg2":
    case "sort":
    case "gcc":
    case "cc":
    case "clang":
    case "ld":
    case "go":
    case "rustc":
    case "age":
    case "jc":
      return {
        written: [
          optionOf(args, "-out", "--output") ??
            groupedOption(
              args.filter((argument) => /^-[a-z]?o|^[^-]/.test(argument)),
              "o",
              "--output"
            ) ??
            ""
        ]
      }
    case "patchelf":
      return { written: operandsOf(args, /^--(?:set-\w[\w-]*|add-needed|replace-needed)$/).slice(-1) }
    case "crudini":
      return { written: has(args, /^--(?:set|del|merge)$/) ? operandsOf(args).slice(0, 1) : [] }
    case "yq":
    case "dasel":
    case "xmlstarlet":
    case "xml":
    case "tomlq":
      return {
        written: has(args, /^(?:-[a-z]*i|--in-?place|-L|put)$/)
          ? operandsOf(args, /^-(?:[fsutvn]|-file)$/)
              .slice(1)
              .filter((path) => path.includes("/"))
          : []
      }
    case "augtool":
      return { written: operandsOf(args).slice(1, 2) }
    case "wipefs":
    case "blkdiscard":
    case "sgdisk":
    case "sfdisk":
    case "fdisk":
    case "gdisk":
    case "parted":
    case "badblocks":
    case "hdparm":
      return has(args, /^(?:-[a-zA-Z]*[lJ][a-zA-Z]*|-[dpgtTI]|--(?:list|dump|json|verify|show-\S+)\S*|print)$/) ||
        (name === "wipefs" && !has(args, /^(?:-[a-z]*a|--all|-o)/))
        ? {}
        : { disks: args }
    case "pvremove":
    case "vgremove":
    case "lvremove":
    case "zpool":
    case "zfs":
      return name.endsWith("remove") || args[0] === "destroy" ? { disks: ["/dev/mapper/"] } : {}
    default:
      if (/^mk(?:fs|e2fs|swap|dosfs|ntfs)\b/.test(name))
        return {
          disks: args
            .filter(
              (argument) => argument.startsWith("/dev/") || (isOpen(argument.charAt(0)) && !argument.includes("/"))
            )
            .map((path) => (path.startsWith("/dev/") ? path : "/dev/mapper/"))
        }
      if (name === "cryptsetup" && has(args, /^(?:luksFormat|erase|luksErase|reencrypt)$/))
        return { disks: ["/dev/mapper/"] }
      return undefined
  }
}

const copyEffects = (name: string, args: ReadonlyArray<string>): FileEffects => {
  const into = optionOf(args, "-t", "--target-directory")
  const operands = operandsOf(
    args,
    name === "install"
      ? /^-[tmogS]$|^--(?:mode|owner|group|target-directory|suffix)$/
      : /^-[tS]$|^--(?:target-directory|suffix)$/
  )
  if (name === "install" && has(args, /^(?:-[a-zA-Z]*d|--directory)$/)) return { written: operands }
  const from = into === undefined ? operands.slice(0, -1) : operands
  const to = into ?? (operands.length > 1 ? operands.at(-1) : undefined)
  if (to === undefined) return {}
  const whole =
    name === "mv" && (/^\/dev\/null$|^\/tmp\b/.test(to) || from.some((path) => /^\/[^/]*$/.test(path) && !isOpen(path)))
  return {
    written: [to],
    copied: from.flatMap((file) => [
      [file, to] as const,
      // A file that is copied into a directory keeps its name.
      [file, `${to.endsWith("/") ? to.slice(0, -1) : to}/${baseName(file)}`] as const
    ]),
    ...(whole ? { removedWhole: from } : name === "mv" ? { moved: from } : undefined)
  }
}

const tarEffects = (args: ReadonlyArray<string>): FileEffects => {
  // The first argument may omit the dash: `tar xzf a`.
  const [first = "", ...rest] = args
  const dashed = /^[a-zA-Z]+$/.test(first) ? [`-${first}`, ...rest] : args
  const extracts = has(dashed, /^(?:-[a-zA-Z]*x|--extract$|--get$)/)
  const archive =
    groupedOption(
      dashed.filter((argument) => !argument.startsWith("-C")),
      "f",
      "--file"
    ) ?? "-"
  const directory = optionOf(args, "-C", "--directory", "--cd") ?? groupedOption(dashed, "C", "--directory")
  // With absolute names, the archive determines where its files are written.
  const anywhere = has(dashed, /^(?:-[a-zA-Z]*P|--absolute-names$)/)
  if (extracts)
    return { written: [directory ?? ".", ...(anywhere ? ["/"] : [])], unpacked: [[archive, directory ?? "."]] }
  if (!has(dashed, /^-[a-zA-Z]*[cru]|^--(?:create|append|update)$/)) return {}
  return {
    written: archive === "-" ? [] : [archive],
    ...(has(args, /^--remove-files$/)
      ? {
          removedWhole: operandsOf(dashed, /^-[a-zA-Z]*[fCTX]$|^--(?:file|directory|exclude|files-from)$/).map((path) =>
            resolve(path, directory)
          )
        }
      : undefined)
  }
}
