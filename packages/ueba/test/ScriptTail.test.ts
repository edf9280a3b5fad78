import { assert, describe, it } from "@effect/vitest"
import { VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { sampleScript } from "./SampleScript.ts"

const inspect = (text: string) => VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text))

/** The outcome of one check. */
const outcome = (name: string, text: string) =>
  Effect.map(inspect(text), ({ checks }) => checks.find((check) => check.name === name)!)

const start = "#!/bin/sh\nset -e\necho start\n"

describe("nothingAppended", () => {
  it.effect.each([
    `${start}{"error_code":"GENERAL_ERROR","error_message":"internal error"}\n`,
    `${start}{"error_code":"MAX_LOAD"}`,
    `${start}{\n  "error_code": "GENERAL_ERROR"\n}\n`,
    `${start}[{"id":1}]\n`,
    `${start}${start}`,
    `${start}#!/bin/bash\necho other\n`,
    `${start}HTTP/1.1 502 Bad Gateway\n`,
    `${start}502 Bad Gateway\n`,
    `${start}0\n`,
    `${start}Internal Server Error\n`,
    `${start}upstream connect error or disconnect/reset before headers\n`,
    `${start}error: stream closed\n`,
    `${start}Server Error in '/' Application.\n`,
    `${start}panic: runtime error\ngoroutine 1 [running]:\n`,
    `${start}--boundary42--\n`,
    `${start}2026-11-02 10:10:10 ERROR 503: Service Unavailable.\n`,
    `${start}-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEE\n-----END PGP SIGNATURE-----\n`,
    `${start}"id","host"\n"1","a.example"\n`,
    `${start}[ERROR] upstream timed out\n`,
    `${start}Please try again later\n`,
    `${start}rate limit exceeded\n`,
    `${start}cp agent /opt/agent/\n#!/bin/sh\nset -e\n`.replace("/\n#!", "/#!"),
    `${start}mkdir -p /opt/agent\ncp agent /opt/agent/\nset -e\necho start\nmkdir -p /opt/agent\ncp agent /opt/agent/\n`,
    `${start}------WebKitFormBoundary7MA4--\r\n`,
    `${start}502 Bad Gateway\nnginx/1.24.0\n`,
    `${start}default backend - 404\n`,
    `${start}null\n`,
    `${start}[]\n`,
    `${start}rpc error: code = Unavailable desc = transport is closing\n`,
    `${start}Caused by: java.io.IOException: Broken pipe\n`,
    `${start}root@build01:~# logout\nConnection to build01.example.com closed.\n`,
    `${start}Nov  2 10:10:10 host haproxy[123]: backend down\n`,
    `${start}E1102 10:10:10.123456       1 proxy.go:12] x\n`,
    `${start}Resolving a.example.net... 192.0.2.4\n`,
    `${start}Cannot GET /setup/part2.sh\n`,
    `${start}Ray ID: 8f2a1b3c4d5e6f70\n`,
    `${start}setup.sh: line 12: syntax error: unexpected end of file\n`,
    `${start}diff --git a/x b/x\n`,
    `${start}{% endif %}\n`,
    `${start}@echo off\n`,
    `${start}Write-Host "done"\n`,
    `${start}SELECT 1;\n`,
    `${start}~\n~\n"setup.sh" 40L, 5625B written\n`,
    `${start}:wq\n`,
    `${start}EOF\n`,
    `${start}Killed\n`,
    `${start}Best regards,\nJohn\n`,
    `${start}echo "ready"{"code":14,"details":[]}\n`,
    `${start}main() { :; }\nmain "$@"\nain "$@"\n`,
    `${sampleScript}${sampleScript}`
  ])("refuses %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("nothingAppended", text)).outcome, "failed")
      assert.isFalse((yield* inspect(text)).verified)
    })
  )

  it.effect("warns of code that never runs", () =>
    Effect.gen(function* () {
      const check = yield* outcome("nothingAppended", `${start}exit 0\nrm -r /opt/a\n`)
      assert.strictEqual(check.outcome, "warned")
      assert.strictEqual(check.position?.line, 5)
    })
  )

  it.effect.each([
    "{ exit 0; }",
    "if true; then exit 0; fi",
    "if [ -e /a ]; then exit 0; else exit 1; fi",
    'case "$1" in a) exit 0 ;; *) exit 1 ;; esac',
    "[ -e /a ] && exit 0 || exit 1",
    "true && exit",
    "return 0 2>/dev/null || exit 0",
    "end() { exit 0; }\nend",
    "while :; do sleep 60; done",
    "kill -TERM $$"
  ])("warns of code behind %j", (end) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("nothingAppended", `${start}${end}\necho more\n`)).outcome, "warned")
    })
  )

  it.effect("warns of lines that come twice in a row", () =>
    Effect.gen(function* () {
      const part = "mkdir -p /opt/agent\ncp agent /opt/agent/\nchmod 755 /opt/agent/agent\nsystemctl start agent\n"
      const check = yield* outcome("nothingAppended", `${start}${part}${part}echo end\n`)
      assert.deepStrictEqual([check.outcome, check.position?.line], ["warned", 8])
    })
  )

  it.effect.each([
    sampleScript,
    `${start}if [ -e /a ]; then exit 0; fi\necho end\n`,
    `${start}case "$1" in a) exit 0 ;; esac\necho end\n`,
    `${start}[ -e /a ] && exit 0\necho end\n`,
    `${start}while :; do [ -e /a ] && break; sleep 1; done\necho end\n`,
    `${start}exec /opt/a || exec /opt/b || echo end\n`,
    `${start}end() { exit 0; }\ntrap end EXIT\necho end\n`,
    `${start}stop() { return 1; exit 0; }\nstop\necho end\n`,
    `${start}kill -0 $$\necho end\n`,
    `${start}Rscript a.R\n`,
    `${start}Install_it() { :; }\nInstall_it\n`,
    `${start}msg() { :; }\nmsg Finished.\n`,
    `${start}> /opt/a\n`,
    `${start}true\n`,
    `${start}cat > /opt/a.sh <<'E'\n#!/bin/sh\necho inner\nE\n`,
    `${start}printf '%s' '\n#!/bin/sh\n{"a":1}\n' > /opt/a\n`,
    `${start}echo '{"a":1}'\n`,
    `${start}if false; then exit 1; fi\necho end\n`,
    `${start}exit 0\n`,
    `${start}exec /opt/a\n`,
    `#!/bin/sh\n#!/bin/bash\necho a\n`
  ])("passes %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("nothingAppended", text)).outcome, "passed")
    })
  )
})

describe("what shells refuse and the parser passes over", () => {
  it.effect.each<[string, string, number]>([
    ["#!/bin/sh\necho a\nfoo(\n", "expected ')' behind '('", 3],
    ["#!/bin/sh\necho a\nfoo (\n", "expected ')' behind '('", 3],
    ["#!/bin/sh\nif true; then\n  exi(t 1\nfi\n", "expected ')' behind '('", 3],
    ["#!/bin/sh\ntype(getarg > /dev/null || . /lib/a.sh\n", "expected ')' behind '('", 2],
    ["#!/bin/sh\nif true; then\n  echo a\n! fi\n", "expected a command behind '!'", 4],
    ["#!/bin/bash\nif true; then\n  echo a\n! fi\n", "expected a command behind '!'", 4],
    ["#!/bin/bash\necho a\n! &\n", "expected a command behind '!'", 3],
    ["#!/bin/bash\necho a\ntime && echo b\n", "expected a command behind 'time'", 3],
    ["#!/bin/bash\necho ${ a\necho b\n", "${", 2],
    ["#!/bin/bash\necho a < 2>&1\n", "expected a word behind '<'", 2],
    ["#!/bin/sh\nif [ -n a ]\n; then\necho\nfi\n", "unexpected token ';'", 3],
    ["#!/bin/sh\nif [ -n a; then\necho\nfi\n", "expected ']' to close '['", 2],
    ["#!/bin/sh\nfor a!b in c; do echo; done\n", "a!b is no name of a variable", 2]
  ])("refuses %j", ([text, message, line]) =>
    Effect.gen(function* () {
      const check = yield* outcome("shellSyntax", text)
      assert.deepStrictEqual([check.outcome, check.position?.line], ["failed", line])
      assert.include(check.detail, message)
    })
  )

  it.effect.each([
    "#!/bin/bash\n!\necho a\n",
    "#!/bin/sh\n! true\n",
    "#!/bin/bash\ntime\n",
    "#!/bin/bash\ntime; echo a\n",
    "#!/bin/bash\necho ${a} ${b:-c} 2>&1 >&2 < /a 2> /b\n",
    "#!/bin/sh\ncase a in\na) echo\n;;\nesac\n",
    "#!/bin/sh\nf() (echo a)\nf\n",
    "#!/bin/bash\na-b() { :; }\na-b\n",
    '#!/bin/sh\n[ "$@" ]\n',
    "#!/bin/sh\ncat <<E\n; a\nE\necho\n"
  ])("takes %j, as a shell does", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("shellSyntax", text)).outcome, "passed")
    })
  )
})

describe("a cut within the last line", () => {
  it.effect.each([
    `${start}# a comment that was`,
    `${start}apt-get install `,
    `${start}TARGET=`,
    `${start}cp a /opt/`,
    `${start}install_agent() { :; }\ninstall_agent\ninstall_ag`,
    `${start}main() {\n  echo a\n}\n`
  ])("is refused: %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("complete", text)).outcome, "failed")
    })
  )

  it.effect.each([
    `${start}exit 0`,
    `${start}main() { :; }\nmain "$@"`,
    `${start}curl a | sh -`,
    `${start}# vim: set sw=2:`
  ])("is not taken from the missing line break alone: %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome("complete", text)).outcome, "passed")
      assert.strictEqual((yield* outcome("finalNewline", text)).outcome, "warned")
    })
  )

  it.effect.each<[string, string]>([
    ["endsInCommand", `${start}a() { :; }\nb() { :; }\na\necho\n`],
    ["endsInCommand", `${start}# Next, the agent is installed.\n`],
    ["finalNewline", `${start}\n`]
  ])("or behind a line: %s warns of %j", ([name, text]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* outcome(name, text)).outcome, "warned")
    })
  )
})
