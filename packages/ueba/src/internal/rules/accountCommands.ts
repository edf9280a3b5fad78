/** Commands that change users, groups and passwords. */
import { always, change, has, privileged, type Rule, user, userConcern } from "./hostRules.ts"

export const accountCommands: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["useradd", user(userConcern)],
  ["adduser", user(userConcern)],
  ["usermod", user(userConcern)],
  [
    "userdel",
    user((args) =>
      args.some((argument) => privileged.test(argument))
        ? "removes a user that the host depends on"
        : has(args, /^(?:-[a-zA-Z]*r|--remove)/)
          ? "removes a user with all files of the home directory"
          : undefined
    )
  ],
  [
    "deluser",
    user((args) =>
      has(args, /^--remove-(?:home|all-files)$/) ? "removes a user with all files of the home directory" : undefined
    )
  ],
  ["pw", (args) => (/^user(?:add|mod)$/.test(args[0] ?? "") ? user(userConcern)(args.slice(1)) : [])],
  [
    "groupadd",
    user((args) => (has(args, /^(?:-o|--non-unique)$/) ? "makes a second group with the same id" : undefined))
  ],
  ["addgroup", user(userConcern)],
  ["groupmod", user(userConcern)],
  [
    "gpasswd",
    user((args) =>
      args.some((argument) => privileged.test(argument)) ? "puts a user into a group with root rights" : undefined
    )
  ],
  ["passwd", user((args) => (has(args, /^-[SlL]|^--(?:status|lock)$/) ? undefined : "changes a password"))],
  ["chpasswd", always("changesUser", "changes passwords")],
  ["newusers", always("changesUser", "creates users")],
  ["chage", user((args) => (has(args, /^(?:-l|--list)$/) ? undefined : "changes when a user or password expires"))],
  ["chsh", user(() => "changes a login shell")],
  ["vipw", always("changesUser", "edits the users of the host")],
  ["vigr", always("changesUser", "edits the groups of the host")],
  [
    "visudo",
    (args) =>
      has(args, /^-[a-z]*c|^--check/) ? [] : [change("changesUser", "sudoers", "decides who gets root rights")]
  ]
])
