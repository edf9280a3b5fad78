/** Commands that download and run or deploy something in one step: package runners, clusters, playbooks. */
import { operandsOf } from "./fileEffects.ts"
import { change, has, type Rule } from "./hostRules.ts"

const fetchesAndRuns = "runs what it fetches"

/** Runs the target of the first operand after these words. */
const runner =
  (verbs: RegExp | undefined, valued: RegExp = /^$/): Rule =>
  (args) => {
    if (has(args, /^(?:-h|--help|-V|--version)$/)) return []
    const operands = operandsOf(args, valued)
    if (verbs === undefined)
      return operands[0] === undefined ? [] : [change("runsFetchedCode", operands[0], fetchesAndRuns)]
    return verbs.test(operands[0] ?? "") ? [change("runsFetchedCode", operands[1] ?? "", fetchesAndRuns)] : []
  }

/** Matches a network location: a URL, or a path that begins with a domain, as in Go. */
const address =
  /^(?:git\+|hg\+|svn\+)?(?:https?|ssh|git|ftps?|oci):|^git@|^(?:github|gitlab|bitbucket):|^[\w-]+(?:\.[\w-]+)+\/[\w.-]+\//

/** Installs from a given location instead of the registry. */
const installer =
  (verbs: RegExp, options: RegExp = /^$/): Rule =>
  (args) => {
    const [verb = "", ...operands] = operandsOf(args)
    if (!verbs.test(verb)) return []
    const from = operands.find((operand) => address.test(operand))
    if (from !== undefined)
      return [change("runsFetchedCode", from, "a package is fetched from an address and installed")]
    const option = args.findIndex((argument) => options.test(argument))
    return option === -1
      ? []
      : [change("runsFetchedCode", args[option + 1] ?? "", "a package is fetched from an address and installed")]
  }

/** Runs or imports the image, module or machine whose address is among the arguments. */
const atAddress =
  (verbs: RegExp): Rule =>
  (args) => {
    if (!args.some((argument) => verbs.test(argument))) return []
    const source = args.find((argument) =>
      /^(?:-{1,2}[\w-]+=)?(?:git::)?(?:https?|ftps?|git|ssh|oci):\/\//.test(argument)
    )
    return source === undefined ? [] : [change("runsFetchedCode", source.replace(/^-[\w-]+=/, ""), fetchesAndRuns)]
  }

/** Options of `docker run` without a value. */
const containerFlags =
  /^(?:-[ditPq]+|--(?:rm|detach|init|interactive|tty|privileged|read-only|publish-all|quiet|no-healthcheck|oom-kill-disable|replace|systemd|tls-verify|sig-proxy))$/

/** The image of `docker run`: the first argument that is neither an option nor the value of one. */
const imageOf = (args: ReadonlyArray<string>): string => {
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ""
    if (!argument.startsWith("-")) return argument
    if (!containerFlags.test(argument) && !argument.includes("=")) at += 1
  }
  return ""
}

/**
 * Runs an image of a registry. A name without a slash may be an image that the host has built, and the digest in a name
 * says which content its author has seen.
 */
const container: Rule = (args) => {
  const at = args.findIndex((argument) => /^(?:run|create)$/.test(argument))
  if (at === -1 || at > 2) return []
  const image = imageOf(args.slice(at + 1))
  return image.includes("/") && !/^(?:[./]|localhost[:/])|@sha256:/.test(image)
    ? [change("runsFetchedCode", image, "runs an image that it fetches")]
    : []
}

/** Options of pip that name another source than the index. */
const pipSources = /^(?:-i|-f|-r|-c|--(?:index-url|extra-index-url|find-links|requirement|constraint))(?:=|$)/

/** Packages of pip from an address, or from another index. */
const pip: Rule = (args) => {
  if (!args.some((argument) => /^(?:install|download|wheel)$/.test(argument))) return []
  const source = args.find((argument, at) =>
    address.test(pipSources.test(args[at - 1] ?? "") ? argument : argument.replace(pipSources, ""))
  )
  return source === undefined
    ? []
    : [change("runsFetchedCode", source.replace(pipSources, ""), "a package is fetched from an address and installed")]
}

export const remoteRunners: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["npx", runner(undefined, /^(?:-p|--package|-c|--call)$/)],
  ["bunx", runner(undefined)],
  ["uvx", runner(undefined, /^(?:--from|--with|-p|--python)$/)],
  ["pnpx", runner(undefined)],
  ["npm", (args) => [...runner(/^(?:exec|x|create|init|innit)$/)(args), ...installer(/^(?:install|i|add)$/)(args)]],
  ["pnpm", (args) => [...runner(/^(?:dlx|create)$/)(args), ...installer(/^(?:install|i|add)$/)(args)]],
  ["yarn", (args) => [...runner(/^(?:dlx|create)$/)(args), ...installer(/^(?:add|global)$/)(args)]],
  ["bun", (args) => [...runner(/^(?:x|create)$/)(args), ...installer(/^(?:install|i|add)$/)(args)]],
  ...["docker", "podman", "nerdctl", "ctr", "crictl"].map((name) => [name, container] as const),
  ...["pip", "pip2", "pip3", "pipenv", "poetry"].map((name) => [name, pip] as const),
  ...["wasmtime", "wasmer", "wasmedge", "spin", "nomad", "terraform", "tofu", "pulumi", "vagrant", "multipass"].map(
    (name) => [name, atAddress(/^(?:run|init|apply|up|box|job|launch|get|new)$/)] as const
  ),
  ...["machinectl", "importctl", "lxc", "incus", "virsh", "portablectl"].map(
    (name) => [name, atAddress(/^(?:pull-\w+|import\w*|launch|init|attach)$/)] as const
  ),
  ["easy_install", (args) => installer(/^install$/)(["install", ...args])],
  ["layman", atAddress(/^-[oOfa]|^--/)],
  ["eselect", atAddress(/^(?:repository|add)$/)],
  ["composer", (args) => [...runner(/^create-project$/)(args), ...atAddress(/^(?:require|global|config)$/)(args)]],
  ...["pear", "pecl"].map((name) => [name, installer(/^(?:install|upgrade|channel-discover)$/)] as const),
  ["pipx", runner(/^run$/, /^(?:--spec|--python)$/)],
  ["uv", (args) => (has(args, /^tool$/) ? runner(/^run$/)(args.slice(1)) : [])],
  // A Go package is always named by its address: `example.org/tool@latest`.
  [
    "go",
    (args) =>
      /^(?:install|run|get)$/.test(args[0] ?? "")
        ? args
            .slice(1)
            .filter((argument) => /^[\w-]+(?:\.[\w-]+)+\/\S/.test(argument))
            .slice(0, 1)
            .map((from) => change("runsFetchedCode", from, "a package is fetched from an address and installed"))
        : []
  ],
  ["cargo", installer(/^install$/, /^(?:--git|--index|--registry)$/)],
  ["gem", installer(/^install$/, /^(?:-s|--source|--clear-sources)$/)],
  ["luarocks", installer(/^install$/, /^--(?:server|only-server|from)$/)],
  ["cpanm", (args) => installer(/^install$/, /^--(?:mirror|from)$/)(["install", ...args])],
  ["nix", runner(/^(?:run|develop|shell)$/)],
  ["nix-env", installer(/^(?:-i|--install)$/, /^(?:-f|--file)$/)],
  ["guix", runner(/^(?:pull|time-machine)$/)],
  ["brew", installer(/^(?:install|tap)$/)],
  ["deno", (args) => (args[0] === "install" ? installer(/^install$/)(args) : [])],
  [
    "helm",
    (args) => {
      const [verb = "", ...operands] = operandsOf(args, /^(?:-[fn]|--(?:set|values|namespace|version|repo|timeout))$/)
      if (verb === "repo" && operands[0] === "add")
        return [change("changesTrust", operands[2] ?? "", "makes the host trust another source of packages")]
      return /^(?:install|upgrade)$/.test(verb) &&
        (has(args, /^--repo/) || operands.some((operand) => address.test(operand)))
        ? [change("runsFetchedCode", operands.at(-1) ?? "", "applies what it fetches to a cluster")]
        : []
    }
  ],
  [
    "flatpak",
    (args) => {
      const [verb = "", ...operands] = operandsOf(args)
      if (/^remote-add$/.test(verb))
        return [change("changesTrust", operands.at(-1) ?? "", "makes the host trust another source of packages")]
      return has(args, /^--from$/) || operands.some((operand) => address.test(operand))
        ? installer(/^install$/)(args)
        : []
    }
  ],
  [
    "snap",
    (args) =>
      has(args, /^--(?:dangerous|devmode|jailmode)$/)
        ? [change("weakensDefence", "package signatures", "installs packages without checking who signed them")]
        : []
  ],
  ["conda", installer(/^(?:install|create)$/, /^(?:-c|--channel)$/)],
  ["ansible-galaxy", installer(/^(?:install|role|collection)$/, /^(?:-s|--server)$/)],
  ["puppet", (args) => (/^agent$/.test(args[0] ?? "") ? [change("runsFetchedCode", "puppet", fetchesAndRuns)] : [])],
  ["chef-client", () => [change("runsFetchedCode", "chef", fetchesAndRuns)]],
  [
    "chef-solo",
    (args) => (has(args, /^(?:-r|--recipe-url)$/) ? [change("runsFetchedCode", "chef", fetchesAndRuns)] : [])
  ],
  ["salt-call", (args) => (has(args, /^--local$/) ? [] : [change("runsFetchedCode", "salt", fetchesAndRuns)])],
  [
    "kubectl",
    (args) => {
      const source = args.find((argument) =>
        /^(?:-[fk]|--(?:filename|kustomize)=?)?(?:https?:|github\.com\/)/.test(argument)
      )
      return source !== undefined && has(args, /^(?:apply|create|replace|run)$/)
        ? [
            change(
              "runsFetchedCode",
              source.replace(/^(?:-[fk]|--[a-z]+=)/, ""),
              "applies what it fetches to a cluster"
            )
          ]
        : []
    }
  ],
  [
    "virt-install",
    (args) => {
      const source = args.find((argument) => /^(?:--(?:location|cdrom)=?)?(?:https?|ftp):/.test(argument))
      return source === undefined ? [] : [change("runsFetchedCode", source.replace(/^--\w+=/, ""), fetchesAndRuns)]
    }
  ]
])
