/** Commands that change how the host reaches other hosts, or how others reach it: addresses, routes, name servers, tunnels. */
import { operandsOf } from "./fileEffects.ts"
import { change, has, type HostChange, type Rule } from "./hostRules.ts"

const reaches = "changes how this host reaches others"

const changed = (args: ReadonlyArray<string>): ReadonlyArray<HostChange> => [
  change("changesKernel", args.join(" ").slice(0, 200), reaches)
]

const verbs =
  (pattern: RegExp, valued?: RegExp): Rule =>
  (args) =>
    operandsOf(args, valued)
      .slice(0, 3)
      .some((word) => pattern.test(word))
      ? changed(args)
      : []

/** Objects that a script makes for itself, such as a bridge, are no concern. */
const ip: Rule = (args) => {
  const words = operandsOf(args, /^-(?:f|n|b|l|rc|netns|family|batch|loops)$/)
  if (has(args, /^-b(?:atch)?$/)) return changed(args)
  const [object = "", verb = "show"] = words
  return (/^(?:r|ro\w*|a|ad\w*|ru\w*|n|nei\w*|neighbo\w*|xfrm)$/.test(object) &&
    /^(?:a|add|del|d|delete|change|replace|append|flush)$/.test(verb)) ||
    (/^l(?:i\w*)?$/.test(object) &&
      /^(?:set|del|delete|s)$/.test(verb) &&
      words.some((word) => /^(?:down|address|nomaster|mtu|promisc|xdp\w*|del|delete)$/.test(word)))
    ? changed(args)
    : []
}

const tunnel = "lets others reach this host through a tunnel"

const tunnels =
  (pattern: RegExp): Rule =>
  (args) =>
    pattern.test(args.join(" ").slice(0, 2000)) ? [change("opensPort", args.join(" ").slice(0, 200), tunnel)] : []

/** `ssh -R` opens a port on another host that leads here; `-w` joins the networks. */
const reverse: Rule = (args) => {
  const options = args.slice(0, Math.max(1, args.length)).filter((argument) => argument.startsWith("-"))
  return options.some(
    (option) => /^-[a-zA-Z]*[Rw](?:$|[\d:.[])/.test(option) || /^-o?\s?RemoteForward/i.test(option)
  ) || has(args, /^RemoteForward[= ]/i)
    ? [change("opensPort", operandsOf(args).join(" ").slice(0, 200), tunnel)]
    : []
}

export const networkCommands: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["ip", ip],
  ["route", verbs(/^(?:add|del|delete|flush)$/, /^-[AC]$/)],
  ["ifconfig", (args) => (operandsOf(args).length > 1 ? changed(args) : [])],
  ["ifdown", (args) => changed(args)],
  ["arp", (args) => (has(args, /^-[a-z]*[sdf]/) ? changed(args) : [])],
  ["tc", verbs(/^(?:add|del|replace|change)$/)],
  ["brctl", verbs(/^(?:delbr|delif)$/)],
  [
    "ethtool",
    (args) => (has(args, /^-[a-zA-Z]*[sKGLACEf]$|^--(?:change|offload|set-\S+|flash)$/) ? changed(args) : [])
  ],
  ["iw", verbs(/^(?:set|del|connect|disconnect)$/)],
  [
    "nmcli",
    verbs(
      /^(?:m|mo\w*|modify|del\w*|down|disconnect|off|add|reapply|up|edit|import|hostname|migrate|clone|load)$/,
      /^-(?:[fmge]|-(?:fields|mode|get-values|escape))$/
    )
  ],
  ["nmtui", (args) => changed(args)],
  ["netplan", verbs(/^(?:apply|set|try|rebind)$/)],
  ["resolvectl", verbs(/^(?:dns|domain|default-route|dnssec|dnsovertls|llmnr|mdns|nta|revert)$/)],
  ["systemd-resolve", (args) => (has(args, /^--(?:set-\S+|revert)/) ? changed(args) : [])],
  ["resolvconf", (args) => (has(args, /^-[a-z]*[ad]$/) ? changed(args) : [])],
  ["networkctl", verbs(/^(?:down|delete|edit|mask|renew|reconfigure)$/)],
  ["wg-quick", verbs(/^(?:up|down|save)$/)],
  ["wg", verbs(/^(?:set|setconf|addconf|syncconf)$/)],
  ["wpa_cli", verbs(/^(?:set|add_network|remove_network|terminate)$/)],
  ["uci", verbs(/^(?:set|delete|add|commit|import|batch)$/)],
  ["networksetup", (args) => (has(args, /^-set/) ? changed(args) : [])],
  ["ipvsadm", (args) => (has(args, /^-[A-Za-z]*[CDRA]/) ? changed(args) : [])],
  ["conntrack", (args) => (has(args, /^-[FD]$|^--(?:flush|delete)$/) ? changed(args) : [])],
  ["ssh", reverse],
  ["autossh", reverse],
  ["ngrok", tunnels(/(?:^| )(?:http|tcp|tls|start|tunnel|service)\b/)],
  ["cloudflared", tunnels(/(?:^| )(?:tunnel|access|service install)\b/)],
  ["frpc", tunnels(/^(?!.*--?(?:version|help|v|h)\b)/)],
  ["chisel", tunnels(/(?:^| )(?:client|server)\b/)],
  ["bore", tunnels(/(?:^| )local\b/)],
  ["lt", tunnels(/--port|-p /)],
  ["devtunnel", tunnels(/(?:^| )(?:host|create|port)\b/)],
  ["code", tunnels(/(?:^| )tunnel\b/)],
  ["gs-netcat", tunnels(/./)],
  ["tmate", tunnels(/^(?!.*-V\b)/)],
  ["tailscale", tunnels(/(?:^| )(?:funnel|serve)\b|--ssh\b|--advertise-(?:routes|exit-node)/)],
  ["zerotier-cli", tunnels(/(?:^| )join\b/)],
  ["teleport", tunnels(/(?:^| )start\b/)],
  ["iodine", tunnels(/./)],
  ["dnscat", tunnels(/./)],
  ["ptunnel", tunnels(/./)],
  ["sshuttle", (args) => changed(args)],
  ["rinetd", tunnels(/./)],
  ["redir", tunnels(/./)],
  ["xinetd", tunnels(/./)],
  ["x11vnc", tunnels(/./)],
  ["vncserver", tunnels(/^(?!.*-kill)/)],
  ["ttyd", tunnels(/./)],
  ["gotty", tunnels(/./)],
  ["shellinaboxd", tunnels(/./)]
])
