/**
 * Checks of what the commands do: for a reader to look at, not to keep a determined author from hiding something.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Check, failedAt, type Finding, passed, skipped } from "../Check.ts"
import type { ShellSyntax } from "../ShellSyntax.ts"
import type { SetupScript } from "../SetupScript.ts"
import type { Place } from "../VerificationReport.ts"
import { isWithin } from "./fileCommands.ts"
import { unknown, unknownButSet } from "./shellTree.ts"

const overSyntax = (script: SetupScript, look: (syntax: ShellSyntax) => Finding) =>
  Result.isFailure(script.text)
    ? skipped(script.text.failure.detail)
    : Effect.map(script.syntax, Result.match({ onFailure: skipped, onSuccess: look }))

const failedWith = (places: ReadonlyArray<Place>, rest = ""): Finding =>
  failedAt(`${places.length} found${rest}`, places)

export const noFetchedCode: Check = {
  name: "noFetchedCode",
  title: "runs nothing that it fetches",
  documentation:
    'No command fetches or decodes something and runs it: curl … | sh, eval "$(wget …)", source <(curl …), base64 -d | sh, ' +
    "a download that is run afterwards, Python and the like that fetch in a line of code. Found on the syntax tree, also " +
    "inside of sh -c '…'. Package managers and container images are not looked at.",
  hint: "What these commands get is checked by nobody: look at each, or ask for a script that carries what it needs.",
  requirement: "warned",
  run: ({ script }) =>
    overSyntax(script, ({ fetchedCode }) => (fetchedCode.length === 0 ? passed("none found") : failedWith(fetchedCode)))
}

export const noBroadRemoval: Check = {
  name: "noBroadRemoval",
  title: "removes only its own",
  documentation:
    'No command removes or changes a whole part of the system: rm -r of / or a folder like /usr, or of "$VAR"/… where the ' +
    "variable may be empty, find … -delete there, mkfs, dd and redirections onto a disk. A variable that has one value in " +
    "the whole script, and one behind :?, is not empty.",
  hint: "Look at each of these lines, and at what the variables in it can be, before you run the script.",
  requirement: "warned",
  run: ({ script }) =>
    overSyntax(script, ({ broadRemovals }) =>
      broadRemovals.length === 0 ? passed("none found") : failedWith(broadRemovals)
    )
}

export const expectedWrites: Check = {
  name: "expectedWrites",
  title: "writes where it is expected to",
  documentation:
    "Redirections and the common commands that write (cp, mv, install, mkdir, tee, rm, sed -i, tar -C and so on) do so at or " +
    "below /etc, /opt, /var/lib, /var/log, /usr/local, /run, /tmp and /var/tmp, or the places that the policy names. " +
    "Relative paths, and those that begin with an unknown variable, are only counted; what other programs write is not known.",
  hint: "Look at each of these lines; name the place in the policy if it is right.",
  requirement: "warned",
  run: ({ expected: { writePlaces }, script }) =>
    overSyntax(script, ({ writes }) => {
      const judged = writes.map((write) => ({ ...write, within: isWithin(write.path, writePlaces) }))
      const outside = judged
        .filter(({ within }) => within === false)
        .map(({ message, path, position }): Place => ({ message: `${message} ${readable(path)}`, position }))
      const open = judged.filter(({ within }) => within === undefined).length
      const rest = open === 0 ? "" : `; where ${open} of ${writes.length} write shows only when it runs`
      return outside.length === 0
        ? passed(`${writes.length - open} of ${writes.length} writes in expected places${rest}`)
        : failedWith(outside, rest)
    })
}

const readable = (path: string): string => path.replaceAll(unknown, "$…").replaceAll(unknownButSet, "$…")
