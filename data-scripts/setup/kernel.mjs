// @ts-check
// The tslab kernel inside .venv, and JupyterLab's settings there: our kernel only, nothing asked of the outside.
import fs from 'node:fs';
import path from 'node:path';
import { readText, writeWhole } from '../lib/files.mjs';
import { inRoot, modules, nodeCompat, venv, venvBin } from '../lib/paths.mjs';
import { ask } from '../lib/run.mjs';
import { tensorflowEnv } from '../lib/child-env.mjs';
import { packageVersion } from './native.mjs';

const share = path.join(venv, 'share', 'jupyter');
// ipykernel comes with JupyterLab and would be offered beside ours.
const other = path.join(share, 'kernels', 'python3');

/** What each file must say. @returns {[string, unknown][]} */
function files() {
  const hooks = inRoot('data-scripts', 'kernel', 'hooks.cjs');
  const kernel = {
    argv: [
      process.execPath,
      '--no-deprecation', // of Node's functions that tslab's dependencies still use
      ...['-r', nodeCompat],
      ...(fs.existsSync(hooks) ? ['-r', hooks] : []),
      path.join(modules, 'tslab', 'bin', 'tslab'),
      ...['kernel', '--config-path', '{connection_file}'],
    ],
    display_name: 'TypeScript (tslab)',
    language: 'typescript',
    env: tensorflowEnv,
  };
  return [
    [path.join(share, 'kernels', 'tslab', 'kernel.json'), kernel],
    [
      path.join(venv, 'etc', 'jupyter', 'jupyter_server_config.json'),
      {
        KernelSpecManager: { ensure_native_kernel: false, allowed_kernelspecs: ['tslab'] },
        MultiKernelManager: { default_kernel_name: 'tslab' },
        LabApp: { extension_manager: 'readonly' },
      },
    ],
    [
      path.join(share, 'lab', 'settings', 'overrides.json'),
      {
        '@jupyterlab/apputils-extension:notification': {
          fetchNews: 'false',
          checkForUpdates: false,
          doNotDisturbMode: false,
        },
      },
    ],
  ];
}
const text = (/** @type {unknown} */ content) => `${JSON.stringify(content, null, 2)}\n`;

export const kernel = {
  name: 'tslab kernel',
  missing() {
    const bad = files().find(([file, content]) => readText(file) !== text(content));
    if (bad)
      return `${path.relative(venv, bad[0])} is ${fs.existsSync(bad[0]) ? 'for another Node or folder' : 'missing'}`;
    return fs.existsSync(other) ? 'another kernel is offered' : null;
  },
  async install() {
    for (const [file, content] of files()) writeWhole(file, text(content));
    fs.rmSync(other, { recursive: true, force: true });
  },
  version: () => `tslab ${packageVersion('tslab')}, Node ${process.versions.node}`,
  live: async () =>
    ask(venvBin('python'), ['-c', START], { timeoutMs: 60_000 }) ??
    Promise.reject(new Error('the kernel does not start')),
};

const START = `
import time
from jupyter_client.manager import start_new_kernel
began = time.monotonic()
manager, client = start_new_kernel(kernel_name="tslab", startup_timeout=40)
reply = client.execute("const x: number = 1", reply=True, timeout=40)
client.stop_channels(); manager.shutdown_kernel(now=True)
assert reply["content"]["status"] == "ok"
print("starts and runs a cell in %.1f s" % (time.monotonic() - began))
`;
