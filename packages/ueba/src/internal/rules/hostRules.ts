/**
 * Rules that derive from the arguments of a command what it changes on a host. `hostChanges.ts` assigns them to commands.
 */
import type { FactKind } from "../../ScriptFacts.ts"
import { groupedOption, operandsOf } from "./fileEffects.ts"
import { type Owner, serviceOwner } from "./otherSoftware.ts"

export interface HostChange {
  readonly kind: FactKind
  readonly subject: string
  readonly concern?: string | undefined
  /** The software that the change concerns. */
  readonly owner?: Owner | undefined
}

/** Derives the changes of a command from its arguments. */
export type Rule = (args: ReadonlyArray<string>) => ReadonlyArray<HostChange>

export const change = (kind: FactKind, subject: string, concern?: string): HostChange => ({ kind, subject, concern })

export const has = (args: ReadonlyArray<string>, pattern: RegExp): boolean =>
  args.some((argument) => pattern.test(argument))

export const packages =
  (verbs: RegExp, valued: RegExp = /^$/): Rule =>
  (args) => {
    const [verb = "", ...operands] = operandsOf(args, valued)
    const weak = has(
      args,
      /^--(?:nogpgcheck|no-gpg-checks?|allow-unauthenticated|allow-untrusted|no-verify|force-yes|nosignature|nodigest|trusted-host|no-check-certificate|allow-insecure-repositories|setopt=(?:\*\.)?(?:gpgcheck|sslverify)=(?:0|false))|^(?:-o)?(?:APT::Get::|Acquire::)?(?:AllowUnauthenticated|AllowInsecureRepositories|AllowDowngradeToInsecureRepositories)=(?:"?true|1|yes)|^(?:-o)?Acquire::(?:https?::[\w.:-]*)?Verify-(?:Peer|Host)=(?:"?false|0|no)|^(?:-o)?Acquire::Check-Valid-Until=(?:"?false)/i
    )
      ? [change("weakensDefence", "package signatures", "installs packages without checking who signed them")]
      : []
    if (
      /^(?:config-manager|copr|addrepo|ar)$/.test(verb) &&
      (verb !== "config-manager" || has(args, /^--(?:add-repo|from-repo)/) || operands.includes("addrepo"))
    ) {
      return [change("changesTrust", operands.join(" "), "makes the host trust another source of packages")]
    }
    if (/^(?:remove|purge|erase|autoremove|uninstall|rm|del)$/.test(verb)) {
      const forced = has(args, /^--(?:nodeps|force-broken-world|ignore-dependencies)$/)
      return operands.map((name) => removedPackage(name, forced))
    }
    if (
      verb === "config" &&
      /^(?:set|--?add|--global)\b.*\b(?:registry|index-url|extra-index-url|find-links|proxy|https-proxy|cafile|channels|script-shell|prefix|cert)\b/.test(
        [...operands, ...args.filter((argument) => argument.startsWith("--add"))].join(" ")
      )
    )
      return [change("changesTrust", operands.join(" "), "makes the host trust another source of packages")]
    if (verb === "sources" && has(args, /^(?:-a|--add)$/))
      return [change("changesTrust", operands.join(" "), "makes the host trust another source of packages")]
    if (verb === "config" && /\b(?:strict-ssl\s+false|trusted-host)\b/.test(operands.join(" "))) {
      return [change("weakensDefence", "TLS verification", "does not verify whom it talks to")]
    }
    return verbs.test(verb) ? [...operands.map((name) => change("installsPackage", name)), ...weak] : weak
  }

/** Packages that a host needs to start or to be protected. */
const vital =
  /[*?]|^(?:lib(?:c6|pam)|glibc|systemd|sudo|openssh|bash$|dash$|coreutils|linux-image|kernel|apt$|dpkg$|rpm$|auditd?$|apparmor|selinux|firewalld|ufw$|fail2ban|rsyslog|iptables|nftables|init$|login$|passwd$|shadow(?:-utils)?$|pam$|util-linux|python3?$|perl-base$|network-?manager|netplan|ifupdown|ca-certificates$|grub|shim|e2fsprogs$|mount$|alpine-(?:baselayout|base|keys)|busybox|musl$|openrc$|base-files$|filesystem$|setup$|openssl(?:-libs)?$|libssl|zlib|dnf$|yum$|pacman$|zypper$|cron$|cronie$)/i

/** @param forced whether other packages may still need it */
export const removedPackage = (name: string, forced: boolean): HostChange =>
  change(
    "removes",
    name,
    vital.test(name)
      ? "removes a package that the host depends on"
      : forced
        ? "removes a package although others may need it"
        : undefined
  )

export const always =
  (kind: FactKind, concern?: string): Rule =>
  (args) => [change(kind, operandsOf(args).join(" "), concern)]

export const services: Rule = (args) => {
  const [verb = "", ...names] = operandsOf(args, /^-(?:[tpHMns]|-(?:type|property|host|machine|signal|root))$/)
  const changing =
    /^(?:enable|disable|start|stop|restart|reload|try-restart|reload-or-restart|mask|unmask|kill|isolate|link|edit|set-default|preset|reenable|add-wants|set-property|set-environment|import-environment)$/
  if (!changing.test(verb)) return verb === "daemon-reload" || verb === "" ? [] : []
  if (/^(?:edit|link|set-environment|import-environment|add-wants)$/.test(verb))
    return [change("changesService", names.join(" "), "starts services (systemd)")]
  // A unit from another place than those of systemd is linked there.
  if (/^(?:re)?enable$/.test(verb) && names.some((name) => name.includes("/")))
    return [change("changesService", names.join(" "), "starts services (systemd)")]
  return (names.length === 0 ? [""] : names).map((name) => {
    if (/^(?:stop|disable|mask|kill)$/.test(verb))
      return defences.test(name) ? change("weakensDefence", name, "switches off a defence of the host") : stopped(name)
    return change(
      "changesService",
      name,
      // A unit of a user needs no root rights, and few people look for one.
      has(args, /^--(?:user|global)$/) && /^(?:enable|reenable|preset)$/.test(verb)
        ? "starts a service with the session of a user"
        : undefined
    )
  })
}

/** Calls of the methods of systemd over D-Bus, which `systemctl` makes too. */
export const busCalls: Rule = (args) =>
  has(
    args,
    /^(?:org\.freedesktop\.systemd1\.Manager\.)?(?:(?:Enable|Link|Reenable|Preset)UnitFiles|StartTransientUnit)$/
  )
    ? [
        change(
          "changesService",
          args.find((argument) => argument.endsWith(".service")) ?? "",
          "starts services (systemd)"
        )
      ]
    : []

/** A service that stays stopped, unless it belongs to the software of the script. */
export const stopped = (name: string): HostChange =>
  /^\w/.test(name)
    ? {
        ...change("changesService", name, "stops a service of the host and does not start it again"),
        owner: serviceOwner(name)
      }
    : change("changesService", name)

/** Services that protect a host or keep its logs. */
export const defences =
  /^(?:auditd|firewalld|ufw|iptables|ip6tables|nftables|apparmor|fail2ban|rsyslog|syslog[\w-]*|systemd-journald|sshguard|crowdsec|falcon-sensor|falco\S*|clamav\S*|clamd|wazuh\S*|ossec\S*|osqueryd|aide\S*|selinux\S*|unattended-upgrades|dnf-automatic\S*|apt-daily\S*|mdatp|cylance\S*|sentinel\S*|cbdaemon|ds_agent|esets|sysmon|chronyd|auditbeat|filebeat|suricata|snort)(?:\.service|\.socket|\.timer)?$/

export const service: Rule = (args) => services([args[1] ?? "", args[0] ?? ""])

export const user =
  (concernFor: (args: ReadonlyArray<string>) => string | undefined): Rule =>
  (args) => [
    change(
      "changesUser",
      operandsOf(
        args,
        /^-(?:[cbdefgGkKpPrRsuzZ]|-(?:uid|gid|groups|home|home-dir|shell|comment|password|expiredate|base-dir|skel))$/
      ).join(" "),
      concernFor(args)
    )
  ]

export const privileged = /^(?:root|wheel|sudo|admin|adm|docker|lxd|libvirt|disk|shadow|0|kvm|podman|sys)$/

/** Accounts of the distribution that are not for logging in. */
const systemUser =
  /^(?:daemon|bin|sys|sync|games|man|lp|mail|news|uucp|proxy|www-data|backup|list|irc|gnats|nobody|sshd|ftp|apache|nginx|mysql|postgres|messagebus|systemd-\S+|operator|halt|shutdown|adm)$/

export const userConcern = (args: ReadonlyArray<string>): string | undefined => {
  for (const [at, argument] of args.entries()) {
    const next = args[at + 1] ?? ""
    const value = argument.includes("=") ? argument.slice(argument.indexOf("=") + 1) : next
    if (/^(?:-[a-zA-Z]*u|--uid)/.test(argument) && (/^0+$/.test(value) || /^-u0+$/.test(argument)))
      return "makes a second root (user id 0)"
    if (/^(?:-[a-zA-Z]*o|--non-unique)$/.test(argument)) return "makes a second user with the same id"
    if (
      /^(?:-[a-zA-Z]*[gG]|--gid|--groups|--ingroup|-aG)/.test(argument) &&
      value.split(",").some((group) => privileged.test(group))
    )
      return "puts a user into a group with root rights"
    if (/^(?:-[a-zA-Z]*p|--password)$/.test(argument) || argument.startsWith("--password=")) return "sets a password"
    if (
      /^(?:-[a-zA-Z]*s|--shell)$/.test(argument) &&
      !/(?:nologin|false|sync)$/.test(value) &&
      systemUser.test(args.at(-1) ?? "")
    )
      return "lets a user of the system log in"
    if (/^(?:-d|--delete|-U|--unlock)$/.test(argument) && args.length < 4) return "removes or unlocks a password"
  }
  const operands = operandsOf(args)
  if (operands.length > 1 && operands.slice(1).some((name) => privileged.test(name)))
    return "puts a user into a group with root rights"
  return undefined
}

export const firewall: Rule = (args) => {
  if (has(args, /^(?:-F|--flush|-X|-Z)$/))
    return [change("weakensDefence", "firewall", "clears the rules of the firewall")]
  const policy = args.findIndex((argument) => argument === "-P" || argument === "--policy")
  if (policy !== -1 && /^ACCEPT$/i.test(args[policy + 2] ?? ""))
    return [change("weakensDefence", "firewall", "lets everything through the firewall")]
  if (!has(args, /^-[AID]$|^--(?:append|insert|delete)$/)) return []
  const port = args.findIndex((argument) => /^--(?:dport|dports|destination-port)$/.test(argument))
  return has(args, /^ACCEPT$/)
    ? has(args, /^(?:-D|--delete|-o|--out-interface)$|^OUTPUT$|^(?:-s|--src|--source)$/)
      ? []
      : [
          change(
            "opensPort",
            args[port + 1] ?? "",
            port === -1 && !has(args, /^(?:-[io]|--(?:in|out)-interface|-m|--match|--ctstate|--state|icmp)$/)
              ? "lets everything through the firewall"
              : undefined
          )
        ]
    : has(args, /^(?:DNAT|REDIRECT|TPROXY)$/) && !has(args, /^(?:-D|--delete)$/)
      ? [change("opensPort", args[port + 1] ?? "", "redirects connections of others")]
      : has(args, /^(?:-D|--delete)$/) && (has(args, /^(?:DROP|REJECT|LOG)$/) || /^\d+$/.test(args.at(-1) ?? ""))
        ? [change("weakensDefence", "firewall", "removes a rule of the firewall")]
        : []
}

export const firewallCommand: Rule = (args) => {
  const opened = args.flatMap((argument) => /^--add-(?:port|service|rich-rule|source)=(.*)$/.exec(argument)?.[1] ?? [])
  const off = has(args, /^--(?:panic-off|set-default-zone=trusted|remove-rich-rule)/)
  return [
    ...opened.map((port) => change("opensPort", port)),
    ...(off ? [change("weakensDefence", "firewall", "lets everything through the firewall")] : [])
  ]
}

export const ufw: Rule = (args) => {
  const words = args.filter((argument) => !argument.startsWith("-"))
  if (/^(?:disable|reset)$/.test(words[0] ?? ""))
    return [change("weakensDefence", "firewall", "switches off the firewall")]
  if (words[0] === "default" && words[1] === "allow")
    return [change("weakensDefence", "firewall", "lets everything through the firewall")]
  if (words[0] === "logging" && words[1] === "off")
    return [change("weakensDefence", "firewall", "switches off its log")]
  if (words[0] === "delete" && /^(?:deny|reject|limit|\d+)$/.test(words[1] ?? ""))
    return [change("weakensDefence", "firewall", "removes a rule of the firewall")]
  return words[0] === "allow" || (words[0] === "insert" && words.includes("allow"))
    ? [change("opensPort", words.slice(1).join(" "))]
    : []
}

export const nft: Rule = (args) =>
  /\bflush\b/.test(args.join(" ").slice(0, 200))
    ? [change("weakensDefence", "firewall", "clears the rules of the firewall")]
    : /^(?:add|insert) rule\b.*\baccept\b/.test(args.join(" ").slice(0, 400))
      ? [
          change(
            "opensPort",
            args.join(" ").slice(0, 100),
            has(args, /\b(?:dport|saddr|daddr|iif\w*|oif\w*|ct)\b/) ? undefined : "lets everything through the firewall"
          )
        ]
      : []

const setuid = "lets everybody run it with the rights of its owner (setuid)"

const isSetuid = (mode: string): boolean =>
  /^0*[2467][0-7]{3}$/.test(mode) || (/[+=][rwxXst]*s/.test(mode) && !mode.startsWith("o"))

/** Whether everybody may write, apart from directories where only the owner removes a file (sticky). */
const isForEverybody = (mode: string): boolean =>
  /^0*[0246]?[0-7]{2}[2367]$/.test(mode) || /(?:^|,)[ug]*[oa][ugoa]*[+=][rxXst]*w/.test(mode)

const everybody = "lets everybody change it"

/** Places that everybody may write to anyway. */
const shared = /^(?:\/tmp|\/var\/tmp|\/dev|\/run\/lock)(?:\/|$)/

/** `umask 000` */
export const creationMask: Rule = (args) =>
  has(args, /^[0-7]{0,3}[0145]$|^[ug]*[oa][ugoa]*[+=][rx]*w/) && !has(args, /^-/)
    ? [change("weakensDefence", "umask", "lets everybody change the files that are created")]
    : []

export const permissions: Rule = (args) => {
  const mode =
    args.find((argument) => /^[0-7]{3,}$|^[ugoa]*[-+=]/.test(argument) && !/^-(?:R|v|c|f)$/.test(argument)) ?? ""
  const paths = args.filter((argument) => argument !== mode && !argument.startsWith("-"))
  const concern = isSetuid(mode) ? setuid : undefined
  return paths.map((path) =>
    change("changesPermissions", path, concern ?? (isForEverybody(mode) && !shared.test(path) ? everybody : undefined))
  )
}

/** `install -m 4755 FILE /usr/local/bin/` */
export const installation: Rule = (args) => {
  const mode = groupedOption(args, "m", "--mode") ?? ""
  return isSetuid(mode) ? [change("changesPermissions", operandsOf(args).at(-1) ?? "", setuid)] : []
}

/** Sets the timestamp of a system file to that of another file. */
export const timestamps: Rule = (args) =>
  has(args, /^(?:-[a-z]*[rdt]|--(?:reference|date)(?:=.*)?)$/)
    ? operandsOf(args, /^-[a-z]*[rdt]$|^--(?:reference|date)$/)
        .filter((path) => /^\/(?:usr|s?bin|lib\w*|etc|boot|root)\//.test(path))
        .map((path) => change("misleadsReader", path, "makes a file look older or newer than it is"))
    : []

export const sysctl: Rule = (args) => {
  // `-p FILE` reads another file than those of the system.
  const file = args.find(
    (argument, at) => at > 0 && /^(?:-[a-z]*p|--load)$/.test(args[at - 1] ?? "") && argument.startsWith("/")
  )
  return file !== undefined && !file.startsWith("/etc/sysctl")
    ? [change("changesKernel", file, "changes settings of the kernel from a file")]
    : settings(args)
}

const settings: Rule = (args) =>
  args.flatMap((argument) =>
    /^[\w.-]+=/.test(argument)
      ? [
          change(
            "changesKernel",
            argument,
            weakKernel.test(argument.replace(/\s/g, "")) ? "weakens the kernel's defences" : undefined
          )
        ]
      : []
  )

const weakKernel =
  /^(?:kernel\.(?:randomize_va_space|yama\.ptrace_scope|kptr_restrict|dmesg_restrict|modules_disabled|sysrq|unprivileged_bpf_disabled)|fs\.(?:protected_\w+|suid_dumpable)|net\.ipv4\.(?:tcp_syncookies|conf\.\w+\.rp_filter)|kernel\.core_pattern)=/

export const history: Rule = (args) =>
  has(args, /^-[a-z]*[cdw]|^\+o$/) ? [change("weakensDefence", "history", "clears the record of commands")] : []

export const setting: Rule = (args) => {
  const text = args.join(" ")
  return /(?:^| )\+o history|-[a-z]*\+?o ?history/.test(text) && text.includes("+o")
    ? [change("weakensDefence", "history", "keeps commands out of the history")]
    : []
}

export const git: Rule = (args) => {
  const text = args.join(" ").slice(0, 500)
  if (/http\.sslVerify[= ]"?(?:false|0|no|off)/i.test(text))
    return [change("weakensDefence", "TLS verification", "switches off the verification of TLS")]
  return /(?:^| )config\b.*\bcore\.(?:hooksPath|fsmonitor|sshCommand|pager|editor)|credential\.helper|\balias\.\S+ !/.test(
    text
  )
    ? [change("misleadsReader", "git", "makes git run other commands")]
    : /(?:^| )config\b.*(?:^| )--system\b/.test(text) && !has(args, /^(?:--get\S*|--list|-l|get|list)$/)
      ? [change("changesTrust", text, "changes git for all users of the host")]
      : []
}

/** Options that also remove the data of containers. */
export const containers: Rule = (args) =>
  (has(args, /^(?:rm|rmi|stop|kill|remove)$/) && args.includes("*")) ||
  (args[0] === "compose" && has(args, /^down$/) && has(args, /^(?:-v|--volumes)$/)) ||
  (args[0] === "swarm" && has(args, /^leave$/)) ||
  (args[0] === "system" && has(args, /^(?:prune|reset)$/) && has(args, /^(?:-[a-z]*a[a-z]*|--all|reset)$/)) ||
  (has(args, /^prune$/) && has(args, /^(?:--volumes|volume)$/)) ||
  (args[0] === "volume" && has(args, /^(?:rm|remove)$/))
    ? [change("removes", "volumes", "removes the data of containers")]
    : []

export const logins: Rule = (args) =>
  args.length === 0 || has(args, /^(?:current|list\S*|show|check|test|--test|--probe|--query|-q)$/)
    ? []
    : [change("changesTrust", args.join(" "), "decides how users log in")]
