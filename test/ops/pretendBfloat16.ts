import { mock } from 'node:test';
import { backend } from '../../src/ops/backend';
import * as bfloat16 from '../../src/ops/bfloat16';

/**
 * TensorFlow computes bfloat16 on every processor, only slowly on those that do not multiply it, which the library refuses.
 * Here such a processor is said to have it, so that the numbers are checked everywhere.
 *
 * @returns whether this processor is one of those.
 */
export function pretendBfloat16(): boolean {
  if (bfloat16.hasBfloat16()) return false;
  mock.method(bfloat16, 'hasBfloat16', () => true);
  // oneDNN's pooling is the one kernel that insists on the processor; TensorFlow's own stands in, as on other machines
  const { binding } = backend();
  const executeOp: typeof binding.executeOp = (op, ...rest) => {
    if (op.startsWith('_MklNativeMaxPool')) throw new Error('not on this processor');
    return binding.executeOp(op, ...rest);
  };
  backend().binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  return true;
}
