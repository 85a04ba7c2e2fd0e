// What stands in tfjs-node's place in a page: the tensors of tfjs-core, which tfjs-node's are too, with tfjs's WebAssembly
// backend. src/ops runs the portable forms of its ops on it.
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, setBackend } from '@tensorflow/tfjs-core';

export * from '@tensorflow/tfjs-core';

/**
 * Starts the backend from the bytes of its SIMD binary, which every browser of the last years runs. Nothing is fetched: a
 * page's content policy forbids it, and from disk there are no threads that another binary would use.
 */
export async function startWasm(binary: ArrayBuffer): Promise<void> {
  setWasmPaths(
    {
      'tfjs-backend-wasm.wasm': 'b',
      'tfjs-backend-wasm-simd.wasm': 'b',
      'tfjs-backend-wasm-threaded-simd.wasm': 'b',
    },
    true,
  );
  if (!(await env().getAsync('WASM_HAS_SIMD_SUPPORT')))
    throw new Error('This browser is too old: it runs no WebAssembly with SIMD.');
  env().platform.fetch = () => Promise.resolve(new Response(binary));
  if (!(await setBackend('wasm'))) throw new Error("tfjs's WebAssembly backend did not start.");
}
