/**
 * Inputs of the shortest spellings of every construct of the grammar, over and over: the most work for a parser and for the
 * analysis that a text of a length can make. Some are refused before parsing; the longest that is not refused is in each pair.
 */
import { excessOf } from "../src/internal/syntax/excess.ts"
import type { Shape } from "./Shapes.ts"

/** Each is a complete command or part of one, so that the input is not refused for an early error. */
const units: ReadonlyArray<string> = [
  // Lists and pipelines
  [
    "*;",
    "a\n",
    "a&",
    "a|",
    "a&&",
    "a||",
    "! a;",
    ":;",
    "a b;",
    "a b c d;",
    "a -b;",
    "a|a;",
    "a|&a;",
    "a\r\n",
    "time a;",
    "coproc a;"
  ],
  // Words, quotes and expansions
  [
    "a ",
    "* ",
    "~ ",
    "\\a ",
    "'' ",
    '"" ',
    "''",
    '""',
    "'a';",
    '"$a" ',
    "$'\\n' ",
    '$"a" ',
    "ü ",
    "ü;",
    "а a;",
    "\u0301a "
  ],
  [
    "$a",
    "$a ",
    "$a;",
    "a $b;",
    "${a}",
    "${a:-b} ",
    "${a:-$b} ",
    "${#a};",
    "${a[1]} ",
    "${a//b/c} ",
    "${a:1:2};",
    "$1;",
    "$$ "
  ],
  [
    "$(a) ",
    "$(a);",
    "a=$(a);",
    '"$(a)"',
    "`a` ",
    "`a`;",
    "$(`a`);",
    "${a:-$(b)} ",
    "<(a) ",
    "a <(a);",
    "$((1)) ",
    "$((a+b));",
    "$[1] "
  ],
  ["{a,b}", "{a,b} ", "{1..9} ", "@(a) ", "[a] ", "[a];"],
  // Assignments and arrays
  [
    "a=b\n",
    "a=;",
    "a+=b;",
    "a=$a;",
    "a=$a$a;",
    "a=b a;",
    "a[1]=2;",
    "a=(b);",
    "a=();",
    "a=([1]=b);",
    "export a=b;",
    "local a=b;",
    "read a;"
  ],
  // Redirections
  [
    "<a ",
    "<a;",
    ">a;",
    ">a ",
    "a>a;",
    "2>&1 ",
    ">&1;",
    "<<<a;",
    "<<<$a;",
    "a<<A\nA\n",
    "sh<<A\na\nA\n",
    "<<A\n$a\nA\n"
  ],
  // Blocks
  [
    "(a);",
    "(a)&",
    "(a)|",
    "{ a;};",
    "((a));",
    "((a=b,c));",
    "[[ a ]];",
    "[[ a&&b ]];",
    "[ a ];",
    "if a;then a;fi;",
    "while a;do a;done;"
  ],
  [
    "for a in;do a;done;",
    "for a in b c;do $a;done;",
    "for((;;));do a;done;",
    "select a in b;do a;done;",
    "case a in esac;",
    "case a in a)a;;esac;",
    "case $a in *)$a;;esac;"
  ],
  // Functions, code within code, and what the analysis follows
  [
    "f(){ a;}\n",
    "f()(a);",
    "f(){ f;};f;",
    "eval a;",
    "eval $a;",
    "sh -c a;",
    "sh -c 'a;a;a';",
    "trap a 1;",
    ". a;",
    "set a b;",
    "cd a;",
    "rm a;",
    "rm *;",
    "rm $a;"
  ],
  [
    "sudo a;",
    "env a;",
    "xargs a;",
    "curl a;",
    "curl a|sh;",
    "a|tee a;",
    "cp a b;",
    "mv a b;",
    ">/etc/passwd;",
    "PATH=a;",
    "alias a=b;",
    "printf a;",
    "sed a;",
    "awk a;"
  ],
  ["if a;then a=b;else a=c;fi;", "a&&a=$a;"],
  // Nested blocks and substitutions
  [
    `${"(".repeat(50)}a${")".repeat(50)};`,
    `${"$(".repeat(50)}a${")".repeat(50)};`,
    `${"${a:-".repeat(40)}b${"}".repeat(40)};`,
    `${"$((".repeat(40)}a${"))".repeat(40)};`
  ],
  [
    `${"{ ".repeat(50)}a;${"};".repeat(50)}`,
    `${"if a;then ".repeat(40)}a;${"fi;".repeat(40)}`,
    `${"for a in b c;do ".repeat(8)}a;${"done;".repeat(8)}`
  ],
  // Comments and lines
  ["#\n", "# ü\n", "\n", "\\\n", "a\\\n", "0123456789abcdef\n"]
].flat()

const filler = `# ${"x".repeat(77)}\n`

const isRefused = (text: string): boolean => excessOf(text) !== undefined

/** As often as is not refused, and comments up to the size. */
const asOftenAsParsed =
  (unit: string): Shape =>
  (size) => {
    const most = Math.floor(size / unit.length)
    if (!isRefused(unit.repeat(most))) return `${unit.repeat(most)}\n`
    let [low, high] = [0, most]
    while (high - low > most / 256) {
      const middle = (low + high) >>> 1
      if (isRefused(unit.repeat(middle))) high = middle
      else low = middle
    }
    // Room for the nodes that the comments count as.
    const text = `${unit.repeat(Math.floor(low * 0.9))}\n`
    return text + filler.repeat(Math.floor((size - text.length) / filler.length))
  }

/** The name is the unit in JSON. */
export const denseShapes: ReadonlyArray<readonly [name: string, shape: Shape]> = units.map((unit) => [
  JSON.stringify(unit.length > 30 ? `${unit.slice(0, 12)}…` : unit),
  asOftenAsParsed(unit)
])

/** The most expensive of them; the fuzz suite measures all of them only if it is asked to. */
export const densest: ReadonlyArray<string> = [
  "mv a b;",
  "rm a;",
  "awk a;",
  "sed a;",
  "env a;",
  "curl a|sh;",
  "a|tee a;",
  "eval a;",
  "a+=b;",
  "a=b a;",
  "a <(a);",
  "sh -c a;"
].map((unit) => JSON.stringify(unit))
