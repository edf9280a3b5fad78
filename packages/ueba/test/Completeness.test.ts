import { assert, describe, it } from "@effect/vitest"
import { VerificationReport, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { anchor } from "./SampleCertificates.ts"
import { sampleScript } from "./SampleScript.ts"

const findings = (text: string) =>
  Effect.map(VerifySetupScript.inspectSetupScript(new TextEncoder().encode(text)), ({ checks }) => {
    const rendered = (name: string) => {
      const check = checks.find((check) => check.name === name)!
      return `${check.outcome}: ${VerificationReport.renderFinding(check)}`
    }
    return {
      complete: rendered("complete"),
      finalNewline: rendered("finalNewline"),
      endsInCommand: rendered("endsInCommand")
    }
  })

describe("complete", () => {
  it.effect("passes a whole script", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* findings(sampleScript), {
        complete: "passed: no unclosed quote, here-document or block",
        finalNewline: "passed: yes",
        endsInCommand: "passed: yes"
      })
    })
  )

  it.effect.each<[string, string]>([
    ["#!/bin/sh\nif true; then\n  echo\n", "failed: never closed: if (line 2, column 1)"],
    ["#!/bin/sh\nfor i in 1; do\n  (echo\n", "failed: never closed: for, and 1 more (line 2, column 1)"],
    ["#!/bin/sh\ncat <<EOF\ntext\n", "failed: never closed: here-document EOF (line 2, column 5)"],
    ["#!/bin/sh\necho 'a\nb\n", "failed: never closed: single quote (line 2, column 6)"],
    [
      "#!/bin/sh\napt-get install \\\n",
      "failed: the last line ends with a backslash, which continues it on another line (line 2, column 17)"
    ],
    [
      "#!/bin/sh\napt-get install \\",
      "failed: the last line ends with a backslash, which continues it on another line (line 2, column 17)"
    ],
    [`#!/bin/sh\ncat > a <<E\n${anchor.slice(0, 300)}\nE\n`, "failed: a PEM block is never closed (line 3, column 1)"]
  ])("says of %j what is open and where", ([text, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).complete, expected)
    })
  )

  it.effect("takes a backslash for one only where it is one", () =>
    Effect.gen(function* () {
      for (const text of ["#!/bin/sh\necho a\\\\\n", "#!/bin/sh\necho\n# a \\\n"]) {
        assert.strictEqual((yield* findings(text)).complete, "passed: no unclosed quote, here-document or block")
      }
    })
  )

  // The end prepares for commands that do not follow: a cut between two complete commands.
  it.effect.each<[string, string]>([
    ["#!/bin/sh\nset -eu\n", "the last command is set -eu, and nothing follows it (line 2, column 1)"],
    [
      "#!/bin/bash\nid\nshopt -s nullglob\n",
      "the last command is shopt -s nullglob, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nversion=1.2\n",
      "the last command sets version, and nothing follows that uses it (line 3, column 1)"
    ],
    ["#!/bin/sh\nid\nexport A=1\n", "the last command is export A=1, and nothing follows it (line 3, column 1)"],
    [
      "#!/bin/sh\nid\ntrap clean EXIT\n",
      "the last command is trap clean EXIT, and nothing follows it (line 3, column 1)"
    ],
    [
      '#!/bin/sh\necho "[1/3] packages"\napt-get install -y a\necho "[2/3] user"\nuseradd -r a\n',
      "step 2 of 3 is the last that the script tells of (line 4, column 1)"
    ],
    [
      '#!/bin/sh\necho "Adding the user"\nuseradd -r a\necho "Starting the service"\n',
      "the last command tells of something that does not follow (line 4, column 1)"
    ],
    [
      '#!/bin/sh\nset -e\nd=$(mktemp -d)\ncurl -fsSLo "$d/a.tgz" https://a.example/a.tgz\n',
      "the last command puts something into a temporary file that nothing uses (line 4, column 1)"
    ],
    ["#!/bin/sh\nid\numask 077\n", "the last command is umask 077, and nothing follows it (line 3, column 1)"],
    ["#!/bin/sh\nid\nshift\n", "the last command is shift, and nothing follows it (line 3, column 1)"],
    [
      "#!/bin/sh\nset -eu\n\n# Copy the files.\ncp a b\n\n# Start the service.\n",
      "the last comment is about a command that does not follow (line 7, column 1)"
    ],
    [
      "#!/bin/sh\n# Automatically added by dh_installinit/13.1\nid\n",
      'no line ends the section that "Automatically added by dh_installinit/13.1" begins (line 2, column 1)'
    ],
    ["#!/bin/sh\n# >>> agent >>>\nid\n", 'no line ends the section that ">>> agent >>>" begins (line 2, column 1)'],
    ["#!/bin/sh\nid\nexec >&3\n", "the last command is exec, and nothing follows it (line 3, column 1)"],
    ["#!/bin/sh\nid\nset -- a b\n", "the last command is set -- a b, and nothing follows it (line 3, column 1)"],
    [
      "#!/bin/sh\nid\n[ -f /etc/default/a ] && . /etc/default/a\n",
      "the last command is . /etc/default/a, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\ntmp=$(mktemp) || exit 1\n",
      "the last command sets a variable, and nothing follows that uses it (line 3, column 1)"
    ],
    [
      '#!/bin/sh\nid\nfor a in 1 2; do\n  all="$all $a"\ndone\n',
      "the last block sets variables only, and nothing follows that uses them (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\ncase $1 in\n  -h) echo usage; exit 0 ;;\n  -v) verbose=1 ;;\nesac\n",
      "the last block only tells what is wrong with the arguments, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\n\n# The service reads this file.\n#\n",
      "the last comment ends with an empty line of its own (line 5, column 1)"
    ],
    ["#!/bin/sh\nid\n# Not on hosts that are older,\n", "the last comment ends within a sentence (line 3, column 1)"],
    [
      "#!/bin/bash\n. ./lib.sh\nAPP=agent\n",
      "the last command sets APP, and nothing follows that uses it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nversion=$(cat /etc/version)\n",
      "the last command sets version, and nothing follows that uses it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nread -r answer\n",
      "the last command is read -r answer, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/bash\nset -e\nsource ./common.sh\n",
      "the last command is source ./common.sh, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nmkdir -p /opt/agent\n\n",
      "the last command is mkdir -p /opt/agent, and nothing follows it, and the last line is empty (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\ncd /opt/agent\n# Unpack the files\n",
      "the last command is cd /opt/agent, and nothing follows it, and a comment is the last line (line 3, column 1)"
    ],
    [
      "#!/bin/sh\n. ./lib\nmsg_info a\nid\nmsg_ok a\nmsg_info b\nls\n",
      "no msg_ok concludes the last step that msg_info begins (line 6, column 1)"
    ],
    [
      '#!/bin/sh\nn=0\ntotal=3\nstep() { n=$((n + 1)); echo "$n/$total $1"; }\nstep a\nid\nstep b\nls\n',
      "step 2 of 3 is the last that step counts (line 7, column 1)"
    ],
    [
      '#!/bin/sh\nstep() { echo "$1"; }\nstep a\nid\nstep b\nls\nstep c\n',
      "nothing follows the last step that step announces (line 7, column 1)"
    ],
    [
      "#!/bin/sh\n# Steps:\n# 1. a\n# 2. b\n# 3. c\n\n# 1. a\nid\n# 2. b\nls\n",
      "step 2 of 3 that the first comment lists is the last (line 10, column 1)"
    ],
    [
      '#!/bin/sh\nstep() { echo "$1/3 $2"; }\nstep 1 a\nid\nstep 2 b\nls\n',
      "step 2 of 3 is the last that step counts (line 5, column 1)"
    ],
    [
      "#!/bin/sh\n# setup 2.4, 312 lines, 9184 bytes\nid\n",
      "a comment tells of 312 lines, and there are 3 (line 3, column 1)"
    ],
    ["#!/bin/sh\n# Line count: 24\nid\n", "a comment tells of 24 lines, and there are 3 (line 3, column 1)"],
    [
      "#!/bin/sh\n# --- Section 1 of 3: a ---\nid\n# --- Section 2 of 3: b ---\nls\n",
      "part 2 of 3 is the last that a comment heads (line 5, column 1)"
    ],
    [
      "#!/bin/sh\n# It does three things:\n# (a) id\n# (b) ls\n# (c) ps\n\n# (a)\nid\n# (b)\nls\n",
      "step 2 of 3 that the first comment lists is the last (line 10, column 1)"
    ],
    [
      '#!/bin/sh\necho " 0 % a"\nid\necho "25 % b"\nls\necho "50 % c"\nps\n',
      "50 % is the last that the script tells of (line 6, column 1)"
    ],
    ["#!/bin/sh\ntrap finish EXIT\nid\n", "nothing defines finish, which a trap calls (line 2, column 1)"],
    [
      '#!/bin/sh\n# This file ends with a line "# END OF SETUP".\nid\n',
      'no line ends the script with "END OF SETUP", as a comment tells (line 3, column 1)'
    ]
  ])("refuses %j, which prepares for what does not follow", ([text, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).complete, `failed: ${expected}`)
    })
  )

  it.effect.each([
    // Settings and functions for other scripts.
    "#!/bin/sh\nA=1\n",
    "#!/bin/sh\nf() { :; }\nexport A=1\n",
    "#!/bin/sh\n# Steps:\n# 1. a\n# 2. b\n\n# 1. a\nid\n# 2. b\nls\n",
    "#!/bin/sh\ndone=no\ntrap '[ \"$done\" = yes ] || echo failed' EXIT\nid\ndone=yes\ntrap - EXIT\n",
    '#!/bin/sh\necho "0 % a"\nid\necho "50 % b"\nls\necho "100 % c"\n',
    // Not the progress of the script.
    '#!/bin/sh\necho "CPU 10 %"\nid\necho "disk 80 %"\nls\necho "memory 30 %"\n',
    "#!/bin/sh\n# Part 1 of 3 of the setup\nid\n",
    "#!/bin/sh\n# Line count: 3\nid\n",
    // A farewell needs no end.
    "#!/bin/sh\ninfo() { echo; }\nok() { echo; }\ninfo a\nid\nok a\ninfo b\nls\nok b\ninfo 'Run agent --help'\n",
    // The handler is defined within a block, as an alias, or in a file that a block reads.
    "#!/bin/sh\nif true; then\n  finish() { rm -f /tmp/x; }\nfi\ntrap finish EXIT\nid\n",
    "#!/bin/sh\nalias finish='rm -f /tmp/x'\ntrap finish EXIT\nid\n",
    "#!/bin/sh\nif [ -f lib ]; then . ./lib; fi\ntrap finish EXIT\nid\n",
    // A constant that a person changes.
    "#!/bin/sh\nkeep=no\ntrap '[ \"$keep\" = yes ] || rm -f /tmp/x' EXIT\nid\n",
    // Installers end like this.
    '#!/bin/sh\nid\nread -rp "Press Enter to exit" answer\n',
    "#!/bin/bash\nid\nread -n 1 -s\n",
    "#!/bin/sh\nid\nexport PATH=$PATH:/opt/agent/bin\n",
    "#!/bin/sh\nid\n. ./configure.sh\n",
    "#!/bin/sh\nid\nexport A B\n",
    "#!/bin/sh\nDEBUG=-all\nid\nDEBUG=\n",
    "#!/bin/sh\nid\n. ~/.bashrc\n",
    "#!/bin/sh\nset -x\nid\nset +x\n\n",
    "#!/bin/sh\nfinish() { echo $STATUS; }\ntrap finish EXIT\nSTATUS=failed\nid\nSTATUS=done\n",
    // Other scripts alternate in another way.
    "#!/bin/sh\n. ./lib\nmsg_info a\nid\nmsg_ok a\nmsg_info b\nmsg_info c\nls\n",
    "#!/bin/sh\n. ./lib\nmsg_info a\nid\nmsg_ok a\n",
    '#!/bin/sh\nstep() { echo "$1"; }\nstep a\nid\nstep b\nls\nstep done\n',
    // A file that the script reads may define the handler.
    "#!/bin/sh\n. ./lib\ntrap finish EXIT\nid\n",
    '#!/bin/sh\n# This file ends with a line "# END OF SETUP".\nid\n# END OF SETUP\n',
    // The value is the output of a command.
    "#!/bin/sh\nid\nresult=$(install_all)\n",
    "#!/bin/sh\nid\nset +x\n",
    "#!/bin/sh\nid\ntrap - EXIT\n",
    "#!/bin/sh\nid\ncd ..\n",
    "#!/bin/sh\nid\n> /tmp/done\n",
    '#!/bin/sh\nif [ -z "$A" ]; then\n  A=1\nfi\n',
    // The end of something that precedes it.
    '#!/bin/bash\nOLDIFS="$IFS"\nIFS=:\nid\nIFS="$OLDIFS"\n',
    "#!/bin/bash\nshopt -s nullglob\nid\nshopt -u nullglob\n",
    // A command in it does the work.
    "#!/bin/sh\nid\nmake || exit 1\n",
    "#!/bin/sh\nid\ncase $1 in\n  start) run ;;\n  *) echo usage; exit 1 ;;\nesac\n",
    "#!/bin/sh\nid\nfor a in 1 2; do\n  rm $a\ndone\n",
    "#!/bin/sh\nid\n. ./main.sh\n",
    "#!/bin/sh\nid\n#\n# vim: set sts=4 :\n#\n",
    // A comment that contains code, ends the file, or is the only one of its kind.
    '#!/bin/sh\nset -e\n\n# a\nid\n\n# rm -f "$lock"\n',
    "#!/bin/sh\nset -e\n\n# a\nid\n\n# To see its output:\n# journalctl -u agent\n",
    "#!/bin/sh\nid\n\n# a\nid\n\n# Start the service\n",
    "#!/bin/sh\nset -e\n\n# a\nid\n\n# That's it, all done\n",
    "#!/bin/sh\nset -e\nid\n\n# Start the service\n",
    "#!/bin/sh\n# Automatically added by dh_installinit/13.1\nid\n# End automatically added section\n"
  ])("does not refuse %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).complete, "passed: no unclosed quote, here-document or block")
    })
  )

  it.effect.each<[string, string]>([
    [
      "#!/bin/sh\ndone=no\ntrap '[ \"$done\" = yes ] || echo failed' EXIT\nid\n",
      "nothing sets done to yes, which a trap tests (line 3, column 1)"
    ],
    ["#!/bin/sh\nid\ncd /opt/agent\n", "the last command is cd /opt/agent, and nothing follows it (line 3, column 1)"],
    [
      '#!/bin/sh\nid\nif [ -z "$A" ]; then\n  A=1\nfi\n',
      "the last block sets variables only, and nothing follows that uses them (line 3, column 1)"
    ],
    ["#!/bin/sh\nA=1\n", "the last command sets A, and nothing follows that uses it (line 2, column 1)"],
    [
      "#!/bin/sh\nid\n. /usr/share/agent/functions\n",
      "the last command is . /usr/share/agent/functions, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\n[ -x /opt/a ] || exit 0\n",
      "the last command is exit 0, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nwhile [ $# -gt 0 ]; do\n  case $1 in -v) v=1 ;; *) echo bad; exit 2 ;; esac\n  shift\ndone\n",
      "the last block only reads the arguments, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nid\nmkdir -p /opt/agent\n",
      "the last command is mkdir -p /opt/agent, and nothing follows it (line 3, column 1)"
    ],
    [
      '#!/bin/sh\nid\necho "Starting the agent..."\n',
      'the last command is echo "Starting the agent...", and nothing follows it (line 3, column 1)'
    ],
    [
      '#!/bin/sh\nid\nif [ ! -x /opt/a ]; then\n  echo "missing" >&2\n  exit 1\nfi\n',
      "the last block only ends the script where something is wrong, and nothing follows it (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nserver=a.example\nspool=/var/spool/a\nmode=0640\necho $server\n",
      "nothing uses spool and mode, which the script sets (line 3, column 1)"
    ],
    [
      "#!/bin/sh\nsystemctl stop agent\ncp a /etc/agent\n",
      "nothing resumes what systemctl stop agent interrupts (line 2, column 1)"
    ],
    [
      "#!/bin/sh\nmkdir /var/lock/agent.lock\ncp a /etc/agent\n",
      "nothing releases the lock that the script takes (line 2, column 1)"
    ],
    [
      '#!/bin/sh\nsed s/a/b/ c > "$c.tmp"\nchown root "$c"\n',
      "nothing uses $c.tmp, which the script writes (line 2, column 1)"
    ],
    [
      "#!/bin/sh\n# Writes a.conf, b.conf and c.conf.\necho 1 > /etc/agent/a.conf\necho 2 > /etc/agent/b.conf\n",
      "a list of files ends with c.conf, which no command mentions (line 4, column 1)"
    ],
    [
      '#!/bin/sh\nid\necho "Read the following text:${CL}"\n',
      'the last command is echo "Read the following text:${CL}", and nothing follows it (line 3, column 1)'
    ],
    [
      '#!/bin/sh\necho "chmod 644 a"\nchmod 644 a\necho "chmod 644 b"\n',
      "the last command shows chmod, which does not follow (line 4, column 1)"
    ]
  ])("warns of %j, which some sound scripts end with", ([text, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).endsInCommand, `warned: ${expected}`)
    })
  )

  it.effect.each([
    // What is stopped is removed, the settings are for a program or for a file that is read, and every file is written.
    "#!/bin/sh\nsystemctl stop agent\nrm -rf /opt/agent\n",
    "#!/bin/sh\nset -a\nserver=a.example\nmode=0640\nagent --configure\n",
    "#!/bin/sh\nserver=a.example\nmode=0640\n. /usr/lib/agent/setup\nagent --configure\n",
    '#!/bin/sh\nmkdir /var/lock/agent.lock\ntrap "rmdir /var/lock/agent.lock" EXIT\ncp a /etc/agent\n',
    '#!/bin/sh\nsed s/a/b/ c > "$c.tmp"\nmv "$c.tmp" "$c"\n',
    "#!/bin/sh\n# Writes a.conf and b.conf.\necho 1 > /etc/agent/a.conf\necho 2 > /etc/agent/b.conf\n",
    // A file that is read calls a function that commands follow.
    "#!/bin/bash\nsource ./lib.sh\nupdate() { id; }\nstart\n"
  ])("does not warn of the end of %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings(text)).endsInCommand, "passed: yes")
    })
  )

  it.effect("warns of a script that ends with a function", () =>
    Effect.gen(function* () {
      const { endsInCommand } = yield* findings("#!/bin/sh\nf() {\n  :\n}\nmain() {\n  f\n}\n")
      assert.strictEqual(endsInCommand, "warned: ends with the function main, which nothing calls (line 5, column 1)")
    })
  )

  it.effect("warns of a last line without an end, and requires nothing of it", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* findings("#!/bin/sh\necho")).finalNewline, "warned: the last line has no line break")
      assert.strictEqual((yield* findings("")).finalNewline, "notApplicable: there is no last line")
    })
  )

  it.effect("warns of an empty last line, but not behind an unconditional end", () =>
    Effect.gen(function* () {
      const warned = "warned: the last line is empty: more may have followed"
      assert.strictEqual((yield* findings("#!/bin/sh\nid\n\n")).finalNewline, warned)
      assert.strictEqual((yield* findings("#!/bin/sh\nid &&\n  exit 0\n\n")).finalNewline, warned)
      assert.strictEqual((yield* findings("#!/bin/sh\nid\nexit 0\n\n")).finalNewline, "passed: yes")
    })
  )
})
