import assert from 'node:assert/strict';
import type { MimeBundle, OutputMetadata } from '../../src/notebook/display';

/** An output as it reaches the kernel. */
export type Written = {
  data: MimeBundle;
  metadata: OutputMetadata;
  transient: { display_id?: string };
  update: boolean;
};

/** Runs some work as if a kernel were there: with tslab's own module loaded, and its writer replaced by a recorder. */
export async function inKernel(work: () => void | Promise<void>): Promise<Written[]> {
  const path = require.resolve('tslab/dist/jupyter');
  const written: Written[] = [];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const jupyter = require(path) as Record<string, unknown>;
  assert.ok('lastWriteDisplayData' in jupyter, 'tslab still has the function that outputs are sent by');
  jupyter.lastWriteDisplayData = (output: Omit<Written, 'update'>, update: boolean) =>
    written.push({ ...output, update });
  try {
    await work();
  } finally {
    jupyter.lastWriteDisplayData = null;
  }
  return written;
}
