// The scripts of data-scripts for tests: they are ES modules, and tests are compiled to CommonJS, where TypeScript
// would turn an import() into a require(), which Node 20 doesn't have for ES modules.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vm from 'node:vm';

export const root = path.resolve(__dirname, '../../..');
const importModule = vm.runInThisContext('(url) => import(url)', {
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as (url: string) => Promise<unknown>;

/** Load a script by its path under `folder` (default: the project's root). */
export async function load<T>(script: string, folder = root): Promise<T> {
  return (await importModule(pathToFileURL(path.join(folder, script)).href)) as T;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}
export interface RunModule {
  run(
    command: string,
    args: string[],
    options?: { cwd?: string; timeoutMs?: number; anyStatus?: boolean; onLine?: (line: string) => void },
  ): Promise<RunResult>;
}
export interface Part {
  name: string;
  missing(): string | null;
  install(progress: (detail: string) => void, anew?: boolean): Promise<void>;
}

/** A folder that is removed when the test ends. */
export function temporary(test: { after(done: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'resnet-workbook-test-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A project with our scripts and nothing installed. */
export function bareProject(folder: string): string {
  fs.cpSync(path.join(root, 'data-scripts'), path.join(folder, 'data-scripts'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', '.npmrc']) {
    fs.copyFileSync(path.join(root, name), path.join(folder, name));
  }
  return folder;
}

/** Whether a process is there and not merely waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === 'linux' ? fs.readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return !stat.includes(') Z ');
  } catch {
    return false;
  }
}

export async function until(condition: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}
