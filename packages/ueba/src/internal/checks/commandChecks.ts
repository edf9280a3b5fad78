/** Checks of the commands. They help a reader, but do not stop a determined author from hiding something. */
import { type Check, failedAt, type Finding, notLooked, overSyntax, passed } from "../../Check.ts"
import type { ShellSyntax } from "../syntax/shellSyntax.ts"
import type { Place } from "../../VerificationReport.ts"
import { isHarmless, isWithin } from "../values/paths.ts"
import { readable } from "../values/shellValue.ts"

/** The findings. If the analysis was incomplete, the absence of findings proves nothing. */
const found = ({ incomplete }: ShellSyntax, places: ReadonlyArray<Place>): Finding => {
  if (places.length > 0) {
    const each = distinct(places)
    return failedAt(`${each.length} found`, each)
  }
  return incomplete ? notLooked("the script runs more commands than can be followed") : passed("none found")
}

/** A command that does the same to two files is one finding. */
const distinct = (places: ReadonlyArray<Place>): ReadonlyArray<Place> => [
  ...new Map(
    places.map((place) => [`${place.position.line}:${place.position.column} ${place.message}`, place])
  ).values()
]

const several = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const noFetchedCode: Check = {
  name: "noFetchedCode",
  title: "No fetched code",
  documentation:
    'No command fetches or decodes something and runs it: curl … | sh, eval "$(wget …)", base64 -d | sh, a download that ' +
    "is run afterwards, one-line programs in Python and the like that fetch. The check follows data through pipes, files, " +
    "variables and functions, and code within code. It does not examine packages, and reports a container image of a " +
    "registry unless the script names its digest.",
  why: "The code that these commands fetch or unpack runs as root without any check.",
  hint: "Review each line, or ask for a script that contains its code.",
  requirement: "warned",
  run: overSyntax((syntax) => found(syntax, syntax.fetchedCode))
}

export const noBroadRemoval: Check = {
  name: "noBroadRemoval",
  title: "No broad removal",
  documentation:
    "No command removes or changes a whole part of the system: rm -r of / or a directory like /usr, or of " +
    '"$VAR"/… where the variable may be empty, find … -delete there, mkfs, dd and redirections onto a disk. A ' +
    "variable with a single value in the whole script, or with :?, is not empty.",
  why: "Such a command destroys the host or the data on it.",
  hint: "Review each of these lines, and the possible values of its variables, before you run the script.",
  requirement: "warned",
  run: overSyntax((syntax) => found(syntax, syntax.broadRemovals))
}

export const expectedWrites: Check = {
  name: "expectedWrites",
  title: "Expected writes",
  documentation:
    "Redirections and the common commands that write (cp, mv, install, mkdir, tee, rm, sed -i, tar -C and so on) " +
    "do so at or below /etc, /opt, /var/lib, /var/log, /usr/local, /run, /tmp and /var/tmp, or the places that " +
    "the policy names. Relative paths, and those that start with an unknown variable, are only counted. Writes of " +
    "other programs are unknown.",
  why: "The script changes parts of the system that a setup script has no reason to change.",
  hint: "Review each of these lines. If the place is expected, add it to the policy.",
  requirement: "warned",
  run: overSyntax(({ writes }, { expected: { writePlaces } }) => {
    const judged = writes
      .filter(({ path }) => !isHarmless(path))
      .map((write) => ({ ...write, within: isWithin(write.path, writePlaces) }))
    const outside = judged
      .filter(({ within }) => within === false)
      .map(({ message, path, position }): Place => ({ message: `${message} ${readable(path)}`, position }))
    const open = judged.filter(({ within }) => within === undefined).length
    const rest = open === 0 ? "" : `; ${several(open, "path is", "paths are")} known only when the script runs`
    return outside.length === 0
      ? passed(
          judged.length === open
            ? `none in other places${rest}`
            : `${several(judged.length - open, "write", "writes")}, all in expected places${rest}`
        )
      : failedAt(`${several(outside.length, "write", "writes")} in other places${rest}`, outside)
  })
}

export const noSensitiveChanges: Check = {
  name: "noSensitiveChanges",
  title: "No sensitive changes",
  documentation:
    "No command changes what gives power over the host or guards it: sudoers, PAM, users and passwords, SSH keys, cron, " +
    "systemd units, login scripts, trusted certificates and package sources, udev, the kernel, firewall, audit and SELinux, " +
    "the history, the network, clock and power of the host, and other software that the script does not install. Such a " +
    "change is listed even if the policy allows the place.",
  why: "An attacker who controls these places controls the host, also after the setup.",
  hint: "Check that the setup needs each of these changes before you run the script as root.",
  requirement: "warned",
  run: overSyntax((syntax) => found(syntax, syntax.sensitiveChanges))
}

export const noReaderTricks: Check = {
  name: "noReaderTricks",
  title: "No tricks on the reader",
  documentation:
    "The script does what it appears to do. The check finds characters that look like an operator or a quote, code after " +
    "many blanks, functions and aliases that replace well-known commands, PATH, LD_PRELOAD and the like, patterns as " +
    "command names, a script that changes itself.",
  why: "The script does something else than its text suggests to a reader.",
  hint: "Read these lines with cat -A, and ask the author why they are there.",
  requirement: "warned",
  run: overSyntax((syntax) => found(syntax, syntax.readerTricks))
}
