/** Commands of what protects a host or watches it: SELinux, AppArmor, audit, agents, firewalls. What switches it off. */
import { operandsOf } from "./fileEffects.ts"
import { always, change, has, type Rule } from "./hostRules.ts"

const off =
  (subject: string, pattern: RegExp): Rule =>
  (args) =>
    pattern.test(args.join(" ").slice(0, 1000))
      ? [change("weakensDefence", subject, "switches off a defence of the host")]
      : []

const removesLogs =
  (subject: string, pattern: RegExp): Rule =>
  (args) =>
    has(args, pattern) ? [change("weakensDefence", subject, "removes the record of what happened")] : []

export const securityAgents: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    "setenforce",
    (args) =>
      /^(?:0|permissive)$/i.test(args[0] ?? "") ? [change("weakensDefence", "SELinux", "switches off SELinux")] : []
  ],
  [
    "setsebool",
    (args) => [change("weakensDefence", `SELinux ${operandsOf(args).join(" ")}`, "changes what SELinux allows")]
  ],
  [
    "semanage",
    (args) =>
      has(args, /^(?:permissive|login|user|boolean|dontaudit|import)$/) ||
      has(args, /^-(?:[amd]|D)$|^--(?:add|modify|delete|deleteall)$/)
        ? [change("weakensDefence", "SELinux", "changes what SELinux allows")]
        : []
  ],
  [
    "semodule",
    (args) =>
      has(args, /^-[a-zA-Z]*[idrB]/) ? [change("weakensDefence", "SELinux", "changes what SELinux allows")] : []
  ],
  ["aa-disable", always("weakensDefence", "switches off AppArmor")],
  ["aa-complain", always("weakensDefence", "switches off AppArmor")],
  ["aa-teardown", always("weakensDefence", "switches off AppArmor")],
  [
    "apparmor_parser",
    (args) =>
      has(args, /^-[a-zA-Z]*R|^--remove/) ? [change("weakensDefence", "AppArmor", "switches off AppArmor")] : []
  ],
  [
    "auditctl",
    (args) =>
      /(?:^| )-(?:e ?0|D|d|W)(?: |$)/.test(args.join(" "))
        ? [change("weakensDefence", "audit", "switches off the audit log")]
        : []
  ],
  [
    "journalctl",
    (args) =>
      has(args, /^--(?:vacuum|rotate|flush)/)
        ? [change("weakensDefence", "journal", "removes entries of the journal")]
        : []
  ],
  [
    "mdatp",
    off("Microsoft Defender", /\bdisabled\b|\bexclusion\b.*\badd\b|\b(?:threat allowed|allowed add)\b|\boffboard\b/)
  ],
  [
    "falconctl",
    off("CrowdStrike Falcon", /(?:^| )-[sd]\b|--(?:delete|backend|tags|provisioning)\b|\b(?:unload|uninstall)\b/)
  ],
  ["sentinelctl", off("SentinelOne", /\b(?:unload|uninstall|control stop|disable|stop|unprotect)\b/)],
  ["cbagentd", off("Carbon Black", /./)],
  ["dsa_control", off("Deep Security", /(?:^| )-[rx]\b|--(?:reset|selfprotect)|--harmony/)],
  ["osqueryctl", off("osquery", /\b(?:stop|clean)\b/)],
  ["osqueryi", off("osquery", /--(?:disable_\w+|nodisable)/)],
  ["wazuh-control", off("Wazuh", /\b(?:stop|disable)\b/)],
  ["ossec-control", off("OSSEC", /\b(?:stop|disable)\b/)],
  [
    "cscli",
    off("CrowdSec", /\b(?:decisions|bouncers|machines|alerts|parsers|scenarios|collections)\b.*\b(?:delete|remove)\b/)
  ],
  ["fail2ban-client", off("fail2ban", /\b(?:stop|unban|set\s+\S+\s+(?:unbanip|addignoreip|bantime)|flushlogs)\b/)],
  ["aa-remove-unknown", off("AppArmor", /^/)],
  ["aideinit", off("AIDE", /^/)],
  ["aide", off("AIDE", /--(?:update|init)\b|(?:^| )-[iu]\b/)],
  ["tripwire", off("Tripwire", /--(?:update|init)\b|-m [iu]\b/)],
  ["rkhunter", off("rkhunter", /--propupd\b/)],
  ["auditbeat", off("Auditbeat", /\b(?:modules disable|keystore remove)\b/)],
  ["elastic-agent", off("Elastic Agent", /\b(?:uninstall|unenroll)\b/)],
  ["splunk", off("Splunk", /\b(?:stop|clean|disable)\b/)],
  ["augenrules", off("audit", /^(?!.*--check)/)],
  ["pam_tally2", removesLogs("login records", /^(?:-r|--reset)/)],
  ["faillock", removesLogs("login records", /^--reset$/)],
  ["faillog", removesLogs("login records", /^-[a-z]*r/)],
  ["lastlog", removesLogs("login records", /^(?:-C|--clear|-S|--set)$/)],
  ["sa", removesLogs("process accounting", /^-[a-z]*s/)],
  ["accton", removesLogs("process accounting", /^off$/)],
  [
    "logrotate",
    (args) =>
      has(args, /^(?:-[a-z]*f|--force)$/)
        ? [change("weakensDefence", "logs", "forces the rotation of logs, which removes the oldest")]
        : []
  ],
  ["syslog-ng-ctl", off("syslog", /\bstop\b/)],
  ["pfctl", off("firewall", /(?:^| )-[a-zA-Z]*(?:d|F)/)],
  ["ipf", off("firewall", /(?:^| )-[a-zA-Z]*(?:D|F)/)],
  ["ipfw", off("firewall", /\bflush\b|\bdisable firewall\b/)],
  ["shorewall", off("firewall", /\b(?:clear|stop)\b/)],
  ["csf", off("firewall", /(?:^| )-[xf]\b|--(?:disable|stop)/)],
  ["apf", off("firewall", /(?:^| )(?:-f|--flush|--stop)/)],
  ["netfilter-persistent", off("firewall", /\b(?:flush|stop)\b/)],
  ["ebtables", off("firewall", /(?:^| )-(?:F|X)\b|--flush/)],
  ["arptables", off("firewall", /(?:^| )-(?:F|X)\b|--flush/)],
  ["ipset", off("firewall", /\b(?:flush|destroy)\b|(?:^| )-[XF]\b/)],
  ["tpm2_clear", off("TPM", /^/)],
  ["sbctl", off("Secure Boot", /\b(?:reset|enroll-keys)\b/)],
  ["authconfig", off("SELinux", /--(?:disable\w+|enforcing=permissive)/)],
  ["update-crypto-policies", off("crypto policies", /--set\s+(?:LEGACY|\S*SHA1|NO-)/)],
  ["fips-mode-setup", off("FIPS", /--disable\b/)]
])
