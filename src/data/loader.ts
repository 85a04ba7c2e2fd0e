import type * as tf from '@tensorflow/tfjs-node';
import { Random } from '../random';
import { BatchLoader, type DataLoaderOptions, type HostBatch } from './batchLoader';
import { checkSample, describeSample, getInto, type Dataset, type Sample } from './dataset';

/**
 * Batches of a data set, as `torch.utils.data.DataLoader`: pictures // float32 [N, height, width, 3], labels // int32 [N]
 *
 *     for await (const [inputs, labels] of loader) { ... }
 *
 * Both tensors are disposed of when the loop takes the next batch or is left; keep one with `tensor.clone()`.
 * Each iteration is one epoch. Sample `i` of epoch `e` draws from a generator of its own, made from (seed, e, i),
 * so a seed gives the same batches however the work is spread.
 */
export class DataLoader extends BatchLoader<tf.Tensor4D> {
  /** Values of one sample, as far as is known. */
  private sampleLength = 0;
  private readonly spare: SharedArrayBuffer[] = [];

  constructor(
    override readonly dataset: Dataset,
    options: DataLoaderOptions = {},
  ) {
    super(dataset, options);
  }

  protected assemble(indices: readonly number[], epoch: number): HostBatch | Promise<HostBatch> {
    const memory = this.memory(indices.length * this.sampleLength).fill(NaN); // what is left out must not pass
    const samples = indices.map((index, i) => {
      const into = memory.subarray(i * this.sampleLength, (i + 1) * this.sampleLength);
      return getInto(this.dataset, index, new Random(this.seed, epoch, index), into);
    });
    return samples.some((sample) => sample instanceof Promise)
      ? Promise.all(samples.map((sample) => Promise.resolve(sample))).then((all) =>
          this.collate(indices, all, memory),
        )
      : this.collate(indices, samples as (Sample | null)[], memory);
  }

  /**
   * Memory for the values of a batch, used again when TensorFlow has them: 3.6 MB for the article's, and as much
   * garbage otherwise. It is shared, so that decoding threads write into it. It begins four bytes into its buffer,
   * since TensorFlow goes on using memory that is aligned for it, and copies only what isn't (TF_NewTensor).
   */
  private memory(length: number): Float32Array {
    const bytes = (length + 1) * 4;
    const spare = this.spare.findIndex((buffer) => buffer.byteLength >= bytes);
    const [buffer] = spare < 0 ? [new SharedArrayBuffer(bytes)] : this.spare.splice(spare, 1);
    return new Float32Array(buffer, 4, length);
  }

  private collate(
    indices: readonly number[],
    samples: readonly (Sample | null)[],
    memory: Float32Array,
  ): HostBatch {
    const kept = samples.flatMap((sample, i) => (sample ? [{ ...sample, index: indices[i] }] : []));
    for (const { index, ...sample } of kept) checkSample(this.dataset, index, sample);
    const { height, width } = kept[0]?.image ?? { height: 0, width: 0 };
    const size = height * width * 3;
    this.sampleLength = size; // the next batch's samples are probably as large
    const length = kept.length * size;
    const data = length <= memory.length ? memory.subarray(0, length) : this.memory(length);
    kept.forEach(({ image, index }, i) => {
      if (image.height !== height || image.width !== width)
        throw new Error(
          `DataLoader: the images of a batch must have one size: ${describeSample(this.dataset, kept[0].index)} is ` +
            `${height}x${width}, ${describeSample(this.dataset, index)} is ${image.height}x${image.width} ` +
            '(height x width). Add Resize and CenterCrop to the transforms.',
        );
      const place = data.subarray(i * size, (i + 1) * size);
      const isThere = image.data.buffer === place.buffer && image.data.byteOffset === place.byteOffset;
      if (!isThere) place.set(image.data);
    });
    const labels = Int32Array.from(kept, ({ label }) => label);
    const release = (): void => void this.spare.push(data.buffer as SharedArrayBuffer);
    return { data, labels, shape: [kept.length, height, width, 3], release };
  }
}
