/** Commands that configure other software on the host: web servers, mail servers, databases and the like. */
import { operandsOf } from "./fileEffects.ts"
import { change, has, type Rule } from "./hostRules.ts"

/** Changes how other software works. */
export const configures =
  (software: string): Rule =>
  (args) => [
    {
      ...change("changesService", args.join(" ").slice(0, 100), "changes how other software works"),
      owner: { names: [software], ownedByStarting: false }
    }
  ]

export const softwareCommands: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...["a2enmod", "a2dismod", "a2ensite", "a2dissite", "a2enconf", "a2disconf"].map(
    (name) => [name, configures("apache")] as const
  ),
  ...["phpenmod", "phpdismod"].map((name) => [name, configures("php")] as const),
  ["postconf", (args) => (has(args, /^-[a-zA-Z]*[eX#M]/) ? configures("postfix")(args) : [])],
  ["gsettings", (args) => (has(args, /^(?:set|reset\S*)$/) ? configures("dconf")(args) : [])],
  ["dconf", (args) => (has(args, /^(?:write|load|reset|update|compile)$/) ? configures("dconf")(args) : [])],
  ["xfconf-query", (args) => (has(args, /^(?:-s|--set|-r|--reset)$/) ? configures("xfce")(args) : [])],
  ["kwriteconfig5", configures("kde")],
  ["kwriteconfig6", configures("kde")],
  ["xdg-settings", (args) => (args[0] === "set" ? configures("xdg")(args) : [])],
  ["xdg-mime", (args) => (/^(?:default|install)$/.test(args[0] ?? "") ? configures("xdg")(args) : [])],
  [
    "dpkg-reconfigure",
    (args) => operandsOf(args, /^-[fp]$/).flatMap((name) => configures(name.split(/[^a-z]+/)[0] ?? name)([name]))
  ],
  ["lighty-enable-mod", configures("lighttpd")],
  ["rabbitmqctl", (args) => (has(args, /^(?:list\S*|status|report|await\S*)$/) ? [] : configures("rabbitmq")(args))],
  ["rabbitmq-plugins", (args) => (has(args, /^(?:enable|disable)$/) ? configures("rabbitmq")(args) : [])],
  ["smbpasswd", configures("samba")],
  ["pdbedit", (args) => (has(args, /^-[axmr]$/) ? configures("samba")(args) : [])],
  ["exportfs", (args) => (has(args, /^-[a-z]*[uoi]/) ? configures("nfs")(args) : [])],
  ["lpadmin", configures("cups")],
  ["gitlab-ctl", (args) => (has(args, /^(?:reconfigure|cleanse|uninstall|stop)$/) ? configures("gitlab")(args) : [])],
  ["gitlab-rails", configures("gitlab")],
  ["grafana-cli", configures("grafana")],
  ["occ", configures("nextcloud")],
  ["wp", configures("wordpress")]
])
