/**
 * Verifications whose result nothing depends on: `sha256sum -c sums || true`.
 *
 * Runs in the parser's thread and in the main thread: imports types only.
 */
import type { AndOr, Command, If, SyntaxNode } from "unbash"

/** Commands that verify a digest or a signature, with the arguments that make them do so. */
const verifiers: ReadonlyMap<string, RegExp> = new Map([
  ...["sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "md5sum", "shasum", "cksum"].map(
    (name) => [name, /^(?:-[a-z]*c[a-z]*|--check)$/] as const
  ),
  ["gpg", /^--verify/],
  ["gpg2", /^--verify/],
  ["gpgv", /./],
  ["gpgv2", /./],
  ["openssl", /^-verify$/],
  ["cosign", /^verify/],
  ["minisign", /^-[a-zA-Z]*V/],
  ["signify", /^-[a-zA-Z]*[VC]/],
  ["signify-openbsd", /^-[a-zA-Z]*[VC]/],
  ["rpm", /^(?:-[a-z]*K|--checksig)/],
  ["rpmkeys", /^(?:-[a-z]*K|--checksig)/],
  ["debsig-verify", /./],
  ["dpkg-sig", /^--verify/],
  ["codesign", /^--verify/],
  ["slsa-verifier", /./],
  ["notation", /^verify/]
])

const isVerifier = (node: SyntaxNode | undefined): boolean => {
  const command = node?.type === "Pipeline" ? node.commands.at(-1) : node
  if (command?.type !== "Command" || command.name === undefined) return false
  const words = [command.name, ...command.args].map(({ text }) => text)
  const at = /^(?:sudo|command|env)$/.test(words[0] ?? "") ? 1 : 0
  const verifies = verifiers.get((words[at] ?? "").replace(/^.*\//, ""))
  return verifies !== undefined && words.slice(at + 1, at + 40).some((word) => verifies.test(word))
}

/** Commands that only say something. */
const says = /^(?:true|:|echo|printf|log|warn|warning|info|msg|logger)$/

const onlySays = (node: SyntaxNode): boolean => {
  switch (node.type) {
    case "Command":
      return node.name !== undefined && says.test(node.name.text) && !node.args.some(({ text }) => text.includes("$("))
    case "Statement":
      return onlySays(node.command)
    case "BraceGroup":
    case "Subshell":
      return node.body.commands.length > 0 && node.body.commands.every(onlySays)
    case "CompoundList":
      return node.commands.length > 0 && node.commands.every(onlySays)
    default:
      return false
  }
}

const message = "the result of a verification is ignored"

/** Whether a list or a condition goes on after a failed verification as if it had succeeded. */
export const ignoredVerification = (node: SyntaxNode): string | undefined => {
  switch (node.type) {
    case "AndOr":
      return ignoredInList(node) ? message : undefined
    case "If":
      return ignoredInCondition(node) ? message : undefined
    case "Command":
      return feigned(node) ? "a verification that a command before it keeps from running" : undefined
    default:
      return undefined
  }
}

const ignoredInList = ({ commands, operators }: AndOr): boolean => {
  const last = commands.at(-1)
  return (
    operators.at(-1) === "||" &&
    last !== undefined &&
    onlySays(last) &&
    commands.slice(0, -1).some(isVerifier) &&
    // `gpg --verify … && ok=1 || echo …` keeps the result.
    commands.slice(0, -1).every((command) => isVerifier(command) || onlySays(command))
  )
}

const ignoredInCondition = ({ clause, elif, else: otherwise, then }: If): boolean => {
  const [only] = clause.commands
  const negated = only?.command.type === "Pipeline" && only.command.prefixes.some(({ type }) => type === "Negation")
  if (clause.commands.length !== 1 || elif.length > 0 || !isVerifier(only?.command)) return false
  return negated && otherwise === undefined ? onlySays(then) : false
}

/** `: gpg --verify a.sig a` */
const feigned = ({ args, name }: Command): boolean =>
  name !== undefined && /^(?::|true|false)$/.test(name.text) && verifiers.has(args[0]?.text ?? "")
