import { configDefaults, defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"
import { fuzz } from "./vitest.fuzz.config.ts"

export default defineConfig({ ...base, test: { ...base.test, exclude: [...configDefaults.exclude, ...fuzz] } })
