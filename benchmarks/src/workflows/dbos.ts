/** DBOS with three empty steps, on Postgres. */
import { DBOS } from "@dbos-inc/dbos-sdk"
import type { Place, Subject } from "./Subject.ts"

/** To be called when the workflows are registered. */
export const launch = async ({ databaseUrl }: Place): Promise<void> => {
  DBOS.setConfig({ name: "bench", systemDatabaseUrl: databaseUrl, runAdminServer: false, logLevel: "error" })
  await DBOS.launch()
}

export const postgres = async (place: Place): Promise<Subject> => {
  const step = (name: string) => DBOS.runStep(async () => 1, { name })
  const threeSteps = DBOS.registerWorkflow(
    async () => (await step("first")) + (await step("second")) + (await step("third")),
    { name: "threeSteps" }
  )
  await launch(place)
  return {
    run: async () => {
      const handle = await DBOS.startWorkflow(threeSteps)()
      return handle.getResult()
    }
  }
}
