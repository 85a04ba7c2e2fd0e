// @ts-check
// The pages' live parts: a button where scripts run. The script behind them is large, so it is loaded when one is asked for.
'use strict';
(() => {
  const START = 'Run it here';
  /** @type {Map<string, Promise<unknown>>} */
  const loaded = new Map();
  /** Loads a script that lies beside this one, once. @param {string} name */
  const load = (name) => {
    const known = loaded.get(name);
    if (known) return known;
    const done = new Promise((resolve, reject) => {
      const script = document.createElement('script');
      const own = /** @type {HTMLScriptElement | null} */ (
        document.querySelector('script[src*="live-start.js"]')
      );
      script.src = new URL(name, own?.src).href;
      script.addEventListener('load', resolve);
      script.addEventListener('error', () => reject(new Error('its script could not be loaded.')));
      document.head.append(script);
    });
    loaded.set(name, done);
    return done;
  };

  for (const place of document.querySelectorAll('[data-live]')) {
    if (!(place instanceof HTMLElement)) continue;
    const note = document.createElement('p');
    note.setAttribute('role', 'status');
    if (typeof WebAssembly !== 'object' || typeof DecompressionStream !== 'function') {
      note.textContent = 'It needs WebAssembly, which this browser does not have, or which is switched off.';
      place.append(note);
      continue;
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'live-begin';
    button.textContent = START;
    button.addEventListener('click', () => {
      button.disabled = true;
      note.textContent = 'Starting ...';
      place.dataset.state = 'starting';
      const { model } = place.dataset;
      Promise.all(['live.js', ...(model ? [`live-model-${model}.js`] : [])].map(load))
        .then(() => {
          const { workbookLive } =
            /** @type {{ workbookLive: { start(place: HTMLElement): Promise<void> } }} */ (
              /** @type {unknown} */ (window)
            );
          return workbookLive.start(place);
        })
        .catch((/** @type {unknown} */ error) => {
          note.textContent = `This part can't run here: ${error instanceof Error ? error.message : String(error)}`;
        });
    });
    place.append(button, note);
  }
})();
