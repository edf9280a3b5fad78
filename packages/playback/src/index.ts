export { KeepAlive, keepAlive } from "./KeepAlive.ts"
export { Playback } from "./Playback.ts"
export * as PlaybackApi from "./PlaybackApi.ts"
