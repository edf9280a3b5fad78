/** Commands that change the state of the whole system: power, clock, names, languages, swap, processes, logged-in users. */
import { operandsOf } from "./fileEffects.ts"
import { change, has, type HostChange, type Rule } from "./hostRules.ts"

const stops = (how: string): ReadonlyArray<HostChange> => [
  change("changesService", how, "stops or restarts the whole host")
]

const unless =
  (pattern: RegExp, rule: Rule): Rule =>
  (args) =>
    has(args, pattern) ? [] : rule(args)

const asks = /^(?:-[hV]|--(?:help|version|show|when|wtmp-only)|-w|-c)$/

const identity = (args: ReadonlyArray<string>): ReadonlyArray<HostChange> => [
  change("changesService", args.join(" "), "changes the name of the host")
]

const clock = (args: ReadonlyArray<string>): ReadonlyArray<HostChange> => [
  change("changesKernel", args.join(" "), "changes the clock or the time zone of the host")
]

const language = (args: ReadonlyArray<string>): ReadonlyArray<HostChange> => [
  change("changesService", args.join(" "), "changes the languages of the host")
]

const verb =
  (pattern: RegExp, rule: (args: ReadonlyArray<string>) => ReadonlyArray<HostChange>): Rule =>
  (args) =>
    pattern.test(operandsOf(args, /^-[HM]$/)[0] ?? "") ? rule(args) : []

/** The commands that `systemctl` shares with the init system, and others that change the running system. */
const power: Rule = (args) => {
  const [action = ""] = operandsOf(args, /^-(?:[tpHMns]|-(?:type|property|host|machine|signal|root))$/)
  return /^(?:reboot|poweroff|halt|kexec|soft-reboot|suspend|hibernate|hybrid-sleep|emergency|rescue|isolate|exit|switch-root)$/.test(
    action
  )
    ? stops(action)
    : action === "set-default"
      ? [change("changesKernel", operandsOf(args).join(" "), "changes how the host starts")]
      : []
}

/** Signals that end nothing. */
const reloads = /^-(?:SIG)?(?:HUP|USR[12]|CONT|0)$/

/** Processes that keep a host running or that people work with. */
const everybody: Rule = (args) => {
  const text = args.join(" ")
  if (has(args, reloads)) return []
  return /(?:^| )(?:-1|1)$/.test(text) ||
    has(args, /^(?:sshd|systemd|init|bash|sh|login|dbus-daemon|cron|crond)$/) ||
    /(?:^| )-[a-zA-Z]*u(?: |\w)/.test(text)
    ? [change("changesService", text, "ends processes of the host or of a user")]
    : []
}

/** Leaves a process behind that no service manager knows: a loop, or a program in a place where few people look. */
const stays: Rule = (args) => {
  const text = args.join(" ").slice(0, 2000)
  return [
    change(
      "changesService",
      text.slice(0, 200),
      /(?:^|[ "'])(?:\/(?:var\/)?tmp|\/dev\/shm)\/|\/\.[^/]|\b(?:while|until|sleep|watch)\b/.test(text)
        ? "leaves a program running in the background"
        : undefined
    )
  ]
}

/** Keeps the memory of a process, in which there are passwords and keys. */
const memory: Rule = (args) => [change("weakensDefence", args.join(" "), "reads the memory of other programs")]

export const systemState: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...["reboot", "halt", "poweroff"].map((name) => [name, unless(asks, () => stops(name))] as const),
  ["shutdown", unless(/^(?:--help|--version|--show|-[ck])$/, () => stops("shutdown"))],
  ["init", (args) => (/^[016sS]$/.test(args[0] ?? "") ? stops(`init ${args[0]}`) : [])],
  ["telinit", (args) => (/^[016sS]$/.test(args[0] ?? "") ? stops(`telinit ${args[0]}`) : [])],
  ["rtcwake", unless(/^(?:--help|-n|--dry-run|show)$/, () => stops("rtcwake"))],
  ["systemctl", power],
  [
    "loginctl",
    verb(/^(?:terminate|kill|lock)-/, (args) => [
      change("changesService", args.join(" "), "ends the sessions of users")
    ])
  ],
  [
    "kill",
    (args) =>
      args.length > 1 && /^-?1$/.test(args.at(-1) ?? "") && !has(args, reloads)
        ? [change("changesService", args.join(" "), "ends processes of the host or of a user")]
        : []
  ],
  ["pkill", everybody],
  ["killall", everybody],
  ["killall5", everybody],
  ["skill", everybody],
  ["hostnamectl", verb(/^(?:set-\w+|hostname|chassis|deployment|location|icon-name)$/, identity)],
  ["hostname", (args) => (operandsOf(args).length > 0 || has(args, /^(?:-F|-b|--file|--boot)$/) ? identity(args) : [])],
  ["domainname", (args) => (operandsOf(args).length > 0 ? identity(args) : [])],
  ["systemd-machine-id-setup", identity],
  ["systemd-firstboot", identity],
  ["timedatectl", verb(/^set-|^ntp-servers$/, clock)],
  [
    "date",
    (args) =>
      has(args, /^(?:-s|--set)/) || args.some((argument) => /^\d{8,12}(?:\.\d\d)?$/.test(argument)) ? clock(args) : []
  ],
  ["hwclock", (args) => (has(args, /^(?:--set|--hctosys|--systohc|-[sw]|--adjust)/) ? clock(args) : [])],
  ["clock", (args) => (has(args, /^(?:--set|-[sw])/) ? clock(args) : [])],
  ["ntpdate", unless(/^-[a-z]*[qd]/, clock)],
  ["adjtimex", (args) => (args.length > 1 ? clock(args) : [])],
  ["localectl", verb(/^set-/, language)],
  ["update-locale", (args) => (args.length > 0 ? language(args) : [])],
  ["swapoff", (args) => [change("changesKernel", args.join(" "), "takes swap space from the host")]],
  [
    "zramctl",
    (args) =>
      has(args, /^(?:-r|--reset)$/) ? [change("changesKernel", args.join(" "), "takes swap space from the host")] : []
  ],
  ...["nohup", "setsid", "daemonize"].map((name) => [name, unless(/^(?:-w|--wait)$/, stays)] as const),
  ["screen", (args) => (has(args, /^-[a-zA-Z]*[dD]m/) ? stays(args) : [])],
  ["tmux", (args) => (has(args, /^new(?:-session)?$/) && has(args, /^-[a-zA-Z]*d/) ? stays(args) : [])],
  ["disown", stays],
  ["pm2", (args) => (has(args, /^(?:startup|start|save)$/) ? stays(args) : [])],
  [
    "cloud-init",
    (args) =>
      has(args, /^(?:clean|single|init|modules)$/)
        ? [change("changesService", args.join(" "), "makes the host run its first setup again")]
        : []
  ],
  ["wall", (args) => [change("misleadsReader", args.join(" ").slice(0, 100), "writes on the terminals of all users")]],
  ["gcore", memory],
  ["procdump", memory],
  ["mimipenguin", memory],
  [
    "fuser",
    (args) =>
      has(args, /^-[a-zA-Z]*k/)
        ? [change("changesService", args.join(" "), "ends processes of the host or of a user")]
        : []
  ],
  ["quotaoff", (args) => [change("weakensDefence", args.join(" "), "switches off the limits of users")]],
  ["setquota", (args) => [change("changesUser", args.join(" "), "changes the limits of users")]]
])
