/** How a data set's binary version is laid out: records of a few label bytes, then the red, green and blue plane, row by row. */
export interface CifarLayout {
  name: string;
  folder: string;
  train: readonly string[];
  test: readonly string[];
  /** Records of each file. */
  records: { train: number; test: number };
  /** Bytes before the pixels; the last one is the class. */
  labelBytes: number;
  /** The names of the classes, or the file that lists them, one a line. */
  classes: readonly string[] | { file: string; count: number };
  /** What fetches it. */
  command: string;
}

/** Height and width of every image. */
export const SIDE = 32;
/** Bytes of its pixels. */
export const VALUES = SIDE * SIDE * 3;

export const CIFAR10_CLASSES: readonly string[] = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
];

export const CIFAR10_LAYOUT: CifarLayout = {
  name: 'CIFAR10',
  folder: 'cifar-10-batches-bin',
  train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`),
  test: ['test_batch.bin'],
  records: { train: 10_000, test: 10_000 },
  labelBytes: 1,
  classes: CIFAR10_CLASSES,
  command: 'npm run data -- cifar10',
};

export const CIFAR100_LAYOUT: CifarLayout = {
  name: 'CIFAR100',
  folder: 'cifar-100-binary',
  train: ['train.bin'],
  test: ['test.bin'],
  records: { train: 50_000, test: 10_000 },
  labelBytes: 2, // one of 20 groups of classes, then the class
  classes: { file: 'fine_label_names.txt', count: 100 },
  command: 'npm run data -- cifar100',
};

/** Names and sizes in bytes of the files that are read; null where a file may have any size. */
export function filesOfLayout(layout: CifarLayout): Record<string, number | null> {
  const { train, test, records, labelBytes, classes } = layout;
  const size = (count: number): number => count * (labelBytes + VALUES);
  return Object.fromEntries([
    ...train.map((name) => [name, size(records.train)] as const),
    ...test.map((name) => [name, size(records.test)] as const),
    ...('file' in classes ? [[classes.file, null] as const] : []),
  ]);
}
