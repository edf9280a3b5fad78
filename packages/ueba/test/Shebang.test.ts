import { assert, describe, it } from "@effect/vitest"
import { Shebang } from "@privx-kit/ueba"
import * as Result from "effect/Result"

const read = (line: string) => Shebang.read(`${line}\necho\n`)

describe("Shebang", () => {
  it.each([
    ["#!/bin/sh", "sh"],
    ["#! /bin/sh", "sh"],
    ["#!/bin/bash -eu", "bash"],
    ["#!/bin/sh -", "sh"],
    ["#!/usr/bin/env bash", "bash"],
    ["#!/usr/bin/env -S bash -e -u", "bash"],
    ["#!/usr/bin/env /bin/dash", "dash"],
    ["#!/bin/busybox sh", "sh"],
    ["#!/bin/ash", "ash"],
    ["#!/usr/bin/ksh93", "ksh"],
    ["#!/bin/mksh  ", "ksh"],
    ["#!/usr/local/bin/bash", "bash"]
  ])("reads %s", (line, shell) => {
    assert.deepStrictEqual(read(line), Result.succeed({ line, shell: shell as Shebang.Shell, concern: undefined }))
  })

  it.each([["#!/tmp/bash", /unusual path/]])("reads %s, and says what is odd", (line, concern) => {
    assert.match(Result.getOrThrow(read(line)).concern ?? "", concern)
  })

  it.each([
    ["", /empty line/],
    ["echo", /does not start with #! but with echo/],
    [" #!/bin/sh", /white space/],
    ["\ufeff#!/bin/sh", /byte order mark/],
    ["#!/bin/sh\r", /carriage return/],
    ["#!", /no interpreter/],
    ["#!sh", /not an absolute path/],
    ["#!/usr/bin/env", /no shell/],
    ["#!/usr/bin/env -S", /no shell/],
    ["#!/usr/bin/python3", /"python3" is not a known shell/],
    ["#!/bin/zsh", /"zsh" is not a known shell/],
    ["#!/usr/bin/env bash -e", /one argument/],
    ["#!/bin/busybox sh -e", /one argument/],
    ["#!/bin/bash -e -u", /one argument/],
    ["#!/bin/bash -o pipefail", /one argument/],
    ["#!/bin/sh /tmp/other", /one argument|given "\/tmp\/other" to run/],
    [`#!/bin/sh ${"-".repeat(300)}`, /longer than 255/]
  ])("refuses %j", (line, reason) => {
    assert.match(Result.getOrThrow(Result.flip(read(line))), reason)
  })

  it("reads a first line that has no end", () => {
    assert.isTrue(Result.isSuccess(Shebang.read("#!/bin/sh")))
    assert.strictEqual(Result.getOrThrow(Result.flip(Shebang.read(""))), "there is no first line")
  })
})
