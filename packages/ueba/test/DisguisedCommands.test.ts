import { assert, describe, it } from "@effect/vitest"
import { VerifySetupScript } from "@privx-kit/ueba"
import * as Effect from "effect/Effect"

const tricks = (text: string) =>
  Effect.map(VerifySetupScript.inspectSetupScript(new TextEncoder().encode(`#!/bin/bash\n${text}\n`)), ({ checks }) =>
    checks.find(({ name }) => name === "noReaderTricks")!
  )

describe("a command", () => {
  it.effect.each([
    "c''u\"\"rl -s x",
    "c\\u\\r\\l -s x",
    "$'\\x63\\x75\\x72\\x6c' -s x",
    "$m$n -rf /opt/a",
    '"$x$y" -s x',
    "c${zz-}u${zz-}rl -s x",
    "{curl,-s,x}",
    "curl${IFS}-s${IFS}x",
    "w$@get x",
    '"${a:2:1}${a:20:1}" x',
    '"${!name}" x',
    '"${t//X/}" x',
    '"${t,,}" x',
    "printf -v t '\\143\\165\\162\\154'",
    "eval $'\\x63\\x75\\x72\\x6c'"
  ])("in a disguised spelling is found: %s", (text) =>
    Effect.gen(function* () {
      const { outcome, places } = yield* tricks(text)
      assert.strictEqual(outcome, "warned")
      assert.strictEqual(places?.[0]?.position.line, 2)
    })
  )

  it.effect.each([
    "\\ls -l",
    '"ls" -l',
    "'ls' -l",
    '"$DIR/bin/tool" a',
    '"$DIR"/bin/tool a',
    "$DIR/$NAME a",
    '"${tool[@]}" a',
    "$SUDO systemctl status a",
    "${SHELL:-sh} -n a",
    "generate_${kind}_${name}_mail",
    "printf '\\033[1m%s\\033[0m\\n' a",
    "printf '\\342\\234\\223 done\\n'",
    "echo $'\\x1b[31mred\\x1b[0m'",
    'IFS=: read -r a b <<< "$PATH"',
    'echo "$IFS" | od -c'
  ])("that is spelled as people do is none: %s", (text) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* tricks(text)).outcome, "passed")
    })
  )
})
