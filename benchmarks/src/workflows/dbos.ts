/** DBOS with three empty steps, on Postgres. */
import { DBOS } from "@dbos-inc/dbos-sdk"
import type { Place, Subject } from "./Subject.ts"

export const postgres = async ({ databaseUrl }: Place): Promise<Subject> => {
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: databaseUrl, runAdminServer: false, logLevel: "error" })
  const step = (name: string) => DBOS.runStep(async () => 1, { name })
  const threeSteps = DBOS.registerWorkflow(
    async () => (await step("first")) + (await step("second")) + (await step("third")),
    { name: "threeSteps" }
  )
  await DBOS.launch()
  return {
    run: async () => {
      const handle = await DBOS.startWorkflow(threeSteps)()
      return handle.getResult()
    }
  }
}
