/** Environment variables that change what later commands do. */

/** How the variable changes what later commands do; `undefined` if it does not. */
export const variableConcern = (name: string, value: string): string | undefined => {
  switch (name) {
    case "LD_LIBRARY_PATH":
    case "PYTHONPATH":
    case "PYTHONHOME":
    case "RUBYLIB":
    case "NODE_PATH":
      return /^(?:\.|\/tmp|\/var\/tmp|\/dev\/shm)(?:[/:]|$)/.test(value) ? "loads code into later commands" : undefined
    case "LD_PRELOAD":
    case "LD_AUDIT":
    case "BASH_ENV":
    case "ENV":
    case "PROMPT_COMMAND":
    case "PYTHONSTARTUP":
    case "PERL5OPT":
    case "PERL5LIB":
    case "RUBYOPT":
    case "GIT_SSH_COMMAND":
    case "GIT_EXTERNAL_DIFF":
      return !/[\w~]/.test(value) || /^\/(?:dev\/null|nonexist\w*)$/.test(value)
        ? undefined
        : "loads code into later commands"
    case "NODE_OPTIONS":
      return /(?:^|\s)(?:-r|--(?:require|import|loader|experimental-loader|env-file))\b/.test(value)
        ? "loads code into later commands"
        : undefined
    case "PYTHONHTTPSVERIFY":
    case "NODE_TLS_REJECT_UNAUTHORIZED":
      return /^0$/.test(value) ? "switches off the verification of TLS" : undefined
    case "GIT_SSL_NO_VERIFY":
    case "CURL_INSECURE":
      return /^(?:0|false|)$/.test(value) ? undefined : "switches off the verification of TLS"
    case "PERL_LWP_SSL_VERIFY_HOSTNAME":
    case "npm_config_strict_ssl":
      return /^(?:0|false)$/.test(value) ? "switches off the verification of TLS" : undefined
    case "LDAPTLS_REQCERT":
      return /^(?:never|allow)$/.test(value) ? "switches off the verification of TLS" : undefined
    case "PIP_TRUSTED_HOST":
    case "UV_INSECURE_HOST":
      return value === "" ? undefined : "switches off the verification of TLS"
    case "HISTFILE":
    case "HISTSIZE":
    case "HISTFILESIZE":
      return /^(?:0|\/dev\/null|)$/.test(value) ? "keeps commands out of the history" : undefined
    case "HISTCONTROL":
    case "HISTIGNORE":
      return "keeps commands out of the history"
    case "PATH": {
      const first = value.split(":", 1)[0] ?? ""
      return !first.includes("\u0001") &&
        (/^(?:\.|)$|^(?:\/tmp|\/var\/tmp|\/dev\/shm)(?:\/|$)|^\.\//.test(first) || /(?:^|:)\.(?::|$)/.test(value))
        ? "makes later commands come from a place that anybody may write to"
        : undefined
    }
    case "IFS":
      return undefined
    default:
      return undefined
  }
}
