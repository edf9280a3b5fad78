export * as Playback from "./Playback.ts"
export * as PlaybackApi from "./PlaybackApi.ts"
