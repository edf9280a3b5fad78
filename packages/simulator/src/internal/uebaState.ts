/**
 * The state of a simulated UEBA: datasets, their trainings, the active dataset, and the host that runs the service.
 * Nothing runs in the background: each access first applies the changes that are due.
 *
 * The documentation only describes which requests PrivX refuses (an active dataset cannot be changed; an untrained one
 * cannot be started). The error codes are a choice.
 */
import type * as ApiError from "@privx-kit/core/ApiError"
import type { Dataset, DatasetSettings } from "@privx-kit/ueba/Dataset"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Refusal from "../Refusal.ts"
import type { ConnectionHistory } from "./connectionHistory.ts"
import { uuid } from "./random.ts"
import * as Trainings from "./uebaTraining.ts"

export interface Options {
  readonly random: () => number
  readonly history: ConnectionHistory
  /** Milliseconds. */
  readonly trainingDuration: number
  /** Milliseconds. */
  readonly stopDuration: number
  /** Minimum number of connections for a training. */
  readonly minimumConnections: number
  /** Number of trainings that fail before one succeeds. */
  trainingFailures: number
}

interface Stored {
  readonly id: string
  readonly settings: DatasetSettings
  readonly created: number
  readonly updated: number
  readonly training: Trainings.Training | undefined
}

type Outcome<A> = Result.Result<A, ApiError.ApiError>

const refused = (message: string, property?: string): Outcome<never> =>
  Result.fail(Refusal.refuse(400, "INVALID_REQUEST_DATA", message)(property))

const found = <A>(value: A | undefined): Outcome<A> =>
  value === undefined ? Result.fail(Refusal.notFound()) : Result.succeed(value)

export class UebaState {
  readonly options: Options
  readonly #datasets = new Map<string, Stored>()
  #active: string | undefined
  #stoppedAt = -Infinity
  /** When the host starts the service. */
  #hostStart = Infinity

  constructor(options: Options) {
    this.options = options
  }

  hostRuns(from: number): void {
    this.#hostStart = Math.min(this.#hostStart, from)
  }

  isRunning(now: number): boolean {
    return now >= this.#hostStart
  }

  get hostStart(): number {
    return this.#hostStart
  }

  create(settings: DatasetSettings, now: number): Outcome<string> {
    return Result.map(checked(settings), () => {
      const id = uuid(this.options.random)
      this.#datasets.set(id, { id, settings, created: now, updated: now, training: undefined })
      return id
    })
  }

  list(now: number, view: View): ReadonlyArray<Dataset> {
    this.#settle(now)
    return [...this.#datasets.values()].map((stored) => this.#shown(stored, now, view))
  }

  get(id: string, now: number, view: View): Outcome<Dataset> {
    this.#settle(now)
    return Result.map(found(this.#datasets.get(id)), (stored) => this.#shown(stored, now, view))
  }

  update(id: string, settings: DatasetSettings, now: number): Outcome<void> {
    return Result.flatMap(this.#changeable(id, now), (stored) =>
      Result.map(checked(settings), () => {
        const isSameRange =
          JSON.stringify(settings.time_range_settings) === JSON.stringify(stored.settings.time_range_settings)
        // Models that were trained with other connections no longer belong to this dataset.
        this.#datasets.set(id, {
          ...stored,
          settings,
          updated: now,
          training: isSameRange ? stored.training : undefined
        })
      })
    )
  }

  delete(id: string, now: number): Outcome<void> {
    return Result.map(this.#changeable(id, now), () => {
      this.#datasets.delete(id)
    })
  }

  train(id: string, activates: boolean, now: number): Outcome<number> {
    this.#settle(now)
    return Result.flatMap(found(this.#datasets.get(id)), (stored) => {
      if (!this.isRunning(now)) return notRunning
      if (this.training(now) !== undefined) return refused("a training is running", "dataset_id")
      const connections = this.count(stored.settings.time_range_settings, now)
      if (connections < this.options.minimumConnections) {
        return refused(
          `the dataset has ${connections} connections, but a training needs ${this.options.minimumConnections}`,
          "time_range_settings"
        )
      }
      const fails = this.options.trainingFailures > 0
      if (fails) this.options.trainingFailures--
      const training: Trainings.Training = {
        datasetId: id,
        begin: now,
        end: now + this.options.trainingDuration,
        connections,
        fails,
        activates: activates || stored.settings.use_for_inference_once_trained === true,
        seed: Math.floor(this.options.random() * 2 ** 32)
      }
      this.#datasets.set(id, { ...stored, training })
      return Result.succeed(connections)
    })
  }

  start(id: string, now: number): Outcome<void> {
    this.#settle(now)
    return Result.flatMap(found(this.#datasets.get(id)), ({ training }) => {
      if (this.#active === id) return Result.succeed(undefined)
      if (!this.isRunning(now)) return notRunning
      if (training === undefined) return refused("the dataset has not been trained", "dataset_id")
      if (now < training.end) return refused("the training of the dataset is unfinished", "dataset_id")
      if (training.fails) return refused("the training of the dataset failed", "dataset_id")
      if (this.#active !== undefined) return refused("another dataset is active: stop it first", "dataset_id")
      if (this.isStopping(now)) return refused("the models of the last dataset are still stopping", "dataset_id")
      this.#active = id
      return Result.succeed(undefined)
    })
  }

  stop(now: number): void {
    this.#settle(now)
    if (this.#active !== undefined) this.#stoppedAt = now
    this.#active = undefined
  }

  count(range: DatasetSettings["time_range_settings"], now: number): number {
    return this.options.history.count(
      {
        ...(range.start === undefined ? undefined : { start: DateTime.toEpochMillis(range.start) }),
        ...(range.end === undefined ? undefined : { end: DateTime.toEpochMillis(range.end) })
      },
      (range.exclude ?? []).map(({ end, start }) => ({
        start: DateTime.toEpochMillis(start),
        end: DateTime.toEpochMillis(end)
      })),
      now
    )
  }

  active(now: number): Dataset | undefined {
    this.#settle(now)
    const stored = this.#active === undefined ? undefined : this.#datasets.get(this.#active)
    return stored === undefined ? undefined : this.#shown(stored, now, { logs: false, bins: 1 })
  }

  isStopping(now: number): boolean {
    return now < this.#stoppedAt + this.options.stopDuration
  }

  training(now: number): Trainings.Training | undefined {
    return [...this.#datasets.values()].flatMap(({ training }) => training ?? []).find(({ end }) => now < end)
  }

  #changeable(id: string, now: number): Outcome<Stored> {
    this.#settle(now)
    return Result.flatMap(found(this.#datasets.get(id)), (stored) => {
      if (id === this.#active) return refused("an active dataset can be neither updated nor deleted", "dataset_id")
      if (stored.training !== undefined && now < stored.training.end) {
        return refused("a dataset in training can be neither updated nor deleted", "dataset_id")
      }
      return Result.succeed(stored)
    })
  }

  /** Makes a dataset active if its training has ended meanwhile and it is configured to become active. */
  #settle(now: number): void {
    for (const stored of this.#datasets.values()) {
      const { training } = stored
      if (training === undefined || now < training.end || !training.activates) continue
      this.#datasets.set(stored.id, { ...stored, training: { ...training, activates: false } })
      if (!training.fails) this.#active = stored.id
    }
  }

  #shown(stored: Stored, now: number, view: View): Dataset {
    const { comment, time_range_settings, use_for_inference_once_trained } = stored.settings
    const { training } = stored
    return {
      id: stored.id,
      is_active: stored.id === this.#active,
      use_for_inference_once_trained: use_for_inference_once_trained ?? false,
      time_range_settings: { ...time_range_settings, exclude: time_range_settings.exclude ?? [] },
      training_results: training === undefined ? [] : Trainings.results(training, now, view),
      ...(training === undefined || now < training.end
        ? undefined
        : { last_training: DateTime.makeUnsafe(training.end) }),
      ...(comment === undefined ? undefined : { comment }),
      created: DateTime.makeUnsafe(stored.created),
      created_by: "simulator",
      updated: DateTime.makeUnsafe(stored.updated),
      updated_by: "simulator"
    }
  }
}

export interface View {
  readonly logs: boolean
  readonly bins: number
}

const notRunning: Outcome<never> = Result.fail(
  Refusal.refuse(400, "CONFIGURATION_ERROR", "The UEBA service is not running")()
)

const checked = ({ time_range_settings: range }: DatasetSettings): Outcome<void> => {
  const ranges = [{ start: range.start, end: range.end }, ...(range.exclude ?? [])]
  return ranges.some(({ end, start }) => start !== undefined && end !== undefined && !DateTime.isLessThan(start, end))
    ? Result.fail(
        Refusal.refuse(400, "VALUE_OUT_OF_BOUNDS", "a range must start before it ends")("time_range_settings")
      )
    : Result.succeed(undefined)
}
