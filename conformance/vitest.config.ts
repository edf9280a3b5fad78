// @boundaries-ignore The repository has one test configuration, and it stands at its root.
export { default } from "../vitest.base.ts"
