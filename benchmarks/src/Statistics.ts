/** The few numbers that a series of measurements comes down to. */

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * The median of the ratios within each round. What drifts on a busy machine drifts for both, so this is steadier than the
 * ratio of the medians.
 */
export const medianRatio = (values: ReadonlyArray<number>, references: ReadonlyArray<number>): number =>
  median(values.map((value, round) => value / (references[round] ?? Number.NaN)))

/** How much `y` grows for each unit of `x`: least squares. */
export const slope = (points: ReadonlyArray<readonly [x: number, y: number]>): number => {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const below = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return below === 0 ? 0 : above / below
}

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))
