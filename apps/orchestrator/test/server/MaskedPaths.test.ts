import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import type { Run } from "@privx-kit/runs/Run"
import * as MaskedPaths from "../../src/server/MaskedPaths.ts"

const failed = (failure: Run["failure"]): Run => ({
  id: "one",
  position: 1,
  kind: "ueba-setup",
  parentId: null,
  target: "https://privx.example.com",
  inputs: { output: "/srv/out", owner: { uid: 0, gid: 0, name: "root" }, mode: 0o700, maxBytes: 9 },
  idempotencyKey: null,
  status: "failed",
  attempt: 1,
  createdAt: DateTime.makeUnsafe(0),
  startedAt: null,
  endedAt: DateTime.makeUnsafe(1),
  sha256: null,
  review: null,
  result: null,
  failure,
  steps: [],
  earlier: []
})

describe("MaskedPaths.run", () => {
  it("says nothing of where things lie on the server: not in a failure's path, and not in what the system said of it", () => {
    for (const [detail, masked] of [
      ["ENOSPC: no space left on device, write", "ENOSPC: no space left on device, write"],
      [
        "EACCES: permission denied, open '/srv/data/manifests/a b.json'",
        "EACCES: permission denied, open 'the server's storage'"
      ],
      ["it is on /srv/data/artifacts, which is full", "it is on 'the server's storage', which is full"],
      ["rename '/srv/a' -> '/srv/b'", "rename 'the server's storage' -> 'the server's storage'"]
    ] as const) {
      const run = failed({ _tag: "StorageFailed", path: "/srv/data/manifests/a b.json", reason: "other", detail })
      assert.deepStrictEqual(MaskedPaths.run(run).failure, {
        _tag: "StorageFailed",
        path: "the server's storage",
        reason: "other",
        detail: masked
      })
    }
  })

  it("leaves out where the script was written, and as whose", () => {
    assert.deepStrictEqual(MaskedPaths.run(failed(null)).inputs, { maxBytes: 9 })
  })
})
