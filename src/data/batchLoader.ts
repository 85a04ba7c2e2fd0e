import * as tf from '@tensorflow/tfjs-node';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkNumber } from '../checkNumber';
import { executeSingle } from '../ops/execute';
import { Random } from '../random';

export interface DataLoaderOptions {
  /** Samples in a batch. Default 1. */
  batchSize?: number;
  /** A new random order each epoch. Default false. */
  shuffle?: boolean;
  /** Leave out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Decides order and random transforms, together with the epoch. Default 0. */
  seed?: number;
  /** Batches that are prepared ahead while TensorFlow computes; bounds the memory in use. Default 2. */
  prefetch?: number;
  /** Ends the iteration with this signal's reason. */
  signal?: AbortSignal;
}

/** A place in a training run: `batch` batches of epoch `epoch` have been handed out. */
export interface LoaderState {
  epoch: number;
  batch: number;
}

/** Inputs, float32 with N first, and labels // int32 [N]. The loader disposes of both. */
export type Batch<Inputs extends tf.Tensor = tf.Tensor4D> = [inputs: Inputs, labels: tf.Tensor1D];

/** A batch before it is handed to TensorFlow; empty when every sample of it was skipped. */
export interface HostBatch {
  /** Values of `shape`, row by row. */
  data: Float32Array;
  labels: Int32Array;
  shape: [number, ...number[]];
  /** Called when TensorFlow has the values: `data` may be used for something else. */
  release?: () => void;
}

/**
 * What loaders have in common: which samples come in which batch of which epoch, preparing some batches ahead, and
 * knowing how far an iteration has got. How samples become a batch is the subclass's.
 */
export abstract class BatchLoader<Inputs extends tf.Tensor = tf.Tensor> implements AsyncIterable<
  Batch<Inputs>
> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly seed: number;
  private readonly prefetch: number;
  private readonly signal?: AbortSignal;
  private position: LoaderState = { epoch: 0, batch: 0 };
  private resumed = false;

  constructor(
    readonly dataset: { readonly length: number; readonly classes: readonly string[] },
    options: DataLoaderOptions = {},
  ) {
    const { name } = new.target;
    const { batchSize = 1, shuffle = false, dropLast = false, seed = 0, prefetch = 2, signal } = options;
    checkNumber(`${name}: batchSize`, batchSize, { from: 1, integer: true });
    checkNumber(`${name}: prefetch`, prefetch, { from: 0, integer: true });
    if (dataset.length === 0) throw new RangeError(`${name}: the data set is empty.`);
    if (dropLast && dataset.length < batchSize)
      throw new RangeError(
        `${name}: dropLast leaves nothing of ${dataset.length} samples in batches of ${batchSize}.`,
      );
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.seed = seed;
    this.prefetch = prefetch;
    this.signal = signal;
  }

  /** Number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /**
   * Where the latest iteration has got to; keep it in a checkpoint. Setting it makes the next iteration go on from
   * there. (After a loop that was left early and without setting it, the next iteration begins the next epoch.)
   */
  get state(): LoaderState {
    return { ...this.position };
  }

  set state({ epoch, batch }: LoaderState) {
    if (![epoch, batch].every((n) => Number.isInteger(n) && n >= 0) || batch > this.length)
      throw new RangeError(
        `${this.constructor.name}: a state is an epoch from 0 and a batch from 0 to ${this.length}, not ${epoch} and ${batch}.`,
      );
    this.position = batch === this.length ? { epoch: epoch + 1, batch: 0 } : { epoch, batch };
    this.resumed = true;
  }

  /** The epoch that the latest iteration is in, or that the next one begins with. */
  get epoch(): number {
    return this.position.epoch;
  }

  set epoch(epoch: number) {
    this.state = { epoch, batch: 0 };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<Inputs>, void, undefined> {
    if (!this.resumed && this.position.batch > 0)
      this.position = { epoch: this.position.epoch + 1, batch: 0 };
    this.resumed = false;
    const position = this.position;
    const { epoch } = position;
    const order = this.order(epoch);
    const queue: (HostBatch | Promise<HostBatch>)[] = [];
    let started = position.batch;

    for (let batch = position.batch; batch < this.length; batch++) {
      // One turn of the event loop a batch: timers, interrupts and decoded pictures come through while a model trains.
      await nextTurn();
      this.signal?.throwIfAborted();
      // Data in memory is not prepared ahead: that would only cost memory.
      while (
        started < this.length &&
        queue.length <= this.prefetch &&
        (queue.length === 0 || queue[0] instanceof Promise)
      )
        queue.push(this.prepare(order, started++, epoch));
      const host = await orAborted(queue.shift() as HostBatch | Promise<HostBatch>, this.signal);

      position.batch = batch + 1;
      if (host.labels.length === 0) continue;
      const inputs = upload(host) as Inputs;
      const labels = tf.tensor1d(host.labels, 'int32');
      try {
        yield [inputs, labels];
      } finally {
        for (const tensor of [inputs, labels]) if (!tensor.isDisposed) tensor.dispose();
      }
    }
    if (this.position === position) this.position = { epoch: epoch + 1, batch: 0 };
  }

  /** Makes a batch of the samples numbered `indices`; at once if they are in memory. */
  protected abstract assemble(indices: readonly number[], epoch: number): HostBatch | Promise<HostBatch>;

  private prepare(order: readonly number[], batch: number, epoch: number): HostBatch | Promise<HostBatch> {
    const prepared = this.assemble(order.slice(batch * this.batchSize, (batch + 1) * this.batchSize), epoch);
    // A failure is reported when its turn comes; an iteration that is left early never asks.
    if (prepared instanceof Promise) prepared.catch(() => {});
    return prepared;
  }

  private order(epoch: number): number[] {
    const { length } = this.dataset;
    // -1: a stream that no sample uses.
    return this.shuffle
      ? new Random(this.seed, epoch, -1).permutation(length)
      : Array.from({ length }, (_, i) => i);
  }
}

/** Hands a batch to TensorFlow. tfjs-node does so only when an op first needs the values, so this is an op. */
function upload({ data, shape, release }: HostBatch): tf.Tensor {
  const values = tf.tensor(data, shape, 'float32');
  if (!release) return values;
  const copy = executeSingle('Identity', { T: { type: 'float32' } }, [values]);
  values.dispose();
  release();
  return copy;
}

/** Waits for `value`, or throws the signal's reason as soon as it is aborted. */
async function orAborted<T>(value: T | Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal || !(value instanceof Promise)) return value;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
