import type { Page } from 'playwright-core';

const STEP_MS = 50;

/**
 * Waits until an expression is true in the page. Playwright's own `waitForFunction` evaluates text within the page, which the
 * pages' content policy forbids.
 */
export async function until(page: Page, expression: string, waitMs = 60_000): Promise<void> {
  const end = performance.now() + waitMs;
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (performance.now() > end) throw new Error(`It did not become true in ${waitMs} ms: ${expression}`);
    await page.waitForTimeout(STEP_MS);
  }
}
