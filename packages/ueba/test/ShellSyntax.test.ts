import { assert, describe, it } from "@effect/vitest"
import { type Shebang, ShellSyntax } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { execFileSync } from "node:child_process"
import { sampleScript } from "./SampleScript.ts"

const parsed = (text: string, shell: Shebang.Shell = "bash") =>
  Effect.map(
    ShellSyntax.parse(text, shell),
    Result.getOrThrowWith((reason) => new Error(reason))
  )

describe("ShellSyntax", () => {
  it.effect("finds nothing wrong with a whole script", () =>
    Effect.gen(function* () {
      const syntax = yield* parsed(sampleScript, "sh")
      assert.isUndefined(syntax.error)
      assert.deepStrictEqual(syntax.bashOnly, [])
      assert.isAbove(syntax.commands, 5)
    })
  )

  it.effect.each([`echo ${"a ".repeat(200_000)}\n`, `set -- ${"a ".repeat(200_000)}\nfor a; do echo $a; done\n`])(
    "reads a command of more words than a call may have arguments (%#)",
    (text) => Effect.map(parsed(text), ({ error }) => assert.isUndefined(error))
  )

  it.effect.each<[string, string]>([
    ["if true; then\n  echo\n", "3:1"],
    ["while true; do\n", "2:1"],
    ["f() {\n  echo\n", "3:1"],
    ["case $1 in\n  a) echo ;;\n", "3:1"],
    ["echo 'abc\ndef\n", "1:6"],
    ['x=1\necho "abc\n', "2:6"],
    ["echo $(date\n", "1:6"],
    ["echo ${a\n", "1:6"],
    ["echo $((1 + 2\n", "1:6"],
    ["echo `date\n", "1:6"],
    ["x=1\ncat <<EOF\ntext\n", "2:5"],
    ["cat <<'A' <<'B'\nA\n", "1:11"],
    ['x="$(\n  cat <<EOF\n  text\nEOF\n  if\n)"\n', "6:1"],
    ["x=$(cat <<EOF\ntext\n", "1:3"],
    ["echo a &&\n", "2:1"],
    ["echo a |\n", "2:1"],
    ["fi\n", "1:1"],
    ["echo a\n}\n", "2:1"],
    ["for i in 1 2; do; done\n", "1:17"],
    ["é=ü; echo 😀 $(if)\n", "1:17"],
    ["x=1\n\techo `echo \\`(\\`` b\n", "2:7"]
  ])("says where %j is wrong", ([text, place]) =>
    Effect.gen(function* () {
      const { error } = yield* parsed(text)
      assert.isDefined(error)
      assert.strictEqual(`${error.position.line}:${error.position.column}`, place, error.message)
    })
  )

  it.effect.each([
    "cat <<EOF\n$(date) `id`\nEOF",
    "cat <<-\\EOF\n\tif\n\tEOF\n",
    "cat <<A - <<B\n1\nA\n2\nB\n",
    "x=$(cat <<EOF\n)\nEOF\n)\n",
    'echo "${a:-"$(echo "${b:-x}")"}"\n',
    "case x in (a|b) ;; *) esac\n",
    "[[ $a =~ ^(x|y)+$ && ! -e b ]] || ((i++))\n",
    "shopt -s extglob; rm !(a|b)\n",
    "diff <(sort a) >(tee b)\n",
    "a=([1]=x y) b+=(z)\n",
    "exec 3<>file; cat <&3 >&2 2>/dev/null\n",
    "f() (cd /; ls)\n",
    "echo \\\n  continued\n",
    "time ! true\n",
    "echo a; # last comment without an end"
  ])("finds nothing wrong with %j", (text) =>
    Effect.gen(function* () {
      assert.isUndefined((yield* parsed(text)).error)
    })
  )

  it.effect("lists what a plain sh lacks, each once, in the order of the script", () =>
    Effect.gen(function* () {
      const text = "function f { local a=(1); a=(2); }\n[[ $1 ]] && cat <(f) <<<x &>y\necho ${a:1:2} `echo ${a//b/c}`\n"
      const names = (shell: Shebang.Shell) =>
        Effect.map(parsed(text, shell), ({ bashOnly }) =>
          bashOnly.map(({ message, position }) => `${position.line}:${position.column} ${message}`)
        )
      const expected = [
        "1:1 the word function",
        "1:22 an array",
        "2:1 [[ … ]]",
        "2:17 <( … )",
        "2:22 <<<",
        "2:27 &>",
        "3:9 ${name:offset}",
        "3:24 ${name/pattern/text}"
      ]
      assert.deepStrictEqual(yield* names("sh"), expected)
      assert.deepStrictEqual(yield* names("dash"), expected)
      assert.deepStrictEqual(yield* names("bash"), [])
    })
  )

  it.effect("takes what every shell has for no Bash", () =>
    Effect.gen(function* () {
      const text = "f() { local x; x=${1:-a}; echo ${x%%.*} ${#x} $((x + 1)); }\n( . ./y ) 2>&1 | f && x=$(f)\n"
      assert.deepStrictEqual((yield* parsed(text, "sh")).bashOnly, [])
    })
  )

  it.effect.each([
    ["command substitutions", '"$('],
    ["parentheses", "("],
    ["function heads", "f() "],
    ["conditions", "if "]
  ])(
    "comes back from a megabyte of open %s",
    ([, unit]) =>
      Effect.gen(function* () {
        const result = yield* ShellSyntax.parse(unit!.repeat(1_000_000 / unit!.length), "bash")
        assert.isTrue(Result.isFailure(result) || result.success.error !== undefined)
      }),
    70_000
  )

  it.effect("says where each block was opened that is never closed", () =>
    Effect.gen(function* () {
      const { unclosed } = yield* parsed("f() {\n  if a; then\n    while b; do\n      cat <<E\n")
      assert.deepStrictEqual(
        unclosed.map(({ message, position }) => `${position.line}:${position.column} ${message}`),
        ["1:5 {", "2:3 if", "3:5 while", "4:11 here-document E"]
      )
      assert.deepStrictEqual((yield* parsed(sampleScript)).unclosed, [])
    })
  )

  it("does not take a process along that has little memory", () => {
    const program = `
      const { ShellSyntax } = await import("@privx-kit/ueba")
      const { runPromise } = await import("effect/Effect")
      console.log(JSON.stringify(await runPromise(ShellSyntax.parse("a=() b;".repeat(270_000), "bash"))))
      console.log(JSON.stringify(await runPromise(ShellSyntax.parse("echo still here", "bash"))))`
    const output = execFileSync(
      process.execPath,
      ["--max-old-space-size=128", "--conditions=@privx-kit/source", "--input-type=module", "--eval", program],
      { cwd: import.meta.dirname, encoding: "utf8" }
    )
    const [large, small] = output.trim().split("\n")
    // On a busy machine, collecting garbage near the limit can take all of the time.
    assert.match(large ?? "", /too large to be parsed|not parsed within/)
    assert.match(small ?? "", /"commands":1/)
  })
})
