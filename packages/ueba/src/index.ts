export * as UebaApi from "./UebaApi.ts"
