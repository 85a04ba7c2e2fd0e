import path from 'node:path';
import { root } from '../notebooks/project';

/** What data-scripts/lib/browser.mjs exports. */
interface Finder {
  findBrowser(): string | null;
  launchOptions(executablePath: string): { executablePath: string; headless: boolean; args: string[] };
}

/** How to start the Chromium of this machine, or null where there is none. */
export async function chromiumHere(): Promise<ReturnType<Finder['launchOptions']> | null> {
  // Node 20.19 and later take ES modules where this compiles to `require`.
  const finder = (await import(path.join(root, 'data-scripts', 'lib', 'browser.mjs'))) as Finder;
  const found = finder.findBrowser();
  return found === null ? null : finder.launchOptions(found);
}

export const withoutBrowser = 'no Chromium: npm run setup -- browser installs one';
