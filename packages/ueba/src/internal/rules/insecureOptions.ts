/**
 * Options, settings and variables that switch off a verification: of the peer of a connection, of a signature, or of a
 * digest. Most tools name them alike, so a few patterns cover tools that no table lists.
 */
import { baseName } from "../values/paths.ts"

/** Options that give a container power over the host. */
const hostPower =
  /^--(?:privileged|pid=host|net(?:work)?=host|device=\/dev\/(?:sd|nvme|mem|kmsg)|cgroupns=host|uts=host|userns=host|ipc=host|insecure-registry)|^(?:--cap-add=)?(?:CAP_)?(?:ALL|SYS_ADMIN|SYS_MODULE|SYS_PTRACE|SYS_RAWIO|DAC_READ_SEARCH)$|^(?:--security-opt=)?(?:apparmor|seccomp|label)[=:](?:unconfined|disable)$|^(?:-v|--volume=)?\/(?:|etc|root|boot|dev|home|usr|var|(?:var\/)?run\/(?:docker|containerd\/containerd|podman\/podman)\.sock):\/|^(?:--mount=)?(?:[\w-]+=[^,]*,)*(?:source|src)=\/(?:etc|root)?(?:,|$)/

const ssh = /^(?:-o)?StrictHostKeyChecking=(?:no|off|accept-new)$|^(?:-o)?(?:User|Global)KnownHostsFile=\/dev\/null$/i

/** Options that only their command has, or that are too short to be recognized elsewhere. */
const insecureOptions: ReadonlyMap<string, RegExp> = new Map([
  [
    "curl",
    /^(?:-[a-zA-Z0-9#]*k[a-zA-Z]*|--inse[cure]*|--proxy-insecure|--doh-insecure|--ssl-no-revoke|--sslv[23]|-[23])$|SECLEVEL=0/
  ],
  ["wget", /^(?:--no-ch[a-z-]*|--no-hsts)$|^--secure-protocol=(?:SSLv|TLSv1$)|^check_certificate\s?=\s?off$/i],
  ["ssh", ssh],
  ["scp", ssh],
  ["sftp", ssh],
  ["openssl", /^-verify_quiet$/],
  ["lftp", /ssl:verify-certificate\s{1,9}(?:no|false)/],
  ["gpg", /^--auto-key-retrieve$/],
  ["socat", /^(?:openssl|ssl)[\w-]*:.*\bverify=0/i],
  ["dpkg", /^--force-(?:all|bad-verify)$/],
  ["rpm", /^--no(?:file)?digests?$|^--nosignature$|^--noverify$/],
  ["docker", hostPower],
  ["nerdctl", hostPower],
  ["podman", hostPower]
])

/** Options that send a request to another address than the one in the URL. */
const readdressed: ReadonlyMap<string, RegExp> = new Map([["curl", /^--(?:resolve|connect-to)(?:=|$)/]])

/** Names of options with which most tools skip a verification, without their dashes. */
const skipsVerification =
  /^(?:no-?(?:check|verify|validate)-?(?:ssl|tls|cert|certs|certificates?|peer|host|hostname|gpg|signatures?|checksums?)|no-?(?:ssl|tls|certificate|gpg|signature|host-?key)-?(?:verify|checks?|verification|validation)|skip-?(?:(?:tls|ssl|certificate|cert|signature|gpg|checksum|host-?key)-?)?(?:verify|verification|validation|checks?|checksums?)|(?:tls|ssl)-?skip-?verify|insecure(?:-skip-(?:tls-)?verify|-ignore-\w+|-registry|-host|-policy)?|(?:allow|use)-insecure[\w-]*|(?:unsafely-)?ignore-(?:cert|certs|certificate|certificates|certificate-errors|ssl|ssl-errors|tls|signature)|disable-(?:ssl|tls|cert\w*)[\w-]*|(?:tls|ssl)AllowInvalid\w+|tlsInsecure|SkipCertificateCheck|accept-invalid-certs|discovery-token-unsafe-skip-ca-verification|plain-http|skip-ssl|nossl|trusted-host|dangerous|assume-yes-insecure)(?:=(?:true|1|yes|on|[\w.:-]{4,}))?$/i

/** Names of options that order a verification, and are given a value that says no. */
const declinesVerification =
  /^(?:(?:src-|dest-)?tls-verify|verify(?:[-_](?:ssl|tls|peer|host|cert\w*))?|(?:ssl|tls)[-_]?(?:verify\w*|check\w*|mode)|check[-_]?certificate|(?:no-)?strict-ssl|gpgcheck|sslverify|verify_return_error|ssl-verify-server-cert|checksum)=(?:no|false|0|off|none|never|disabled?|quiet)$/i

/** Between the name of a setting and its value: `a=0`, `a: 0`, `"a" => 0`. */
const equals = String.raw`["']? {0,3}(?:=>|[:=]) {0,3}["']?`
/** `a 0`, too. */
const equalsOrBlank = String.raw`["']?(?: {0,3}(?:=>|[:=]) {0,3}| {1,3})["']?`
const start = String.raw`(?:^|[^\w-])["']?`
const no = String.raw`(?:false|0|no|off|never|none|disabled?)(?![\w.-])`
const yes = String.raw`(?:true|1|yes|on)(?![\w.-])`

/** Settings of configuration files and arguments that decline a verification. */
const settings: ReadonlyArray<RegExp> = [
  `${start}(?:[\\w.]{0,30}ssl[_-]?verify(?:[_-]?(?:mode|peer|host))?|verify[_-]?(?:ssl|peer(?:_name)?|tls|host(?:name)?|certs?|certificates?)|strict[-_]ssl|enableStrictSsl|check[-_]certificate|tls[-_]?verify|(?:repo_|pkg_)?gpgcheck|secure-http|StrictHostKeyChecking|TLS_REQCERT|require-sigs|SigLevel|Verify-(?:Peer|Host)|host_key_checking)${equalsOrBlank}${no}`,
  `${start}(?:verify|rejectUnauthorized)${equals}${no}`,
  `${start}(?:disable[-_](?:tls|ssl)\\w{0,20}|auth/disable_ssl_validation|AllowUnauthenticated|AllowInsecureRepositories)${equalsOrBlank}${yes}`,
  `${start}(?:insecure(?:[-_]?skip[-_]?(?:tls[-_]?)?verify)?|(?:tls|ssl)[-_]?skip[-_]?verify|[\\w.]{0,30}ssl\\.(?:insecure|allowall)|trust_?all(?:_?certs?)?)${equals}${yes}`,
  String.raw`"insecure-registries"\s{0,3}:\s{0,3}\[\s{0,3}"|(?:^|\n)\s{0,8}trusted-host\s{0,3}=|\[(?:[^\]\n]{0,200}\s)?trusted=yes`,
  String.raw`_create_unverified_context|VERIFY_NONE|CERT_NONE|InsecureRequestWarning`
].map((pattern) => new RegExp(pattern, "i"))

/** Commands whose arguments are text to print, to look for or to compare. */
const talks =
  /^(?:echo|printf|e?grep|fgrep|rg|test|\[|logger|read|case|die|log\w*|info|warn\w*|err\w*|fail|msg\w*|curl|wget|expr)$/

/** Longer texts are data rather than settings. */
const longest = 65_536

/** Whether a text, such as a configuration file, has a setting that declines a verification, outside comments. */
export const declines = (text: string): boolean => {
  const part = text.slice(0, longest)
  return settings.some((setting) => setting.test(part)) && settings.some((setting) => setting.test(uncommented(part)))
}

const uncommented = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s{0,100}[#;]/.test(line.slice(0, 200)))
    .join("\n")

const declinesAsOption = (argument: string): boolean => {
  if (argument.length > 200 || !/^--?\w/.test(argument)) return false
  const option = argument.replace(/^--?/, "")
  return (
    skipsVerification.test(option) ||
    declinesVerification.test(option) ||
    (argument.startsWith("-D") && declines(argument.slice(2)))
  )
}

/** Programs that have options of these names with another meaning. */
const other = /^(?:git|make|cmake|rsync|tar|install|find|fsck\S*|e2fsck|grep|bash|sh)$/

/** What a call of a command weakens by its options, if it does. */
export const weakened = (
  name: string,
  args: ReadonlyArray<string>
): { readonly subject: string; readonly concern: string } | undefined => {
  const own = insecureOptions.get(name)
  if (own !== undefined && args.some((argument) => own.test(argument))) {
    return own === hostPower
      ? { subject: "container isolation", concern: "gives a container power over the host" }
      : { subject: "TLS verification", concern: "does not verify whom it talks to" }
  }
  const elsewhere = readdressed.get(name)
  if (elsewhere !== undefined && args.some((argument) => elsewhere.test(argument)))
    return { subject: "address of a host", concern: "connects to another address than the one that it names" }
  if (talks.test(baseName(name))) return undefined
  if (
    (!other.test(name) && args.some(declinesAsOption)) ||
    (args.length > 0 && args.length < 100 && declines(args.join(" ").slice(0, 4096)))
  )
    return { subject: "TLS verification", concern: "does not verify whom it talks to, or who signed it" }
  return undefined
}
