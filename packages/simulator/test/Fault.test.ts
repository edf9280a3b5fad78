import { assert, describe, it } from "@effect/vitest"
import * as Failure from "@privx-kit/core/Failure"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Fault from "../src/Fault.ts"

const encode = Schema.encodeSync(Schema.toCodecJson(Fault.Fault))

const same = (left: Fault.Fault, right: Fault.Fault) =>
  assert.strictEqual(JSON.stringify(encode(left)), JSON.stringify(encode(right)))

const examples: ReadonlyArray<readonly [text: string, fault: Fault.Fault]> = [
  [
    "createSession:503/MAX_LOAD*2",
    { operation: "createSession", action: { _tag: "Error", status: 503, code: "MAX_LOAD" }, times: 2 }
  ],
  [
    "createSession:503/MAX_LOAD*1,retry-after=2",
    {
      operation: "createSession",
      action: { _tag: "Error", status: 503, code: "MAX_LOAD", retryAfter: { form: "seconds", seconds: 2 } },
      times: 1
    }
  ],
  [
    "*:429/TOO_MANY_CONNECTIONS,retry-after=date+3",
    {
      operation: "*",
      action: {
        _tag: "Error",
        status: 429,
        code: "TOO_MANY_CONNECTIONS",
        retryAfter: { form: "date", seconds: 3 }
      }
    }
  ],
  ["*:503/MAX_LOAD%33", { operation: "*", action: { _tag: "Error", status: 503, code: "MAX_LOAD" }, percent: 33 }],
  [
    "Ueba.createSession:400/VALUE_DUPLICATE*3%50+7,message=Exists%2C already,property=name,seed=9",
    {
      operation: "Ueba.createSession",
      action: { _tag: "Error", status: 400, code: "VALUE_DUPLICATE", message: "Exists, already", property: "name" },
      times: 3,
      percent: 50,
      skip: 7,
      seed: 9
    }
  ],
  [
    'createSession:500/GENERAL_ERROR,details=[null%2C{"error_code":"CACHE_ERROR"}]',
    {
      operation: "createSession",
      action: {
        _tag: "Error",
        status: 500,
        code: "GENERAL_ERROR",
        details: [null, { error_code: "CACHE_ERROR" }]
      }
    }
  ],
  [
    "createSession:418,code=no such code",
    { operation: "createSession", action: { _tag: "Error", status: 418, code: "no such code" } }
  ],
  ["createSession:empty/503", { operation: "createSession", action: { _tag: "Empty", status: 503 } }],
  ["createSession:html/502", { operation: "createSession", action: { _tag: "Html", status: 502 } }],
  ["createSession:malformed/200", { operation: "createSession", action: { _tag: "Malformed", status: 200 } }],
  ["createSession:json/200,body=[1]", { operation: "createSession", action: { _tag: "Json", status: 200, body: [1] } }],
  [
    "createSession:redirect/307,location=https://elsewhere.example:8443/x?y=z",
    {
      operation: "createSession",
      action: { _tag: "Redirect", status: 307, location: "https://elsewhere.example:8443/x?y=z" }
    }
  ],
  ["token:delay=2s", { operation: "token", action: { _tag: "Delay", by: Duration.seconds(2) } }],
  ["token:delay=1m", { operation: "token", action: { _tag: "Delay", by: Duration.minutes(1) } }],
  ["reauthenticate:stall", { operation: "reauthenticate", action: { _tag: "Stall" } }],
  ["downloadSetupScript:stall@100", { operation: "downloadSetupScript", action: { _tag: "Stall", after: 100 } }],
  ["downloadSetupScript:reset", { operation: "downloadSetupScript", action: { _tag: "Reset" } }],
  ["downloadSetupScript:reset@0+1", { operation: "downloadSetupScript", action: { _tag: "Reset", after: 0 }, skip: 1 }],
  [
    "downloadSetupScript:truncate@1000",
    { operation: "downloadSetupScript", action: { _tag: "Truncate", after: 1000, framing: "length" } }
  ],
  [
    "downloadSetupScript:truncate-chunked@1000",
    { operation: "downloadSetupScript", action: { _tag: "Truncate", after: 1000, framing: "chunked" } }
  ],
  ["downloadSetupScript:shorter=10", { operation: "downloadSetupScript", action: { _tag: "WrongLength", by: -10 } }],
  ["downloadSetupScript:longer=10", { operation: "downloadSetupScript", action: { _tag: "WrongLength", by: 10 } }],
  [
    "downloadSetupScript:slow=1000/50ms",
    { operation: "downloadSetupScript", action: { _tag: "Slow", bytes: 1000, every: Duration.millis(50) } }
  ],
  ["downloadSetupScript:close", { operation: "downloadSetupScript", action: { _tag: "CloseDelimited" } }],
  ["downloadSetupScript:close@5", { operation: "downloadSetupScript", action: { _tag: "CloseDelimited", after: 5 } }]
]

const mistakes: ReadonlyArray<readonly [text: string, fragment: string, problem: string]> = [
  ["", "", "no colon"],
  ["createSession", "createSession", "no colon"],
  ["create session:stall", "create session", "a name such as createSession"],
  ["createSession:", "", "an action is"],
  ["createSession:explode", "explode", "an action is"],
  ["createSession:503", "503", "503/MAX_LOAD"],
  ["createSession:99/MAX_LOAD", "99", "from 200 to 599"],
  ["createSession:600/MAX_LOAD", "600", "from 200 to 599"],
  ["createSession:html/abc", "abc", "from 200 to 599"],
  ["createSession:redirect/200,location=/", "200", "301, 302, 303, 307 or 308"],
  ["createSession:redirect/302", "redirect/302", "location=URI is missing"],
  ["createSession:redirect/302,location=a b", "location=a b", "visible ASCII"],
  ["token:delay=soon", "soon", "50ms, 2s or 1m"],
  ["token:delay=9999m", "9999m", "at most a day"],
  ["token:stall@x", "x", "a number of bytes"],
  ["token:shorter=0", "0", "from 1"],
  ["token:slow=0/1s", "0", "from 1"],
  ["token:slow=5", "slow=5", "an action is"],
  ["token:stall*0", "*0", "from 1"],
  ["token:stall*2*3", "*3", "given twice"],
  ["token:stall%0", "%0", "from 1 to 100"],
  ["token:stall%101", "%101", "from 1 to 100"],
  ["token:stall+x", "+x", "a number of matches to skip"],
  ["token:503/MAX_LOAD,retry-after", "retry-after", "NAME=VALUE"],
  ["token:503/MAX_LOAD,retry-after=soon", "retry-after=soon", "a number of seconds"],
  ["token:503/MAX_LOAD,message=a,message=b", "message=b", "given twice"],
  ["token:503/MAX_LOAD,message=100%", "message=100%", "%25"],
  ["token:503/MAX_LOAD,details={}", "details={}", "a JSON array of error bodies"],
  ["token:json/200,body=nope", "body=nope", "JSON"],
  ["token:stall,retry-after=2", "retry-after", 'does not go with "stall"'],
  ["token:503/MAX_LOAD,colour=red", "colour", "does not go with"]
]

describe("Fault", () => {
  it.each(examples)("reads %s", (text, fault) => {
    same(Result.getOrThrow(Fault.parse(text)), fault)
  })

  it.each(examples)("writes %s so that it reads as the same", (_, fault) => {
    same(Result.getOrThrow(Fault.parse(Fault.format(fault))), fault)
  })

  it.each(mistakes)("says what is wrong with %j", (text, fragment, problem) => {
    const failure = Result.getOrThrow(Result.flip(Fault.parse(text)))
    assert.strictEqual(failure._tag, "FaultSyntaxError")
    assert.strictEqual(failure.fragment, fragment)
    assert.include(failure.problem, problem)
    assert.include(Failure.render(failure), "OPERATION:ACTION")
  })

  it.prop("any fault survives its text form", [Fault.Fault], ([fault]) => {
    const text = Fault.format(fault)
    same(Result.getOrThrow(Fault.parse(text)), fault)
    assert.notMatch(text, /\s/)
  })

  it.prop("any text is read, or refused with a typed failure", [Schema.String], ([text]) => {
    for (const attempt of [text, `createSession:${text}`, `createSession:503/MAX_LOAD${text}`]) {
      const result = Fault.parse(attempt)
      if (Result.isFailure(result)) assert.strictEqual(result.failure._tag, "FaultSyntaxError")
    }
  })
})
