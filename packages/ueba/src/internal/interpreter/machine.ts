/**
 * The state of a script during its abstract interpretation, as far as the text shows: variables, functions, files and the current
 * directory; and the facts found. `interpreter.ts` and `invocation.ts` change it.
 *
 * Runs in the parser's thread and in the main thread: imports only types and modules of `internal`.
 */
import { initialVariables } from "../values/initialVariables.ts"
import type { Function as FunctionNode } from "unbash"
import type { FactKind } from "../../ScriptFacts.ts"
import type { FoundFact, FoundWrite } from "./findings.ts"
import { urlConcern } from "../rules/deceptiveUrls.ts"
import { isWeakness, variableConcern } from "../rules/environmentVariables.ts"
import { wordsOf } from "../syntax/scriptWords.ts"
import { matchingPaths } from "../values/glob.ts"
import { breadthOf, isHarmless, normal, resolve, withoutUnknownStart } from "../values/paths.ts"
import { type Owner, ownerOf } from "../rules/otherSoftware.ts"
import { concernOf } from "../rules/sensitivePlaces.ts"
import { offsetOf, type Parser, type Site } from "../syntax/shellTree.ts"
import {
  constant,
  either,
  fieldBreak,
  isOpen,
  named,
  type Origin,
  originAmong,
  ownPath,
  plain,
  readable,
  unknownButSet,
  type Value
} from "../values/shellValue.ts"

/** A function of the script, with the text that its positions refer to. */
export interface ShellFunction {
  readonly node: FunctionNode
  readonly text: string
  readonly anchor: number | undefined
  readonly definedIn: Frame
}

/** The state of one function call. */
export interface Frame {
  /** `undefined` if the arguments are not known. */
  positional: ReadonlyArray<Value> | undefined
  readonly name: string
  readonly locals: Array<readonly [name: string, before: Value | undefined]>
}

/** Commands that are interpreted. 4 MiB of a setup script's code, the default size limit, have 140,000. */
const commandLimit = 200_000

/** The maximum number of facts of one kind. */
const factLimit = 1000

export class Machine {
  readonly parser: Parser
  readonly facts: Array<FoundFact> = []
  readonly writes: Array<FoundWrite> = []
  readonly variables = new Map<string, Value>(initialVariables)
  readonly functions = new Map<string, ShellFunction>()
  readonly calledFunctions = new Set<string>()
  readonly activeFunctions = new Set<string>()
  readonly aliases = new Map<string, Value>()
  readonly files = new Map<string, Value>()
  /** Files that can be called by name, without a path. */
  readonly programs = new Map<string, string>()
  /** Directories whose content comes from outside the script. */
  readonly directories = new Map<string, Origin>()
  /** The current directory, if the script has changed it. */
  directory: string | undefined
  /** Whether a failed command ends the script (`set -e`). */
  endsOnFailure = false
  /** Whether the script may still be in another directory, because nothing has checked its last `cd`. */
  directoryUnchecked = false
  /** Greater than 0 while the script is at a place that it may not reach. */
  conditional = 0
  /** Greater than 0 while the output of commands is read. */
  capturing = 0
  codeDepth = 0
  frame: Frame = { positional: undefined, name: "", locals: [] }
  /** The current command. */
  site: Site
  /** The current pipeline, from its second command on. */
  pipelineSite: Site | undefined
  /** The standard input that `exec <` has set. */
  shellInput: Value | undefined
  /** Whether a shell without code has run in the current pipeline. */
  shellInPipeline = false
  /** Whether the step budget ran out before everything was interpreted. */
  incomplete = false

  readonly #undo: Array<readonly [name: string, before: Value | undefined]> = []
  #scopes = 0
  #ids = 0
  #steps = 0
  readonly #stepLimit: number
  #spent = 0
  readonly #spendingLimit: number
  readonly #seen = new Set<string>()
  readonly #counts = new Map<FactKind, number>()

  readonly #text: string
  #readsInput: boolean | undefined

  constructor(parser: Parser, root: Site) {
    this.#text = root.text
    this.parser = parser
    this.site = root
    this.#stepLimit = 20_000 + (root.text.length >> 4)
    this.#spendingLimit = 1_000_000 + 4 * root.text.length
  }

  /**
   * Counts repeated work: another call of a function, another value of a word, code within code. Returns `false` when the
   * budget is used up.
   */
  step(count = 1): boolean {
    this.#steps += count
    if (this.#steps <= this.#stepLimit && this.#spent <= this.#spendingLimit) return true
    this.incomplete = true
    return false
  }

  /**
   * Counts the characters of expanded words, because the cost of a word is proportional to its length. Returns `false`
   * when the budget is used up; words are then no longer expanded.
   */
  spend(characters: number): boolean {
    this.#spent += characters
    if (this.#spent <= this.#spendingLimit) return true
    this.incomplete = true
    return false
  }

  /** Whether the script reads input anywhere. */
  get readsInput(): boolean {
    this.#readsInput ??= /\bread\b/.test(this.#text)
    return this.#readsInput
  }

  /** The number of interpreted commands, including repetitions. The time of the analysis is proportional to it. */
  work = 0

  /** Counts a command; within a repeated call, also as a repeated step. Returns `false` when there were too many. */
  look(): boolean {
    this.work += 1
    if (this.repeating > 0) this.#steps += 1
    if (this.work <= commandLimit) return true
    this.incomplete = true
    return false
  }

  /** The number of active calls that repeat an earlier call. */
  repeating = 0

  /** Creates an unknown value. */
  fresh(origin?: Origin, mark: "\u0000" | "\u0001" = "\u0000"): Value {
    this.#ids += 1
    return { texts: named(`#${this.#ids}`, mark).texts, origin }
  }

  fact(
    kind: FactKind,
    subject: string,
    by: string,
    concern?: string,
    {
      broad = false,
      owner,
      site = this.site
    }: { readonly broad?: boolean; readonly owner?: Owner | undefined; readonly site?: Site } = {}
  ): void {
    const shown = readable(subject)
    const count = this.#counts.get(kind) ?? 0
    const key = `${kind} ${offsetOf(site)} ${concern ?? ""} ${kind === "runsFetchedCode" || kind === "runsHiddenCode" ? "" : shown}`
    if (count >= factLimit || this.#seen.has(key)) return
    this.#seen.add(key)
    this.#counts.set(kind, count + 1)
    this.facts.push({ kind, subject: shown, by, concern, broad, site, owner })
  }

  /** Runs `work` in a subshell: changes to variables and the directory are undone afterwards. */
  scoped<A>(work: () => A): A {
    const mark = this.#undo.length
    const { directory, frame } = this
    const { positional } = frame
    this.#scopes += 1
    try {
      return work()
    } finally {
      this.#scopes -= 1
      for (let change = this.#undo.at(-1); this.#undo.length > mark; change = this.#undo.at(-1)) {
        this.#undo.pop()
        if (change !== undefined) this.#restore(change)
      }
      this.directory = directory
      this.frame = frame
      frame.positional = positional
    }
  }

  /** Runs `work` at a place that the script may not reach. */
  maybe<A>(work: () => A): A {
    this.conditional += 1
    try {
      return work()
    } finally {
      this.conditional -= 1
    }
  }

  assign(name: string, value: Value, by = "="): void {
    const before = this.variables.get(name)
    if (this.#scopes > 0) this.#undo.push([name, before])
    this.variables.set(name, this.conditional > 0 && before !== undefined ? either(before, value) : value)
    if (name === "IFS") this.separatorSite = this.site
    if (name === "PATH") this.#searches(value.texts[0] ?? "")
    for (const text of value.texts) {
      const deceptive = urlConcern(text)
      if (deceptive !== undefined) this.fact("misleadsReader", `${name}=${text}`, by, deceptive)
      const concern = variableConcern(name, name === "PATH" ? text : plain(text))
      if (concern !== undefined) {
        this.fact(isWeakness(concern) ? "weakensDefence" : "misleadsReader", `${name}=${text}`, by, concern)
      }
    }
  }

  /** Records the directories before those of the system. */
  #searches(path: string): void {
    for (const place of path.slice(0, 4096).split(":")) {
      if (/^\/(?:usr\/)?s?bin$/.test(place) || isOpen(place)) break
      this.searched.set(normal(place), this.site)
    }
  }

  /** Assigns a value and discards the previous one. */
  replace(name: string, value: Value): void {
    if (this.#scopes > 0) this.#undo.push([name, this.variables.get(name)])
    this.variables.set(name, value)
  }

  /** Declares a variable of the current function. */
  local(name: string): void {
    if (this.frame.name !== "") this.frame.locals.push([name, this.variables.get(name)])
  }

  /** @param surely also unset the variable at a place that the script may not reach */
  unset(name: string, surely = false): void {
    const before = this.variables.get(name)
    if (this.#scopes > 0) this.#undo.push([name, before])
    if (surely || this.conditional === 0) this.variables.delete(name)
  }

  endFrame(frame: Frame): void {
    for (const change of frame.locals.reverse()) this.#restore(change)
  }

  #restore([name, before]: readonly [string, Value | undefined]): void {
    if (before === undefined) this.variables.delete(name)
    else this.variables.set(name, before)
  }

  /** Name references to other variables. */
  readonly references = new Map<string, string>()

  variable(reference: string): Value {
    const name = this.references.get(reference) ?? reference
    if (name === "@" || name === "*") {
      const { positional } = this.frame
      if (positional === undefined) return named(`${this.frame.name}:@`)
      return {
        texts: [positional.map((value) => value.texts[0] ?? "").join(fieldBreak)],
        origin: originAmong(positional)
      }
    }
    if (/^[1-9]\d*$/.test(name)) {
      const { positional } = this.frame
      return positional === undefined
        ? named(`${this.frame.name}:${name}`)
        : (positional[Number(name) - 1] ?? constant(""))
    }
    const value = this.variables.get(name)
    if (value === undefined) return named(name)
    return value.texts.some((text) => text.includes(fieldBreak)) && !name.endsWith("]")
      ? { texts: value.texts.map((text) => text.split(fieldBreak, 1)[0] ?? ""), origin: value.origin }
      : value
  }

  /** All elements of an array. */
  elements(name: string): Value {
    return this.variables.get(name) ?? named(name)
  }

  absolute(path: string): string {
    return normal(resolve(path, this.directory))
  }

  /** The content of a file, if the script determines it. */
  file(path: string, stdin: Value | undefined): Value | undefined {
    if (/^(?:-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/.test(path)) return stdin
    if (/^\/dev\/(?:tcp|udp)\/./.test(path)) return this.fresh({ kind: "fetched", source: path })
    if (path === ownPath) return { texts: this.fresh().texts, origin: { kind: "own", source: "$0" } }
    const key = this.absolute(path)
    if (this.fifos.size > 0 && !this.files.has(key) && this.fifos.delete(key)) this.awaited = true
    if (this.files.size === 0 && this.directories.size === 0) return undefined
    const value = this.files.get(key) ?? this.files.get(this.matching(key)[0] ?? "")
    if (value !== undefined) return value
    const origin = this.originOfDirectory(key)
    return origin === undefined ? undefined : this.fresh(origin)
  }

  /** The files of the script that a pattern matches, in the order in which a shell lists them. */
  matching(path: string): ReadonlyArray<string> {
    return this.step() ? matchingPaths(this.absolute(path), [...this.files.keys()].slice(0, 64)) : []
  }

  originOfDirectory(path: string): Origin | undefined {
    if (this.directories.size === 0 || path.length > 4096) return undefined
    for (let at = path; ; at = at.slice(0, at.lastIndexOf("/"))) {
      const origin = this.directories.get(at === "" ? "/" : at)
      if (origin !== undefined) return origin
      if (!at.includes("/")) return path.startsWith("/") || isOpen(at) ? undefined : this.directories.get(".")
    }
  }

  setFile(path: string, value: Value, append = false): void {
    if (path === "" || (isHarmless(path) && !path.startsWith("/dev/shm/"))) return
    const key = this.absolute(path)
    const before = this.files.get(key)
    const program = /^(?:\/(?:usr\/(?:local\/)?)?s?bin|~\/(?:\.local\/)?bin|\/opt\/bin)\/([^/]+)$/.exec(
      key.slice(0, 300)
    )?.[1]
    if (program !== undefined) this.programs.set(program, key)
    this.files.set(
      key,
      before === undefined || (!append && this.conditional === 0)
        ? value
        : append && before.texts.length === 1 && value.texts.length === 1 && before.origin === undefined
          ? {
              texts: [before.texts[0] + (value.texts[0] ?? "")].map((text) => (text.length > 65_536 ? "\u0000" : text)),
              origin: value.origin
            }
          : either(value, before)
    )
  }

  /** Directories that the script has put before those of the system in `PATH`, and where it did so. */
  readonly searched = new Map<string, Site>()
  /** Where the script has last set `IFS`. */
  separatorSite: Site | undefined
  #words: ReadonlySet<string> | undefined

  /** The words of the whole script. */
  words(): ReadonlySet<string> {
    this.#words ??= wordsOf(this.#text)
    return this.#words
  }

  /** Named pipes that the script has created and not yet written to. */
  readonly fifos = new Set<string>()
  /** Whether the current statement has read from such a pipe. */
  awaited = false

  /** Symbolic links that the script has created, with their targets. */
  readonly links = new Map<string, string>()

  /** Sets what a process substitution or a file descriptor returns when it is read. */
  setPseudoFile(path: string, value: Value): void {
    this.files.set(path, value)
  }

  /** Records that a command writes to or removes `path`. */
  wrote(path: string, by: string): void {
    const resolved = this.#recorded(path, by)
    if (resolved === undefined) return
    const kind = isRemoval(by) ? "removes" : "writes"
    const concern = by === "mkdir" ? undefined : this.#placeConcern(resolved)
    const owner = concern === undefined && by !== "mkdir" ? ownerOf(normal(withoutUnknownStart(resolved))) : undefined
    if (owner === undefined) this.fact(kind, resolved, by, concern)
    else
      this.fact(kind, resolved, by, `${kind === "removes" ? "removes" : "changes"} files of other software`, { owner })
  }

  /** Records that a command takes `path` away from where it was, if that matters. */
  tookAway(path: string, by: string): void {
    const whole = plain(resolve(path, this.directory))
    if (!whole.startsWith("/") || whole.endsWith("*")) return
    const broad = breadthOf(whole, "removes")
    const owner = broad === undefined ? ownerOf(normal(whole)) : undefined
    if (broad !== undefined) this.fact("removes", whole, by, broad, { broad: true })
    else if (owner !== undefined) this.fact("removes", whole, by, "removes files of other software", { owner })
  }

  /** Records that a command removes or changes `path` recursively. */
  changedWhole(path: string, by: string, verb: "removes" | "changes"): void {
    const resolved = this.#recorded(path, by)
    if (resolved === undefined) return
    if (this.directoryUnchecked && verb === "removes" && /^(?:\.\/)*(?:\.|\*|\.\*)$/.test(path)) {
      this.fact("removes", path, by, "removes another directory where the change to this one fails", { broad: true })
      return
    }
    const kind = verb === "removes" ? "removes" : "changesPermissions"
    const concern = breadthOf(resolved, verb)
    if (concern !== undefined) this.fact(kind, resolved, by, concern, { broad: true })
    else {
      const sensitive = this.#placeConcern(resolved)
      const owner = sensitive === undefined ? ownerOf(normal(withoutUnknownStart(resolved))) : undefined
      this.fact(kind, resolved, by, owner === undefined ? sensitive : `${verb} files of other software`, { owner })
    }
  }

  #recorded(path: string, by: string): string | undefined {
    if (path === "" || path === "-") return undefined
    const named = isOpen(this.directory ?? "") ? path : resolve(path, this.directory)
    const whole = plain(this.#behindLinks(named))
    // `/etc/cron.d/$(basename "$0")` is another file than the script.
    const resolved = whole === ownPath ? whole : whole.replaceAll(ownPath, unknownButSet)
    if (resolved === ownPath) {
      if (!isRemoval(by) && !/^ch(?:mod|own|grp)$/.test(by)) {
        this.fact("misleadsReader", ownPath, by, "changes itself")
      } else if (isRemoval(by)) {
        this.fact("misleadsReader", ownPath, by, "removes itself")
      }
      return undefined
    }
    if (this.writes.length < factLimit * 5) this.writes.push({ site: this.site, by, path: resolved })
    return isHarmless(resolved) ? undefined : resolved
  }

  /** Resolves a path through links that the script has created. */
  #behindLinks(path: string): string {
    if (this.links.size === 0 || path.length > 4096) return path
    const whole = normal(path)
    for (let end = whole.length, depth = 0; end > 0 && depth < 16; end = whole.lastIndexOf("/", end - 1), depth++) {
      const target = this.links.get(whole.slice(0, end))
      if (target !== undefined) return target + (end === whole.length && path.endsWith("/") ? "/" : whole.slice(end))
    }
    return path
  }

  #placeConcern(path: string): string | undefined {
    const certain = normal(withoutUnknownStart(path))
    return concernOf(certain.startsWith("~root/") ? `/root/${certain.slice(6)}` : certain)
  }
}

const isRemoval = (by: string): boolean => /^(?:rm|srm|shred|wipe|unlink|rmdir|trash)$/.test(by)
