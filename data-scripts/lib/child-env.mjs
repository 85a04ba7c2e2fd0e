// @ts-check
// The environment of every program that the project starts: npm, pip, Python, Jupyter, compilers and the notebooks'
// kernels. What a reader has set for other work (another environment, a user's install, another Jupyter) would lead
// them out of the project's folder; what reaches the network (proxies, mirrors, certificates) must go on working.
import fs from 'node:fs';
import path from 'node:path';
import { cache } from './paths.mjs';

/**
 * glibc's allocator asks Linux for pages of 2 MB instead of 4 KB: a training step of ResNet-34 at batch 6 took 4 to 7 %
 * less time so. Elsewhere nobody reads the variable. What a reader has set comes first.
 */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1';

/** What processes that run TensorFlow are started with; the kernel's own file has it too, for other Jupyters. @type {Record<string, string>} */
export const tensorflowEnv = {
  GLIBC_TUNABLES: process.env.GLIBC_TUNABLES || HUGE_PAGES,
};

/** Settings of npm and pip that are about the network. */
const NETWORK =
  /^(registry|replace_registry_host|(https?_)?proxy|no_?proxy|(ca|client_?)?cert|cafile|ca|key|strict_ssl|.*_mirror|.*_binary_host|cache(_dir)?|(prefer_)?(offline|online)|fetch_.*|maxsockets|local_address|user_agent|userconfig|globalconfig|nodedir|devdir|dist_?url|(extra_)?index_url|no_index|find_links|trusted_host|keyring_provider|timeout|default_timeout|retries|resume_retries|config_file|disable_pip_version_check|no_input)$/;

/** @param {string} name of a setting of npm or pip, with underscores */
export const isNetworkSetting = (name) => NETWORK.test(name);

/** Options of Node that are about the network or memory; others (--require, --inspect ...) are for other programs. */
const NODE_OPTIONS =
  /^--(max-old-space-size|use-(openssl|system|bundled)-ca|tls-\S+|dns-result-order|network-family-autoselection\S*)(=\S+)?$/;

/** @param {string} name @param {string} value @returns {string | undefined} what a program of ours sees of it */
function passed(name, value) {
  const lower = name.toLowerCase();
  const [, setting] = /^(?:npm_config|pip)_(.*)/.exec(lower) ?? [];
  if (setting !== undefined) return isNetworkSetting(setting) || setting.startsWith('//') ? value : undefined;
  if (/^(python|jupyter|ipython)/.test(lower) || lower === '__pyvenv_launcher__') return undefined;
  if (lower === 'node_options')
    return (
      value
        .split(/\s+/)
        .filter((option) => NODE_OPTIONS.test(option))
        .join(' ') || undefined
    );
  // NODE_ENV=production makes npm leave out what tests and pages need; NODE_TEST_CONTEXT makes a test runner silent.
  if (['node_path', 'node_env', 'node_test_context', 'docutilsconfig'].includes(lower)) return undefined;
  return value;
}

const jupyter = path.join(cache, 'jupyter');

/**
 * @param {NodeJS.ProcessEnv} [extra] what this program gets beside it; a value of undefined removes a variable
 * @param {NodeJS.ProcessEnv} [given] the environment to start from; default: this process's
 * @returns {NodeJS.ProcessEnv} all of the program's environment
 */
export function childEnv(extra = {}, given = process.env) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [name, value] of Object.entries(given)) {
    const kept = value === undefined ? undefined : passed(name, value);
    if (kept !== undefined) env[name] = kept;
  }
  return {
    ...env,
    PYTHONUTF8: '1', // whatever the locale: files and terminals are UTF-8
    PYTHONNOUSERSITE: '1', // packages in a user's home are of other versions
    // The reader's own Jupyter settings, kernels and workspaces stay out of ours, and ours out of theirs.
    JUPYTER_PREFER_ENV_PATH: '1',
    JUPYTER_CONFIG_DIR: path.join(jupyter, 'config'),
    JUPYTER_DATA_DIR: path.join(jupyter, 'data'),
    JUPYTER_RUNTIME_DIR: path.join(jupyter, 'runtime'),
    JUPYTERLAB_WORKSPACES_DIR: path.join(jupyter, 'workspaces'),
    JUPYTERLAB_SETTINGS_DIR: path.join(jupyter, 'settings'),
    IPYTHONDIR: path.join(jupyter, 'ipython'),
    ...extra,
  };
}

/** Jupyter's sockets and keys are this user's alone; it doesn't make the folder's parents itself. */
export function makeJupyterFolder() {
  fs.mkdirSync(path.join(jupyter, 'runtime'), { recursive: true, mode: 0o700 });
}
