import { backend } from '../../../src/ops/backend';

const AT_LEAST = 0.01; // of the whole: what takes less is summed up

/** Milliseconds in each kind of TensorFlow's ops, the longest first; what lies between them is JavaScript's. */
export type Profile = Record<string, number>;

/** Runs something once, op by op, and says where its time went. Ops run one after the other, so their times add up. */
export function profile(run: () => void): Profile {
  const native = backend();
  const { binding } = native;
  const times: Profile = {};
  const executeOp: typeof binding.executeOp = (op, ...rest) => {
    const start = performance.now();
    const outputs = binding.executeOp(op, ...rest);
    times[op] = (times[op] ?? 0) + performance.now() - start;
    return outputs;
  };
  native.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  const start = performance.now();
  try {
    run();
  } finally {
    native.binding = binding;
  }
  const total = performance.now() - start;
  const inOps = Object.values(times).reduce((sum, time) => sum + time, 0);
  const long = Object.entries(times).filter(([, time]) => time >= AT_LEAST * total);
  const others = inOps - long.reduce((sum, [, time]) => sum + time, 0);
  const parts: [string, number][] = [...long, ['other ops', others], ['between ops', total - inOps]];
  return Object.fromEntries(
    parts.sort(([, a], [, b]) => b - a).map(([name, time]) => [name, Math.round(10 * time) / 10]),
  );
}
