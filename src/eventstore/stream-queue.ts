/**
 * One queue a stream: its jobs are worked off one batch after another, in the order in which they came, so that the commands
 * of this process do not fight over a stream. What came while a batch was worked on is the next batch.
 */
export class StreamQueues<Job> {
  readonly #waiting = new Map<string, Job[]>();
  readonly #idle: Array<() => void> = [];

  constructor(
    /** Jobs a batch at the most. */
    private readonly maxBatch: number,
    /** Works off a batch; it settles every job itself and never rejects. */
    private readonly work: (stream: string, jobs: readonly Job[]) => Promise<void>,
  ) {}

  push(stream: string, job: Job): void {
    const waiting = this.#waiting.get(stream);
    if (waiting) {
      waiting.push(job);
      return;
    }
    this.#waiting.set(stream, [job]);
    void this.#drain(stream);
  }

  /** Resolves once nothing waits and nothing is worked on. */
  async whenIdle(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #drain(stream: string): Promise<void> {
    const waiting = this.#waiting.get(stream) ?? [];
    // The queue stays in the map while its batch is worked on, so that a new job joins it instead of starting another.
    while (waiting.length > 0) await this.work(stream, waiting.splice(0, this.maxBatch));
    this.#waiting.delete(stream);
    if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
