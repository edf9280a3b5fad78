// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../../../vitest.base.ts"

export default { ...base, test: { include: ["failing.ts"], reporters: ["default"] } }
