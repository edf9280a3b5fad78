/** Commands that remove data other than files: databases, volumes, snapshots, clusters, buckets. */
import { operandsOf } from "./fileEffects.ts"
import { change, has, type HostChange, type Rule } from "./hostRules.ts"

const lost = (subject: string, concern: string): ReadonlyArray<HostChange> => [change("removes", subject, concern)]

const removesDatabase = "removes a database or what is in it"

/** Statements in the arguments of a client that remove tables or databases. */
const statement =
  /\b(?:drop\s+(?:database|schema|tablespace|table|user|role|keyspace|owned)|truncate\s+(?:table\s+)?\w|delete\s+from\s+[\w.`"]+\s*(?:;|"|'|$)|dropDatabase\s*\(|flush(?:all|db)\b|\.drop\s*\(\s*\))/i

const client: Rule = (args) => {
  const text = args.find((argument) => statement.test(argument.slice(0, 10_000)))
  return text === undefined ? [] : lost(text.slice(0, 100), removesDatabase)
}

/** Words that must all occur among the operands, in this order. */
const when =
  (words: ReadonlyArray<RegExp>, concern: string, unless: RegExp = /^(?:--dry-run(?:=\w+)?|-n)$/): Rule =>
  (args) => {
    if (has(args, unless)) return []
    const operands = operandsOf(args)
    return words.every((word, at) => word.test(operands[at] ?? ""))
      ? lost(operands.slice(words.length).join(" "), concern)
      : []
  }

const any =
  (...rules: ReadonlyArray<Rule>): Rule =>
  (args) =>
    rules.flatMap((rule) => rule(args))

const removesSnapshot = "removes volumes or snapshots"
const removesRemote = "removes what is stored on other hosts"
const emptiesDisk = "makes a disk empty"

export const dataLoss: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[
    "mysql",
    "mariadb",
    "psql",
    "sqlite3",
    "mongo",
    "mongosh",
    "clickhouse-client",
    "cqlsh",
    "sqlplus",
    "isql",
    "sqlcmd"
  ].map((name) => [name, client] as const),
  ["redis-cli", client],
  ["valkey-cli", client],
  ["dropdb", (args) => lost(operandsOf(args, /^-[hpU]$/)[0] ?? "", removesDatabase)],
  ["dropuser", (args) => lost(operandsOf(args, /^-[hpU]$/)[0] ?? "", removesDatabase)],
  ["mysqladmin", (args) => (has(args, /^drop$/) ? lost(args.at(-1) ?? "", removesDatabase) : [])],
  ["pg_dropcluster", (args) => lost(operandsOf(args).join(" "), removesDatabase)],
  ["etcdctl", when([/^(?:del|rm|rmdir)$/], removesDatabase)],
  ["influx", when([/^bucket$/, /^delete$/], removesDatabase)],
  [
    "btrfs",
    any(
      when([/^subvol\w*$/, /^(?:delete|del)\w*$/], removesSnapshot),
      when([/^device$/, /^(?:delete|remove)$/], removesSnapshot)
    )
  ],
  ["zfs", when([/^(?:destroy|rollback)$/], removesSnapshot)],
  ["zpool", when([/^(?:destroy|labelclear)$/], removesSnapshot)],
  ["snapper", when([/^(?:delete|remove|rm)$/], removesSnapshot)],
  ["timeshift", (args) => (has(args, /^--delete/) ? lost("snapshots", removesSnapshot) : [])],
  ["lvremove", (args) => lost(operandsOf(args).join(" "), removesSnapshot)],
  ["dmsetup", when([/^(?:remove|remove_all|wipe_table)$/], emptiesDisk)],
  [
    "mdadm",
    (args) =>
      has(args, /^--(?:zero-superblock|stop|fail|remove)/) ? lost(operandsOf(args).join(" "), emptiesDisk) : []
  ],
  ["nvme", when([/^(?:format|sanitize|delete-ns|write-zeroes)$/], emptiesDisk)],
  [
    "hdparm",
    (args) =>
      has(args, /^--(?:security-erase\S*|trim-sector-ranges|make-bad-sector)/)
        ? lost(args.at(-1) ?? "", emptiesDisk)
        : []
  ],
  ["sg_format", (args) => lost(args.at(-1) ?? "", emptiesDisk)],
  ["sg_sanitize", (args) => lost(args.at(-1) ?? "", emptiesDisk)],
  ["nwipe", (args) => lost(operandsOf(args).join(" "), emptiesDisk)],
  ["scrub", (args) => lost(operandsOf(args).join(" "), emptiesDisk)],
  ["debugfs", (args) => (has(args, /^-w$/) ? lost(args.at(-1) ?? "", "changes a file system behind its back") : [])],
  [
    "umount",
    (args) => (has(args, /^-[a-zA-Z]*a|^--all$/) ? [change("changesKernel", "all", "takes away all file systems")] : [])
  ],
  [
    "virsh",
    when([/^(?:undefine|destroy|vol-delete|pool-delete|snapshot-delete|net-undefine)$/], "removes virtual machines")
  ],
  ["VBoxManage", (args) => (has(args, /^--delete$/) ? lost(args.join(" "), "removes virtual machines") : [])],
  ["lxc", when([/^delete$/], "removes containers")],
  ["incus", when([/^delete$/], "removes containers")],
  ["lxc-destroy", (args) => lost(args.join(" "), "removes containers")],
  [
    "kubectl",
    (args) => {
      const operands = operandsOf(args, /^(?:-[nlf]|--(?:namespace|selector|context|kubeconfig))$/)
      return operands[0] === "delete" &&
        (has(args, /^--all(?:-namespaces)?$/) ||
          /^(?:ns|namespaces?|pvc?|persistentvolume\w*|nodes?|crds?)\b/.test(operands[1] ?? ""))
        ? lost(operands.slice(1).join(" "), "removes what runs in a cluster")
        : []
    }
  ],
  ["kubeadm", when([/^reset$/], "removes what runs in a cluster")],
  ["helm", when([/^(?:uninstall|delete)$/], "removes what runs in a cluster")],
  ["terraform", when([/^destroy$/], removesRemote)],
  [
    "aws",
    any(
      when([/^s3$/, /^(?:rm|rb)$/], removesRemote, /^--dryrun$/),
      when([/^\w+$/, /^(?:delete|terminate)-/], removesRemote)
    )
  ],
  ["gsutil", when([/^(?:rm|rb)$/], removesRemote)],
  ["gcloud", (args) => (has(args, /^delete$/) ? lost(args.join(" "), removesRemote) : [])],
  ["az", (args) => (has(args, /^(?:delete|delete-batch)$/) ? lost(args.join(" "), removesRemote) : [])],
  ["mc", when([/^(?:rm|rb)$/], removesRemote)],
  ["s3cmd", when([/^(?:del|rm|rb)$/], removesRemote)],
  ["rclone", when([/^(?:delete|purge|sync)$/], removesRemote)],
  ["restic", when([/^(?:forget|prune)$/], "removes backups")],
  ["borg", when([/^(?:delete|prune)$/], "removes backups")],
  ["tmutil", when([/^delete/], "removes backups")],
  [
    "docker-compose",
    (args) =>
      has(args, /^down$/) && has(args, /^(?:-v|--volumes)$/) ? lost("volumes", "removes the data of containers") : []
  ],
  [
    "git",
    (args) => {
      const operands = operandsOf(args, /^-[cC]$/)
      return operands[0] === "push" && has(args, /^(?:-f|--force|--mirror|--delete|-d)$/)
        ? lost(operands.slice(1).join(" "), "rewrites or removes what another host has")
        : []
    }
  ],
  [
    "gpg",
    (args) =>
      has(args, /^--delete-(?:secret-)?(?:and-public-)?keys?$/) ? lost(operandsOf(args).join(" "), "removes keys") : []
  ],
  [
    "cryptsetup",
    (args) =>
      has(args, /^(?:luksRemoveKey|luksKillSlot|luksHeaderRestore)$/)
        ? lost(args.join(" "), "removes keys of an encrypted disk")
        : []
  ],
  ["crontab", (args) => (has(args, /^-[a-z]*r/) ? lost("crontab", "removes all jobs") : [])]
])
