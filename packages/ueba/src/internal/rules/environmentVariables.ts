/** Environment variables that change what later commands do. */
import { declines } from "./insecureOptions.ts"
import { isOpen, unknownButSet } from "../values/shellValue.ts"

/** Places that anybody may write to, and paths that depend on the current directory. */
const writablePlace = /^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:\/|$)|^\.{1,2}(?:\/|$)/

const loads = "loads code into later commands"
const unverified = "switches off the verification of TLS"
const unsigned = "installs packages without checking who signed them"
const forgets = "keeps commands out of the history"
const trusts = "decides which certificates later commands trust"

/** How a value of a variable changes later commands, if it does. */
type Judge = (value: string) => string | undefined

const isNothing = (value: string): boolean => !/[\w~]/.test(value) || /^\/(?:dev\/null|nonexist\w*)$/.test(value)
const isYes = (value: string): boolean => !/^(?:0|no|off|false|)$/i.test(value)
const isNo = (value: string): boolean => /^(?:0|no|off|false|never|none|disabled?)$/i.test(value)

/** Any value names code that later commands load. */
const code: Judge = (value) => (isNothing(value) ? undefined : loads)

/** A list of directories that later commands load code from. */
const directories: Judge = (value) =>
  value.split(":").some((place) => place !== "" && writablePlace.test(place)) ||
  (value !== ":" && value.startsWith(":") && !isOpen(value))
    ? loads
    : undefined

/** A program that later commands start: a command line, or a program outside the directories of the system. */
const program: Judge = (value) =>
  /[;|`]|\$\(|\s-[a-z]*c\s/.test(value) || writablePlace.test(value)
    ? "makes later commands run another program"
    : undefined

const options =
  (loading: RegExp): Judge =>
  (value) =>
    loading.test(value) ? loads : declines(value) ? unverified : undefined

const java = options(/-javaagent|-agent(?:lib|path)|-Xbootclasspath|-XX:OnError|-XX:OnOutOfMemoryError/)

const certificates: Judge = (value) =>
  isOpen(value)
    ? undefined
    : value === "" || value === "/dev/null"
      ? unverified
      : writablePlace.test(value)
        ? trusts
        : undefined

const configuration: Judge = (value) =>
  value !== "" && writablePlace.test(value)
    ? "makes later commands read their settings from a place that anybody may write to"
    : undefined

const proxy: Judge = (value) =>
  isOpen(value) || !/[\w-]\.[\w-]/.test(value) || /(?:^|[/@])(?:localhost|127\.\d)/.test(value)
    ? undefined
    : "sends the requests of later commands through another host"

const prompt: Judge = (value) =>
  /`|\$\((?!\s{0,3}(?:date|basename|printf|tput|echo|pwd|whoami|hostname)\b[^|;&`$()]*\))/.test(value)
    ? "runs code where a shell prints a prompt or a trace"
    : undefined

const search: Judge = (value) => {
  const places = value.split(":")
  if (places.some((place) => /^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:\/|$)/.test(place) && !isOpen(place)))
    return "makes later commands come from a place that anybody may write to"
  if (value !== "" && places.some((place) => /^\.{0,2}$|^\.{1,2}\/|^[\w-]/.test(place)))
    return "makes later commands come from a place that anybody may write to"
  const [first = ""] = places
  return places.length > 1 && (/^(?:~|\/home\/)/.test(first) || first.startsWith(`${unknownButSet}{PWD}`))
    ? "makes later commands come from a home directory, or the current one, before those of the system"
    : undefined
}

const histories: Judge = (value) => (/^(?:0|-|\/dev\/null|)$/.test(value) ? forgets : undefined)

const each = (names: string, judge: Judge): ReadonlyArray<readonly [name: string, judge: Judge]> =>
  names.split(" ").map((name) => [name, judge] as const)

const judges: ReadonlyMap<string, Judge> = new Map([
  ...each(
    "LD_PRELOAD LD_AUDIT BASH_ENV ENV PROMPT_COMMAND PYTHONSTARTUP PERL5OPT PERL5LIB PERL5DB RUBYOPT GIT_SSH_COMMAND GIT_EXTERNAL_DIFF " +
      "GIT_PROXY_COMMAND LESSOPEN LESSCLOSE PYTHONBREAKPOINT OPENSSL_ENGINES OPENSSL_MODULES GCONV_PATH BASH_LOADABLES_PATH RSYNC_RSH " +
      "CVS_RSH GIT_CONFIG_PARAMETERS",
    code
  ),
  ...each(
    "LD_LIBRARY_PATH PYTHONPATH PYTHONHOME RUBYLIB NODE_PATH CLASSPATH LOCPATH GEM_PATH TERMINFO GIT_EXEC_PATH GIT_TEMPLATE_DIR " +
      "QT_PLUGIN_PATH GST_PLUGIN_PATH GTK_PATH XDG_DATA_DIRS MANPATH FPATH CDPATH LUA_PATH LUA_CPATH",
    directories
  ),
  ...each(
    "PAGER MANPAGER GIT_PAGER SYSTEMD_PAGER EDITOR VISUAL GIT_EDITOR GIT_SEQUENCE_EDITOR SUDO_EDITOR SYSTEMD_EDITOR BROWSER GIT_ASKPASS " +
      "SSH_ASKPASS SUDO_ASKPASS GIT_SSH SHELL",
    program
  ),
  ...each(
    "JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS MAVEN_OPTS GRADLE_OPTS SBT_OPTS CATALINA_OPTS",
    java
  ),
  ["NODE_OPTIONS", options(/(?:^|\s)(?:-r|--(?:require|import|loader|experimental-loader|env-file))\b/)],
  ...each("PS0 PS1 PS2 PS4", prompt),
  ...each("SHELLOPTS BASHOPTS", () => "changes how later shells run"),
  ...each("HOSTALIASES", () => "gives names of hosts another meaning"),
  ...each("SSLKEYLOGFILE", (value) => (value === "" ? undefined : "records the keys of TLS connections")),
  ...each(
    "SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO GIT_SSL_CAPATH AWS_CA_BUNDLE PIP_CERT",
    certificates
  ),
  ...each(
    "WGETRC CURL_HOME KUBECONFIG PIP_CONFIG_FILE NPM_CONFIG_USERCONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM ANSIBLE_CONFIG " +
      "DOCKER_CONFIG BASH_STARTUP INPUTRC XDG_CONFIG_DIRS",
    configuration
  ),
  ...each("OPENSSL_CONF GNUTLS_SYSTEM_PRIORITY_FILE", (value) =>
    value === "/dev/null" ? "ignores the rules of the host for TLS" : configuration(value)
  ),
  ...each("TMOUT", (value) => (/^(?:0|)$/.test(value) ? "keeps idle sessions open" : undefined)),
  ...each("http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY ftp_proxy", proxy),
  ...each("PYTHONHTTPSVERIFY NODE_TLS_REJECT_UNAUTHORIZED", (value) => (value === "0" ? unverified : undefined)),
  ...each(
    "CURL_INSECURE GOINSECURE PYTHONWARNINGS_INSECURE UV_INSECURE_HOST PIP_TRUSTED_HOST CARGO_HTTP_INSECURE",
    (value) => (isYes(value) ? unverified : undefined)
  ),
  ["LDAPTLS_REQCERT", (value) => (/^(?:never|allow)$/.test(value) ? unverified : undefined)],
  ["GOSUMDB", (value) => (value === "off" ? unsigned : undefined)],
  ...each("GONOSUMDB GONOSUMCHECK", (value) => (isYes(value) ? unsigned : undefined)),
  ["DOCKER_CONTENT_TRUST", (value) => (isNo(value) ? unsigned : undefined)],
  ...each("HISTFILE HISTSIZE HISTFILESIZE", histories),
  ...each("HISTCONTROL HISTIGNORE", () => forgets),
  ...each(
    "LESSHISTFILE MYSQL_HISTFILE PSQL_HISTORY SQLITE_HISTORY PYTHON_HISTORY NODE_REPL_HISTORY REDISCLI_HISTFILE",
    (value) => (value === "-" || value === "/dev/null" ? forgets : undefined)
  ),
  ["PATH", search]
])

/** Names of variables with which most tools skip a verification if they are set. */
const skips =
  /(?:^|_)(?:(?:TLS|SSL|CERT|CERTIFICATE|HTTPS)_(?:NO|SKIP|DISABLE)_VERIFY|(?:NO|SKIP|DISABLE)_(?:TLS|SSL|CERT|CERTIFICATE)_?(?:VERIFY|VERIFICATION|CHECKS?)|(?:NO_VERIFY|DISABLE)_(?:TLS|SSL)(?:_VERIFY)?|DISABLE_CONNECTION_VERIFICATION|INSECURE_SKIP_(?:TLS_)?VERIFY|[A-Z]{2,20}_(?:SKIP_VERIFY|TLS_INSECURE|SSL_INSECURE|NO_VERIFY))$/i

/** Names of variables that order a verification. */
const orders =
  /(?:^|_)(?:(?:TLS|SSL|HTTPS|CERT|CERTIFICATE)_?VERIFY(?:_HOSTNAME|_PEER|_HOST)?|VERIFY_?(?:TLS|SSL|PEER|CERTS?|CERTIFICATES?|HOSTNAME)|STRICT_SSL|HOST_KEY_CHECKING|CHECK_REVOKE)$/i

/** Names of variables that hold arguments of a tool. */
const holdsOptions = /_(?:ARGS|OPTS|OPTIONS|FLAGS)$|^(?:GO|TF_CLI_)\w{0,20}(?:FLAGS|ARGS)$/

const byName = (name: string, value: string): string | undefined => {
  if (name.startsWith("BASH_FUNC_")) return loads
  if (/^GIT_CONFIG_KEY_\d+$/.test(name))
    return /sslverify|sshcommand|proxy|hookspath|alias|insteadof/i.test(value) ? "changes how git works" : undefined
  if (skips.test(name)) return isYes(value) && !isOpen(value) ? unverified : undefined
  if (orders.test(name)) return isNo(value) ? unverified : undefined
  return holdsOptions.test(name) && (declines(value) || /(?:^|\s)-?-insecure(?:\s|$)/.test(value))
    ? unverified
    : undefined
}

/** How the variable changes what later commands do; `undefined` if it does not. */
export const variableConcern = (name: string, value: string): string | undefined => {
  if (name.length > 64) return undefined
  const judge = judges.get(name)
  return judge === undefined ? byName(name, value) : judge(value)
}

/** Whether a concern is a weaker defence rather than a trick on a reader. */
export const isWeakness = (concern: string): boolean =>
  concern === unverified || concern === unsigned || concern === forgets || concern === trusts
