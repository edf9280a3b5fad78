/** Commands that remove data other than files: databases, volumes, snapshots, clusters, buckets. */
import { operandsOf } from "./fileEffects.ts"
import { removesDatabase } from "./databaseStatements.ts"
import { change, has, type HostChange, type Rule } from "./hostRules.ts"

const lost = (subject: string, concern: string): ReadonlyArray<HostChange> => [change("removes", subject, concern)]

/** Words that must follow each other among the operands: options before them may have values that are not known here. */
const when =
  (words: ReadonlyArray<RegExp>, concern: string, unless: RegExp = /^(?:--dry-run(?:=\w+)?|-n)$/): Rule =>
  (args) => {
    if (has(args, unless)) return []
    const operands = operandsOf(args).slice(0, 64)
    const from = operands.findIndex((_, start) => words.every((word, at) => word.test(operands[start + at] ?? "")))
    return from === -1 ? [] : lost(operands.slice(from + words.length).join(" "), concern)
  }

const any =
  (...rules: ReadonlyArray<Rule>): Rule =>
  (args) =>
    rules.flatMap((rule) => rule(args))

/** A request that makes a server remove something. */
const request: Rule = (args) => {
  const text = args.join(" ").slice(0, 4000)
  return /(?:^| )(?:-[a-zA-Z]*X ?|--request[ =]|--method=)?DELETE(?: |$)/.test(text) ||
    /_delete_by_query\b|\b(?:q|query)=["']?(?:drop|truncate|delete)\b/i.test(text)
    ? lost(text.slice(0, 200), removesRemote)
    : []
}

/** Data of users and of software. */
const holdsData = /^(?:\/(?:home|srv|root|mnt|media|data|var\/(?:www|lib|mail|spool|backups?))|~)(?:\/|$)/

/** Encrypts files that the script has not written. */
const encrypts =
  (pattern: RegExp, unless: RegExp = /^(?!)/): Rule =>
  (args) => {
    const file = args.find((argument) => holdsData.test(argument.replace(/^[\w-]+=/, "")))
    return file !== undefined && has(args, pattern) && !has(args, unless) ? lost(file, "encrypts data of the host") : []
  }

const removesSnapshot = "removes volumes or snapshots"
const removesRemote = "removes what is stored on other hosts"
const emptiesDisk = "makes a disk empty"

export const dataLoss: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["dropdb", (args) => lost(operandsOf(args, /^-[hpU]$/)[0] ?? "", removesDatabase)],
  ["dropuser", (args) => lost(operandsOf(args, /^-[hpU]$/)[0] ?? "", removesDatabase)],
  ["mysqladmin", (args) => (has(args, /^drop$/) ? lost(args.at(-1) ?? "", removesDatabase) : [])],
  ["pg_dropcluster", (args) => lost(operandsOf(args).join(" "), removesDatabase)],
  ...["redis-cli", "valkey-cli"].map(
    (name) => [name, when([/^(?:del|unlink|flushall|flushdb|shutdown)$/i], removesDatabase)] as const
  ),
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
  ["terraform", (args) => (has(args, /^-?-?destroy$/) ? lost(args.join(" "), removesRemote) : [])],
  ["tofu", (args) => (has(args, /^-?-?destroy$/) ? lost(args.join(" "), removesRemote) : [])],
  ["pulumi", when([/^(?:destroy|down)$/], removesRemote)],
  ["vagrant", when([/^destroy$/], removesRemote)],
  ["serverless", when([/^remove$/], removesRemote)],
  ["eksctl", when([/^delete$/], removesRemote)],
  ["kind", when([/^delete$/], "removes what runs in a cluster")],
  ["k3d", when([/^(?:cluster|node)$/, /^delete$/], "removes what runs in a cluster")],
  ["minikube", when([/^delete$/], "removes what runs in a cluster")],
  ["microk8s", when([/^(?:reset|uninstall)$/], "removes what runs in a cluster")],
  ["k3s-uninstall.sh", () => lost("k3s", "removes what runs in a cluster")],
  ["oc", when([/^delete$/], "removes what runs in a cluster")],
  ["consul", when([/^kv$/, /^delete$/], removesDatabase)],
  [
    "vault",
    any(
      when([/^(?:delete|revoke)$/], removesDatabase),
      when([/^\w+$/, /^(?:delete|disable|destroy|metadata)$/], removesDatabase)
    )
  ],
  [
    "nomad",
    any(
      when([/^(?:job|volume|namespace)$/, /^(?:stop|delete|deregister)$/], removesRemote),
      when([/^stop$/], removesRemote)
    )
  ],
  ["rabbitmqctl", when([/^(?:reset|force_reset|delete_\w+|purge_queue)$/], removesDatabase)],
  ["kafka-topics.sh", (args) => (has(args, /^--delete$/) ? lost(args.join(" "), removesDatabase) : [])],
  ["kafka-topics", (args) => (has(args, /^--delete$/) ? lost(args.join(" "), removesDatabase) : [])],
  ["zkCli.sh", (args) => (has(args, /^(?:deleteall|rmr|delete)$/) ? lost(args.join(" "), removesDatabase) : [])],
  ["nodetool", when([/^(?:clearsnapshot|decommission|removenode|assassinate)$/], removesDatabase)],
  ["ldapdelete", (args) => lost(operandsOf(args, /^-[DwyHhpf]$/).join(" "), removesDatabase)],
  ["samba-tool", (args) => (has(args, /^(?:delete|demote)$/) ? lost(args.join(" "), removesDatabase) : [])],
  ["ipa", (args) => (args[0]?.endsWith("-del") === true ? lost(args.join(" "), removesDatabase) : [])],
  ["rbd", when([/^(?:rm|remove|snap|trash)$/], removesSnapshot)],
  ["ceph", when([/^(?:osd|mon|fs)$/, /^(?:pool|purge|destroy|rm|out|lost)$/], removesSnapshot)],
  ["rados", when([/^(?:rmpool|purge|rm)$/], removesSnapshot)],
  ["gluster", when([/^(?:volume|snapshot|peer)$/, /^(?:delete|stop|detach)$/], removesSnapshot)],
  ["bcachefs", when([/^(?:format|subvolume|device)$/], emptiesDisk)],
  ["stratis", when([/^(?:pool|filesystem|fs)$/, /^destroy$/], removesSnapshot)],
  ["vdo", when([/^remove$/], removesSnapshot)],
  ["targetcli", (args) => (has(args, /clearconfig|delete/) ? lost(args.join(" "), removesSnapshot) : [])],
  [
    "iscsiadm",
    (args) => (has(args, /^(?:-u|--logout)$/) || has(args, /^delete$/) ? lost(args.join(" "), removesSnapshot) : [])
  ],
  ["mt", when([/^\S*$/, /^(?:erase|weof|rewoffl)$/], "removes backups")],
  [
    "tune2fs",
    (args) =>
      has(args, /^-[a-zA-Z]*[OUf]|^\^/) ? lost(args.at(-1) ?? "", "changes a file system behind its back") : []
  ],
  [
    "resize2fs",
    (args) => (has(args, /^-[a-z]*[Mf]/) ? lost(args.join(" "), "changes a file system behind its back") : [])
  ],
  ["lvreduce", (args) => lost(args.join(" "), removesSnapshot)],
  ["lvresize", (args) => (has(args, /^(?:-L|-l|--size=?)?-\d/) ? lost(args.join(" "), removesSnapshot) : [])],
  ["vgreduce", (args) => lost(args.join(" "), removesSnapshot)],
  ["cryptsetup-reencrypt", (args) => lost(args.at(-1) ?? "", emptiesDisk)],
  ["kopia", when([/^(?:snapshot|repository|content)$/, /^(?:delete|expire|disconnect)$/], "removes backups")],
  ["duplicity", when([/^(?:remove-\S+|cleanup)$/], "removes backups")],
  ["duply", (args) => (has(args, /^purge/) ? lost(args.join(" "), "removes backups") : [])],
  [
    "rdiff-backup",
    (args) => (has(args, /^(?:--remove-older-than|remove)/) ? lost(args.join(" "), "removes backups") : [])
  ],
  ["barman", when([/^delete$/], "removes backups")],
  ["pgbackrest", when([/^(?:expire|stanza-delete)$/], "removes backups")],
  ["wal-g", when([/^delete$/], "removes backups")],
  ["velero", when([/^\w+$/, /^delete$/], "removes backups")],
  ["proxmox-backup-client", when([/^(?:snapshot|forget|prune)$/], "removes backups")],
  ["qm", when([/^(?:destroy|delsnapshot|rollback)$/], "removes virtual machines")],
  ["pct", when([/^(?:destroy|delsnapshot|rollback)$/], "removes virtual machines")],
  ["govc", when([/^\S+\.destroy$/], "removes virtual machines")],
  ["openstack", when([/^\w+$/, /^delete$/], removesRemote)],
  ["doctl", (args) => (has(args, /^(?:delete|rm)$/) ? lost(args.join(" "), removesRemote) : [])],
  ["hcloud", (args) => (has(args, /^delete$/) ? lost(args.join(" "), removesRemote) : [])],
  ["linode-cli", (args) => (has(args, /^(?:delete|rm)$/) ? lost(args.join(" "), removesRemote) : [])],
  ["ibmcloud", (args) => (has(args, /delete|-rm$/) ? lost(args.join(" "), removesRemote) : [])],
  ["oci", (args) => (has(args, /^(?:delete|terminate|bulk-delete)$/) ? lost(args.join(" "), removesRemote) : [])],
  ["aliyun", (args) => (has(args, /^Delete|^rm$/) ? lost(args.join(" "), removesRemote) : [])],
  ["heroku", (args) => (has(args, /(?:destroy|reset)$/) ? lost(args.join(" "), removesRemote) : [])],
  ["flyctl", (args) => (has(args, /^destroy$/) ? lost(args.join(" "), removesRemote) : [])],
  ["gh", when([/^(?:repo|release|secret|variable|run|cache|gist)$/, /^delete/], removesRemote)],
  ["bq", when([/^rm$/], removesRemote)],
  ["s4cmd", when([/^(?:del|rm)$/], removesRemote)],
  ["azcopy", when([/^(?:remove|rm)$/], removesRemote)],
  [
    "lftp",
    (args) =>
      /\b(?:rm|mrm|rmdir)\s|--delete\b/.test(args.join(" ").slice(0, 2000))
        ? lost(args.join(" ").slice(0, 100), removesRemote)
        : []
  ],
  ...["curl", "wget", "http", "https", "xh"].map((name) => [name, request] as const),
  [
    "aws",
    any(
      when([/^s3$/, /^(?:rm|rb)$/], removesRemote, /^--dryrun$/),
      (args) => (has(args, /^sync$/) && has(args, /^--delete$/) ? lost(args.join(" "), removesRemote) : []),
      when(
        [/^[\w-]+$/, /^(?:delete|terminate|deregister|purge|schedule-key-deletion|batch-delete|remove)-?/],
        removesRemote
      )
    )
  ],
  [
    "gsutil",
    any(when([/^(?:rm|rb)$/], removesRemote), (args) =>
      has(args, /^rsync$/) && has(args, /^-[a-z]*d/) ? lost(args.join(" "), removesRemote) : []
    )
  ],
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
    "cryptsetup",
    (args) =>
      has(args, /^(?:luksRemoveKey|luksKillSlot|luksHeaderRestore)$/)
        ? lost(args.join(" "), "removes keys of an encrypted disk")
        : []
  ],
  ["openssl", encrypts(/^(?:enc|smime|cms|aes\S*|-encrypt|pkeyutl)$/, /^-(?:d|decrypt|verify|sign)$/)],
  [
    "gpg",
    any(encrypts(/^(?:-[a-z]*[ce]|--(?:symmetric|encrypt)\S*)$/), (args) =>
      has(args, /^--delete-(?:secret-)?(?:and-public-)?keys?$/) ? lost(operandsOf(args).join(" "), "removes keys") : []
    )
  ],
  ["gpg2", encrypts(/^(?:-[a-z]*[ce]|--(?:symmetric|encrypt)\S*)$/)],
  ["age", encrypts(/./, /^(?:-d|--decrypt)$/)],
  ["ccrypt", encrypts(/./, /^-[a-z]*d|^--decrypt$/)],
  ["ccencrypt", encrypts(/./)],
  ["mcrypt", encrypts(/./, /^-[a-z]*d|^--decrypt$/)],
  ["zip", encrypts(/^(?:-[a-zA-Z]*[eP]|--(?:encrypt|password))$/)],
  ["7z", encrypts(/^-p./)],
  ["7za", encrypts(/^-p./)],
  ["rar", encrypts(/^-h?p./)],
  ["gocryptfs", encrypts(/^-init$/)],
  ["crontab", (args) => (has(args, /^-[a-z]*r/) ? lost("crontab", "removes all jobs") : [])]
])
