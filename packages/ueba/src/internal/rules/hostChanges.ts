/**
 * What the commands that administer a host change: packages, users, services, ports, permissions, defences, trust and the
 * kernel. A concern marks what an installer is not expected to do.
 */
import { operandsOf } from "./fileEffects.ts"
import {
  always,
  busCalls,
  change,
  containers,
  creationMask,
  defences,
  firewall,
  firewallCommand,
  git,
  has,
  history,
  type HostChange,
  installation,
  logins,
  nft,
  packages,
  permissions,
  removedPackage,
  type Rule,
  service,
  services,
  setting,
  sysctl,
  timestamps,
  ufw
} from "./hostRules.ts"
import { accountCommands } from "./accountCommands.ts"
import { cloudCommands } from "./cloudCommands.ts"
import { dataLoss } from "./dataLoss.ts"
import { weakened } from "./insecureOptions.ts"
import { networkCommands } from "./networkCommands.ts"
import { remoteRunners } from "./remoteRunners.ts"
import { securityAgents } from "./securityAgents.ts"
import { softwareCommands } from "./softwareCommands.ts"
import { systemState } from "./systemState.ts"

const install =
  /^(?:install|in|add|upgrade|update|dist-upgrade|full-upgrade|localinstall|reinstall|groupinstall|-S\w*|-U\w*|i)$/

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[
    "apt-get",
    "apt",
    "aptitude",
    "dnf",
    "yum",
    "microdnf",
    "tdnf",
    "zypper",
    "apk",
    "brew",
    "snap",
    "flatpak",
    "opkg",
    "pkg",
    "emerge",
    "xbps-install",
    "eopkg",
    "urpmi"
  ].map(
    (name) =>
      [
        name,
        packages(install, /^-(?:[otcax]|-(?:repo|enablerepo|disablerepo|option|root|releasever|target-release))$/)
      ] as const
  ),
  ["pip", packages(install, /^-[rcit]$/)],
  ["pip3", packages(install, /^-[rcit]$/)],
  ["pipx", packages(install)],
  ["npm", packages(install)],
  ["yarn", packages(/^(?:add|global)$/)],
  ["pnpm", packages(install)],
  ["gem", packages(install)],
  ["cargo", packages(install)],
  ["go", packages(install)],
  ["cpan", always("installsPackage")],
  ["cpanm", always("installsPackage")],
  [
    "pacman",
    (args) =>
      has(args, /^-[SU]/)
        ? operandsOf(args).map((name) => change("installsPackage", name))
        : has(args, /^-R|^--remove$/)
          ? operandsOf(args).map((name) => removedPackage(name, has(args, /^-R[a-z]*dd|^--nodeps$/)))
          : []
  ],
  [
    "dpkg",
    (args) =>
      has(args, /^(?:-i|--install)$/)
        ? operandsOf(args).map((name) => change("installsPackage", name))
        : has(args, /^(?:-[rP]|--purge|--remove)$/)
          ? operandsOf(args).map((name) =>
              removedPackage(name, has(args, /^--force-(?:all|depends|remove-essential)$/))
            )
          : []
  ],
  [
    "rpm",
    (args) =>
      has(args, /^--import$/)
        ? [change("changesTrust", operandsOf(args).join(" "), "makes the host trust another signer of packages")]
        : has(args, /^(?:-[a-z]*e[a-z]*|--erase)$/) && !has(args, /^-[qVt]/)
          ? packages(/^$/)(["remove", ...args])
          : has(args, /^-[a-zA-Z]*[iUF]|^--(?:install|upgrade)/) && !has(args, /^-q/)
            ? packages(/./)(["install", ...args])
            : []
  ],
  ["add-apt-repository", always("changesTrust", "makes the host trust another source of packages")],
  ["apt-add-repository", always("changesTrust", "makes the host trust another source of packages")],
  [
    "apt-key",
    (args) =>
      has(args, /^(?:add|adv)$/)
        ? [change("changesTrust", "apt key", "makes the host trust another signer of packages")]
        : []
  ],
  [
    "pacman-key",
    (args) =>
      has(args, /^(?:-a|--add|--lsign(?:-key)?|-r|--recv-keys)$/)
        ? [change("changesTrust", operandsOf(args).join(" "), "makes the host trust another signer of packages")]
        : []
  ],
  [
    "yum-config-manager",
    (args) =>
      has(args, /^--add-repo/)
        ? [change("changesTrust", args.join(" "), "makes the host trust another source of packages")]
        : []
  ],
  ["dnf-config-manager", always("changesTrust", "makes the host trust another source of packages")],
  ["update-ca-certificates", always("changesTrust")],
  ["update-ca-trust", always("changesTrust")],
  [
    "trust",
    (args) =>
      has(args, /^(?:anchor|extract)$/)
        ? [change("changesTrust", operandsOf(args).slice(1).join(" "), "changes which certificates the host trusts")]
        : []
  ],
  [
    "certutil",
    (args) =>
      has(args, /^-A$/)
        ? [change("changesTrust", "certificate database", "changes which certificates the host trusts")]
        : []
  ],
  [
    "keytool",
    (args) =>
      has(args, /^-import/)
        ? [change("changesTrust", "Java key store", "changes which certificates the host trusts")]
        : []
  ],
  ["ssh-copy-id", always("changesTrust", "decides who logs in with SSH")],
  ["ssh-import-id", always("changesTrust", "decides who logs in with SSH")],
  ["systemctl", services],
  ...["busctl", "gdbus", "dbus-send"].map((name) => [name, busCalls] as const),
  ["service", service],
  ["rc-service", service],
  ["invoke-rc.d", service],
  ["rc-update", (args) => services([/^(?:del|delete|-d)$/.test(args[0] ?? "") ? "disable" : "enable", args[1] ?? ""])],
  [
    "update-rc.d",
    (args) => {
      const [name = "", verb = ""] = operandsOf(args)
      return /^(?:disable|remove)$/.test(verb) && defences.test(name)
        ? services(["disable", name])
        : [change("changesService", name)]
    }
  ],
  [
    "chkconfig",
    (args) =>
      defences.test(operandsOf(args)[0] ?? "") && has(args, /^off$/)
        ? [change("weakensDefence", operandsOf(args)[0] ?? "", "switches off a defence of the host")]
        : [change("changesService", operandsOf(args)[0] ?? "")]
  ],
  [
    "crontab",
    (args) =>
      has(args, /^-[a-z]*l$/)
        ? []
        : [
            change(
              "schedulesJob",
              has(args, /^-r$/) ? "removes all jobs" : (operandsOf(args, /^-u$/)[0] ?? "-"),
              "runs commands at set times (cron)"
            )
          ]
  ],
  ["at", always("schedulesJob", "runs commands at a later time")],
  ["batch", always("schedulesJob", "runs commands at a later time")],
  [
    "systemd-run",
    (args) => (has(args, /^--on-/) ? [change("schedulesJob", args.join(" "), "runs commands at set times")] : [])
  ],
  ["iptables", firewall],
  ["ip6tables", firewall],
  ["iptables-legacy", firewall],
  ["iptables-nft", firewall],
  ["nft", nft],
  ["firewall-cmd", firewallCommand],
  ["ufw", ufw],
  ["history", history],
  ["set", setting],
  [
    "spctl",
    (args) =>
      has(args, /disable/) ? [change("weakensDefence", "Gatekeeper", "switches off a defence of the host")] : []
  ],
  [
    "mokutil",
    (args) =>
      has(args, /^--(?:disable-validation|import|reset)/)
        ? [change("weakensDefence", "Secure Boot", "changes what the host boots")]
        : []
  ],
  [
    "dmesg",
    (args) =>
      has(args, /^-[a-z]*[cC]|^--(?:clear|read-clear)/)
        ? [change("weakensDefence", "kernel log", "clears the kernel's log")]
        : []
  ],
  [
    "utmpdump",
    (args) => (has(args, /^-r/) ? [change("weakensDefence", "login records", "rewrites the record of logins")] : [])
  ],
  ["touch", timestamps],
  ["chmod", permissions],
  ["umask", creationMask],
  ["install", installation],
  [
    "setcap",
    (args) => [
      change("changesPermissions", operandsOf(args).slice(1).join(" "), "gives a program rights of root (capabilities)")
    ]
  ],
  [
    "chattr",
    (args) =>
      has(args, /^[-+][a-zA-Z]*[ia]/)
        ? [
            change(
              "changesPermissions",
              operandsOf(args.filter((argument) => !/^[-+]/.test(argument))).join(" "),
              "protects a file from change, or lifts that"
            )
          ]
        : []
  ],
  [
    "setfattr",
    (args) =>
      has(args, /security\./)
        ? [change("changesPermissions", args.at(-1) ?? "", "gives a program rights of root (capabilities)")]
        : []
  ],
  ["setfacl", always("changesPermissions")],
  [
    "modprobe",
    (args) =>
      has(args, /^(?:-[a-z]*[nDc]|--show|--dry-run)/)
        ? []
        : [change("changesKernel", operandsOf(args).join(" "), "loads or removes a kernel module")]
  ],
  [
    "dkms",
    (args) =>
      has(args, /^(?:status|match)$/)
        ? []
        : [change("changesKernel", args.join(" "), "builds or removes a kernel module")]
  ],
  ["insmod", always("changesKernel", "loads a kernel module")],
  ["rmmod", always("changesKernel", "removes a kernel module")],
  ["kexec", always("changesKernel", "starts another kernel")],
  ["depmod", always("changesKernel")],
  ["sysctl", sysctl],
  ...["docker", "podman", "nerdctl"].map((name) => [name, containers] as const),
  ["ansible-pull", always("runsFetchedCode", "runs the playbook that it fetches")],
  ...["authselect", "authconfig", "pam-auth-update", "pam-config"].map((name) => [name, logins] as const),
  ["bpftool", always("changesKernel", "loads code into the kernel")],
  ["grubby", always("changesKernel", "changes how the host starts")],
  [
    "bootctl",
    (args) =>
      has(args, /^(?:status|list)$/) ? [] : [change("changesKernel", args.join(" "), "changes how the host starts")]
  ],
  [
    "efibootmgr",
    (args) => (args.length === 0 ? [] : [change("changesKernel", args.join(" "), "changes how the host starts")])
  ],
  ["kldload", always("changesKernel", "loads a kernel module")],
  ["git", git],
  [
    "mount",
    (args) =>
      (/(?:^|[ ,])remount\b/.test(args.join(" ")) &&
        /(?:^|[ ,=])(?:rw|exec|suid|dev)(?:,| |$)/.test(args.join(" ")) &&
        /^\/(?:usr|boot|etc|tmp|var)?$/.test(args.at(-1) ?? "")) ||
      (has(args, /^(?:-[BMR]|--(?:bind|rbind|move|overlay))$|^(?:-o)?(?:[\w=]+,)*bind\b/) &&
        /^\/(?:etc|usr|s?bin|lib\w*|root|proc|boot)(?:\/|$)/.test(operandsOf(args, /^-[ot]$/).at(-1) ?? "")) ||
      (has(args, /^(?:-t)?(?:tmpfs|ramfs|overlay|aufs)$/) &&
        /^\/(?:etc|usr|s?bin|lib\w*|root|home|boot|srv|opt|var\/(?:lib|log|www|mail|spool)(?:\/[^/]+)?)(?:\/?$|\/(?:bin|lib|sbin)\/?$)/.test(
          operandsOf(args, /^-[ot]$/).at(-1) ?? ""
        ))
        ? [change("changesKernel", args.join(" "), "puts other files over those of the system")]
        : []
  ],
  [
    "update-alternatives",
    (args) =>
      has(args, /^--(?:install|set|remove|slave|auto)/) &&
      args.some((argument) => /^\/(?:usr\/)?s?bin\//.test(argument) || (has(args, /^--set$/) && argument.includes("/")))
        ? [change("changesService", args.join(" "), "changes what a command of the system calls")]
        : []
  ],
  [
    "dpkg-divert",
    (args) =>
      has(args, /^--(?:list|listpackage|truename)$/)
        ? []
        : [change("misleadsReader", operandsOf(args).at(-1) ?? "", "replaces a file of another package")]
  ],
  [
    "loginctl",
    (args) =>
      has(args, /^enable-linger$/) ? [change("changesService", args.join(" "), "keeps a user's services running")] : []
  ],
  ...["kill", "killall", "pkill"].map((name): readonly [string, Rule] => [
    name,
    (args) =>
      args.some((argument) => defences.test(argument))
        ? [change("weakensDefence", args.join(" "), "switches off a defence of the host")]
        : []
  ])
])

const tables = [
  rules,
  cloudCommands,
  accountCommands,
  remoteRunners,
  dataLoss,
  networkCommands,
  systemState,
  securityAgents,
  softwareCommands
]

/** What a command changes on the host, by its name and arguments. */
export const hostChanges = (name: string, args: ReadonlyArray<string>): ReadonlyArray<HostChange> => {
  const weak = weakened(name, args)
  const unsafe = weak === undefined ? [] : [change("weakensDefence", weak.subject, weak.concern)]
  return [...tables.flatMap((table) => table.get(name)?.(args) ?? []), ...unsafe]
}

/** Whether a rule knows what the command does with its arguments. */
export const isAdministration = (name: string): boolean => tables.some((table) => table.has(name))
