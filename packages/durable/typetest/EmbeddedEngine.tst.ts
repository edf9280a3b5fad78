import { DataDirectory, type DataDirectoryBusy, type DataDirectoryUnusable } from "@privx-kit/durable/DataDirectory"
import * as EmbeddedEngine from "@privx-kit/durable/EmbeddedEngine"
import type { GroupCommit } from "@privx-kit/durable/GroupCommit"
import type * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { expectTypeOf } from "vitest"

// The engine never fails to be made: what can be wrong with a directory fails where the directory is opened.
expectTypeOf(EmbeddedEngine.layer).toExtend<Layer.Layer<WorkflowEngine, never, SqlClient | GroupCommit>>()
expectTypeOf(DataDirectory.layer("/var/lib/example")).toEqualTypeOf<
  Layer.Layer<DataDirectory, DataDirectoryBusy | DataDirectoryUnusable>
>()

declare const unusable: DataDirectoryUnusable
expectTypeOf(unusable.reason).toExtend<string>()
// @ts-expect-error -- a reason that does not exist
expectTypeOf(unusable.reason).toEqualTypeOf<"full" | "elsewhere">()
