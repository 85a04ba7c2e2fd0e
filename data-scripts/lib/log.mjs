// @ts-check
// What long work says: one line that moves on a terminal, one line every half minute in a log, one line when it is done.

const live = process.stdout.isTTY && process.env.TERM !== 'dumb';
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const LOG_EVERY_MS = 30_000;

/** @param {number} ms @returns {string} `0.4 s`, `12 s`, `3 min 20 s` */
export function duration(ms) {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  return s < 100 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
}

/**
 * The time left of work that is counted, from now on.
 * @param {number} total
 * @returns {(done: number) => string} `, 8 s left`, or nothing before that can be told
 */
export function left(total) {
  const start = Date.now();
  return (done) => {
    const spent = Date.now() - start;
    return spent > 1_500 && done > 0 && done < total
      ? `, ${duration((spent / done) * (total - done))} left`
      : '';
  };
}

/** @param {string} text */
export function say(text) {
  process.stdout.write((live ? '\r\x1b[K' : '') + text + '\n');
}

/**
 * Do one piece of work, showing that it goes on. Prints one line with the time when it is done; on failure it prints
 * that it failed and throws on.
 * @template T
 * @param {string} label e.g. 'npm packages'
 * @param {(progress: (detail: string) => void) => Promise<T>} work calls `progress` with e.g. '120 of 274 MB, 8 s left'
 * @param {{ usualSeconds?: number }} [options] how long it takes on two cores, for work that can't tell how far it is
 * @returns {Promise<T>}
 */
export async function step(label, work, { usualSeconds } = {}) {
  const start = Date.now();
  let detail = usualSeconds ? `usually about ${duration(usualSeconds * 1000)}` : '';
  let frame = 0;
  let logged = start;
  const show = () => {
    const text = `${label}: ${duration(Date.now() - start)}${detail ? `, ${detail}` : ''}`;
    if (live) process.stdout.write(`\r\x1b[K${frames[frame++ % frames.length]} ${text}`);
    else if (Date.now() - logged >= LOG_EVERY_MS) {
      logged = Date.now();
      process.stdout.write(`… ${text}\n`);
    }
  };
  const timer = setInterval(show, live ? 120 : 1000);
  try {
    const result = await work((text) => {
      detail = text;
    });
    say(`✓ ${label} (${duration(Date.now() - start)})`);
    return result;
  } catch (error) {
    say(`✗ ${label} (after ${duration(Date.now() - start)})`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
