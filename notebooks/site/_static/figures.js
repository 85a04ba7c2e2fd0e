// @ts-check
// Draws the page's plotly figures (_ext/figures.py put them there) in the theme's colours, and again when these change.
'use strict';
(() => {
  /** @typedef {Record<string, unknown>} Settings */
  /** @typedef {{ data: unknown[], layout: Record<string, Settings>, config?: Settings }} Figure */
  /** @typedef {{ react(element: Element, data: unknown[], layout: Settings, config: Settings): Promise<void> }} Plotly */

  const { Plotly } = /** @type {{ Plotly: Plotly }} */ (/** @type {unknown} */ (window));

  /** @param {string} name */
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const phone = matchMedia('(max-width: 600px)');
  const NARROW = 560; // pixels: beside the drawing, a legend would leave it too little

  /**
   * Colours that the figure leaves open, and where it is narrow the legend below instead of beside; what the figure sets
   * itself stays.
   * @param {Figure['layout']} layout
   * @param {number} width
   */
  function themed(layout, width) {
    const clear = 'rgba(0,0,0,0)';
    const line = colour('--pst-color-border');
    /** @type {Settings} */
    const result = {
      autosize: true,
      paper_bgcolor: clear,
      plot_bgcolor: clear,
      ...layout,
      font: { color: colour('--pst-color-text-base'), ...layout.font },
      hoverlabel: { bgcolor: colour('--pst-color-surface'), ...layout.hoverlabel },
      modebar: { bgcolor: clear, color: colour('--pst-color-text-muted'), ...layout.modebar },
    };
    if (width < NARROW) {
      result.legend = {
        orientation: 'h',
        x: 0,
        y: 0,
        yref: 'container',
        yanchor: 'bottom',
        ...layout.legend,
      };
      result.margin = { ...layout.margin, l: 40, r: 5 };
    }
    for (const axis of [
      'xaxis',
      'yaxis',
      ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key)),
    ]) {
      result[axis] = { gridcolor: line, zerolinecolor: line, ...layout[axis] };
    }
    return result;
  }

  const figures = [...document.querySelectorAll('.plotly-drawing')].map((element) => ({
    element,
    figure: /** @type {Figure} */ (JSON.parse(element.querySelector('script')?.textContent ?? '{}')),
  }));

  let drawn = Promise.resolve();

  /**
   * Between light and dark only colours change: `react` keeps the reader's zoom. One drawing follows the other: two at
   * once in one element leave both behind.
   */
  function draw() {
    drawn = drawn.then(async () => {
      for (const { element, figure } of figures) {
        const config = { responsive: true, displaylogo: false, ...figure.config };
        const layout = themed(figure.layout, element.clientWidth);
        // one that can't be drawn takes no other with it
        await Plotly.react(element, figure.data, layout, config).catch(console.error);
      }
    });
  }

  draw();
  phone.addEventListener('change', draw);
  new MutationObserver(draw).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['data-theme'],
  });
})();
