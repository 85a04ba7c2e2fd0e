import type * as tf from '@tensorflow/tfjs-node';
import { Random } from '../random';
import { BatchLoader, type DataLoaderOptions, type HostBatch } from './batchLoader';
import { checkSample, describeSample, type Dataset, type Sample } from './dataset';

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
  constructor(
    override readonly dataset: Dataset,
    options: DataLoaderOptions = {},
  ) {
    super(dataset, options);
  }

  protected assemble(indices: readonly number[], epoch: number): HostBatch | Promise<HostBatch> {
    const samples = indices.map((index) => this.dataset.get(index, new Random(this.seed, epoch, index)));
    return samples.some((sample) => sample instanceof Promise)
      ? Promise.all(samples).then((all) => this.collate(indices, all))
      : this.collate(indices, samples as (Sample | null)[]);
  }

  private collate(indices: readonly number[], samples: readonly (Sample | null)[]): HostBatch {
    const kept = samples.flatMap((sample, i) => (sample ? [{ ...sample, index: indices[i] }] : []));
    for (const { index, ...sample } of kept) checkSample(this.dataset, index, sample);
    const { height, width } = kept[0]?.image ?? { height: 0, width: 0 };
    const size = height * width * 3;
    const data = new Float32Array(kept.length * size);
    kept.forEach(({ image, index }, i) => {
      if (image.height !== height || image.width !== width)
        throw new Error(
          `DataLoader: the images of a batch must have one size: ${describeSample(this.dataset, kept[0].index)} is ` +
            `${height}x${width}, ${describeSample(this.dataset, index)} is ${image.height}x${image.width} ` +
            '(height x width). Add Resize and CenterCrop to the transforms.',
        );
      data.set(image.data, i * size);
    });
    const labels = Int32Array.from(kept, ({ label }) => label);
    return { data, labels, shape: [kept.length, height, width, 3] };
  }
}
