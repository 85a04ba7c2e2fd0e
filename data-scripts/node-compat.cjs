// @ts-check
// Preloaded (node -r) wherever @tensorflow/tfjs-node is used: version 4.22.0 calls util.isNullOrUndefined and
// util.isArray, which Node 23 removed. These two are all that it misses on Node 23 to 26.
'use strict';
const util = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (require('node:util')));
util.isNullOrUndefined ??= (/** @type {unknown} */ value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
