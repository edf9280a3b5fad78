// @boundaries-ignore The repository has a single test configuration, at its root.
import base from "../../../../vitest.base.ts"

export default { ...base, test: { include: ["failing.ts"], reporters: ["default"] } }
