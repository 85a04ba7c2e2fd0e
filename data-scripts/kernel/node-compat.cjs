// @ts-check
// Preloaded (node -r) wherever @tensorflow/tfjs-node is used.
'use strict';

// Version 4.22.0 calls these, which Node 23 removed. They are all that it misses on Node 23 to 26.
const util = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (require('node:util')));
util.isNullOrUndefined ??= (/** @type {unknown} */ value) => value === null || value === undefined;
util.isArray ??= Array.isArray;

// TensorFlow's notes on the processor (I) and on memory (W) look like faults to a reader; errors (2) are shown.
// TF_CPP_MIN_LOG_LEVEL=0 shows all.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
