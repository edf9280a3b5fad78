/** Calls back when it has not been restarted for a while. Restarting it for every chunk of a body is cheap on Node. */
export class IdleTimer {
  private readonly onIdle: () => void
  private readonly millis: number
  private timer: ReturnType<typeof setTimeout>

  constructor(onIdle: () => void, millis: number) {
    this.onIdle = onIdle
    this.millis = millis
    this.timer = setTimeout(onIdle, millis)
  }

  restart(): void {
    // Browsers represent timers as numbers.
    if (typeof this.timer === "object") return void this.timer.refresh()
    clearTimeout(this.timer)
    this.timer = setTimeout(this.onIdle, this.millis)
  }

  stop(): void {
    clearTimeout(this.timer)
  }
}
