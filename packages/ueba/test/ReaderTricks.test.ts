import { assert, describe, it } from "@effect/vitest"
import { VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"

/** The checks that warn of or refuse a script, apart from those of its end. */
const complaints = (text: string) =>
  Effect.map(
    VerifySetupScript.inspectSetupScript(new TextEncoder().encode(`#!/bin/bash\n${text}\nid\n`)),
    ({ checks }) => checks.filter(({ outcome }) => outcome === "failed" || outcome === "warned").map(({ name }) => name)
  )

const noticed = (check: string, texts: ReadonlyArray<string>) =>
  it.effect.each(texts)(`are noticed by ${check}: %s`, (text) =>
    Effect.gen(function* () {
      assert.include(yield* complaints(text), check)
    })
  )

const unnoticed = (texts: ReadonlyArray<string>) =>
  it.effect.each(texts)("are no trick: %s", (text) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* complaints(text), [])
    })
  )

describe("verifications that are switched off", () => {
  noticed("noSensitiveChanges", [
    "curl -ko a https://a.example.net/l",
    "wget --no-check-cert -O a https://a.example.net/l",
    "skopeo copy --src-tls-verify=false docker://a.example.net/a dir:a",
    "aws s3 cp s3://b/a a --no-verify-ssl",
    "vault login -tls-skip-verify",
    "kubeadm join --discovery-token-unsafe-skip-ca-verification 10.0.0.1:6443",
    "conda config --set ssl_verify false",
    "composer config -g -- disable-tls true",
    "mvn -Dmaven.wagon.http.ssl.insecure=true install",
    'node -e \'require("https").get({host:"a.example.net",rejectUnauthorized:false})\'',
    "curl --resolve a.example.net:443:203.0.113.7 -o a https://a.example.net/l",
    "dpkg --force-bad-verify -i a.deb",
    "export VAULT_SKIP_VERIFY=true",
    "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION=1 az login",
    "NPM_CONFIG_STRICT_SSL=false npm ci",
    "export ANSIBLE_HOST_KEY_CHECKING=False",
    "export GOSUMDB=off",
    "export SSL_CERT_FILE=/tmp/ca.pem",
    "export MYSQL_HISTFILE=/dev/null",
    "alias curl='curl -k'",
    "printf '%s\\n' 'tls_verify = false' >> /etc/ueba/a.conf",
    "umask 000",
    "chmod 777 /opt/a",
    "chmod -R a+rwX /etc/ueba",
    "chmod o+w /opt/a"
  ])
  noticed("noReaderTricks", [
    "sha256sum -c sums || true",
    "gpg --verify a.sig a || echo 'not signed'",
    "if ! sha256sum -c sums; then echo 'differs'; fi",
    ": gpg --verify a.sig a"
  ])
  unnoticed([
    "curl -fsS --retry 3 -o /opt/a https://a.example.net/l",
    "git config --global user.name a",
    "grep -q 'gpgcheck=0' /etc/yum.conf",
    "echo 'never use --insecure'",
    "vault login -method=userpass",
    "sha256sum -c sums || exit 1",
    "gpg --verify a.sig a || { echo 'not signed'; exit 1; }",
    "if ! sha256sum -c sums; then echo 'differs'; exit 1; fi",
    "export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    "export TLS_VERIFY=true",
    "git commit --no-verify -m a",
    "printf '# tls_verify = false\\ntls_verify = true\\n' > /etc/ueba/a.conf",
    "umask 022",
    "umask u=rwx,g=rx,o=",
    "chmod 1777 /opt/a",
    "chmod 0660 /opt/a",
    "chmod +w /opt/a"
  ])
})

describe("variables that change later commands", () => {
  noticed("noReaderTricks", [
    "export PATH=$PATH:",
    "export PATH=/usr/bin::/bin",
    "PATH=bin:$PATH",
    'export PATH="$HOME/bin:$PATH"',
    'export PATH="$PWD:$PATH"',
    "export PAGER='sh -c id'",
    "export GIT_EDITOR=/tmp/p",
    "export LESSOPEN='|/opt/p %s'",
    "export JAVA_TOOL_OPTIONS=-javaagent:/opt/a.jar",
    "PS4='$(/opt/x)'; set -x",
    "export https_proxy=http://203.0.113.7:3128",
    "export HOSTALIASES=/opt/hosts",
    "IFS=/",
    "cat > /opt/b/ls <<'E'\nexit 0\nE\nexport PATH=/opt/b:$PATH",
    "cp a /usr/local/bin/ls; (exec -a sshd /opt/a)",
    "(exec -a '[kworker/0:1]' /opt/a)",
    "alias ps='ps --deselect -C a'",
    "alias rm='rm -rf'",
    'rm -f "$(readlink -f "$0")"'
  ])
  unnoticed([
    "export PATH=/usr/local/sbin:/usr/sbin:$PATH",
    'export PATH="$PATH:/opt/a/bin"',
    "export PAGER=cat EDITOR=vi",
    "export LD_LIBRARY_PATH=/opt/a/lib",
    "PS4='+ ${LINENO}: '",
    'export https_proxy="$PROXY"',
    "export http_proxy=http://127.0.0.1:3128",
    "export JAVA_OPTS=-Xmx1g",
    "IFS=:; for d in $PATH; do echo \"$d\"; done; IFS=' '",
    "(exec -a -bash /bin/bash)",
    "alias ll='ls -l' grep='grep --color=auto' rm='rm -i'"
  ])
})

describe("addresses that mislead", () => {
  noticed("noReaderTricks", [
    "curl -o /opt/a https://download.example.com@203.0.113.9/l",
    "wget -O /opt/a 'https://github.com:443@a.example.net/l'",
    "curl -o /opt/a http://3405803786/l",
    "curl -o /opt/a http://0313.0.0161.011/l",
    "curl -o /opt/a https://xn--gthub-n4a.com/l",
    "curl -o /opt/a https://bit.ly/3abcd",
    "u=https://github.com\u2215org.example.net/l",
    "u=https:\u2044\u2044get.example.com"
  ])
  noticed("noLookalikes", ["h=\u0430\u0440\u0440\u04cf\u0435.com", "echo \u24e1\u24dc"])
  unnoticed([
    "curl -o /opt/a https://user:secret@a.example.net/l",
    "curl -o /opt/a http://192.0.2.7:8080/l",
    "curl -o /opt/a 'http://[2001:db8::1]/l'",
    "curl -o /opt/a https://a.example.net/a@1.2.3/l",
    "echo 'Привет, мир. См. https://a.example.net'"
  ])
})

describe("text that hides code", () => {
  noticed("noReaderTricks", [
    "cat > /opt/n <<EOF\na\n EOF\n/opt/x\nEOF",
    "cat > /opt/n <<E0F\na\nEOF\n/opt/x\nE0F",
    "cat > /opt/n <<' EOF'\na\nEOF\n EOF",
    ": <<''\na\n\n/opt/x",
    "# Licensed under the Apache License, Version 2.0\n# You may obtain a copy of the License at\n/opt/x --send\n# Unless required by law, without warranty",
    "# ---- end of script ----\n/opt/x",
    "echo a # all is well \\\n/opt/x",
    `: '${".".repeat(300)}'; /opt/x`,
    `${"\n".repeat(40)}/opt/x`,
    "printf '\\033[2J'",
    "printf '\\033[8m'; /opt/x",
    "echo '\\033[1A\\033[2K'",
    "printf '\\033]0;apt upgrade\\007'",
    "stty -echo; /opt/x; stty echo",
    "printf '[sudo] password for %s: ' a",
    "chmod \uff17\uff15\uff15 /opt/a",
    "cp \u207br a b"
  ])
  unnoticed([
    "cat > /opt/n <<EOF\nEOF-like\nEO\nEOF",
    "cat > /opt/n <<EOF\n  cat <<EOF\n  a\n  EOF\nEOF",
    "# Copyright A\n# License: MIT\n\nset -eu\n# Installs a",
    "echo a \\\n  b",
    `# ${"-".repeat(200)}`,
    `echo '${"-".repeat(120)}'`,
    "printf '\\033[1;31m%s\\033[0m\\n' a"
  ])
})
