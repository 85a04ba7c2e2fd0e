// @ts-check
// Runs compiled test files with Node's own test runner; what it says of them is written by test-reporter.mjs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tensorflowEnv } from './child-env.mjs';
import { readJson } from './files.mjs';
import { nodeCompat, root } from './paths.mjs';
import { run } from './run.mjs';

/** @typedef {{ passed: number, failed: number, skipped: string[] }} Tally */

/**
 * @param {string[]} files
 * @param {Tally} tally to which what they counted is added
 */
export async function unitTests(files, tally) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'resnet-workbook-tally-'));
  try {
    const counts = path.join(folder, 'tally.json');
    const { status } = await run(
      process.execPath,
      [
        ...['-r', nodeCompat], // handed down to each file's process
        '--test',
        // TensorFlow takes every core for its kernels; a second process fills the gaps, more only add memory.
        `--test-concurrency=${Math.min(2, os.availableParallelism())}`,
        `--test-reporter=${new URL('test-reporter.mjs', import.meta.url).href}`,
        '--test-reporter-destination=stdout',
        ...files.map((file) => path.relative(root, file)), // as patterns, which the folder's own name may not be part of
      ],
      { inherit: true, anyStatus: true, env: { ...tensorflowEnv, RESNET_WORKBOOK_TALLY: counts } },
    );
    /** @type {Tally | null} */
    const counted = readJson(counts);
    if (!counted) throw new Error(`Node's test runner ended with status ${status}, without a report.`);
    tally.passed += counted.passed;
    tally.failed += counted.failed;
    tally.skipped.push(...counted.skipped);
    if (status !== 0 && counted.failed === 0) tally.failed++; // what failed was no test: it has been printed
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
