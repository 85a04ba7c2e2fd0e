// @ts-check
// Paper is light: pages read in the dark are printed in the light theme's colours.
'use strict';
(() => {
  const { dataset } = document.documentElement;
  /** @type {string | undefined} */
  let before;
  addEventListener('beforeprint', () => {
    before = dataset.theme;
    dataset.theme = 'light';
  });
  addEventListener('afterprint', () => {
    dataset.theme = before;
  });
})();
