// @ts-check
// Loaded into each page that the browser tests look at: what they ask of it.
'use strict';

/** Figures that plotly has not drawn: the container alone says nothing, its marks do. */
function undrawnFigures() {
  const marks = '.js-line, .point, .hm image, .contourlayer path, .surface, .gl-container canvas, .slice';
  return [...document.querySelectorAll('.plotly-drawing')]
    .filter((drawing) => drawing.querySelector(marks) === null)
    .map((drawing) => drawing.getAttribute('aria-label'));
}

/** How many pixels of the page a reader of this window can't see without scrolling sideways. */
function overflow() {
  return document.documentElement.scrollWidth - document.documentElement.clientWidth;
}

/** How the tables and the sources side by side begin of which a part can't be seen without scrolling sideways. */
function cutOutputs() {
  return [...document.querySelectorAll('.cell_output :is(table.dataframe, code)')]
    .map((element) => ({ element, room: element.closest('div[style*="overflow-x"]') ?? element }))
    .filter(({ room }) => room.scrollWidth > room.clientWidth + 1)
    .map(({ element }) => element.textContent?.trim().slice(0, 60));
}

/** Where the page's links lead and what it shows, as whole addresses. */
function addresses() {
  const links = [...document.querySelectorAll('a[href]')].map(
    (link) => /** @type {HTMLAnchorElement} */ (link).href,
  );
  const images = [...document.images].map((image) => image.src);
  return [...links, ...images].filter((address) => !address.startsWith('data:'));
}

/** The names that a link can lead to. */
function anchors() {
  return [...document.querySelectorAll('[id], a[name]')]
    .filter((element) => !element.closest('.plotly-drawing')) // plotly names its parts by chance
    .map((element) => element.id || element.getAttribute('name'));
}

/** What stands in the place of each figure where scripts are off: the width of a picture that has loaded, or 0. */
function pictureWidths() {
  return [...document.querySelectorAll('figure.plotly-figure')].map((figure) => {
    const image = figure.querySelector('img');
    return image?.complete && image.naturalWidth > 0 ? image.getBoundingClientRect().width : 0;
  });
}

/** The smaller side of each formula that is drawn in the text, in pixels; 0 of one that is not drawn. */
function formulaSizes() {
  for (const details of document.querySelectorAll('details')) details.open = true;
  return [...document.querySelectorAll('.bd-article .math')].map((formula) => {
    const { width = 0, height = 0 } = formula.querySelector('svg')?.getBoundingClientRect() ?? {};
    return Math.min(width, height);
  });
}

/** The texts of drawings that reach out of their box, or out of the drawing. */
function cutLabels() {
  for (const details of document.querySelectorAll('details')) details.open = true;
  return [...document.querySelectorAll('figure svg[role="img"] text')].flatMap((text) => {
    const before = text.previousElementSibling;
    const centred = text.getAttribute('text-anchor') === 'middle';
    const room = before?.tagName === 'rect' && centred ? before : text.closest('svg');
    const [inner, outer] = [text.getBoundingClientRect(), room?.getBoundingClientRect() ?? new DOMRect()];
    return inner.left < outer.left - 1 || inner.right > outer.right + 1 ? [text.textContent] : [];
  });
}

/** What stands slanted although nobody reads it so in Chinese, and stars that were to make something bold. */
function typesettingFaults() {
  const slanted = [...document.querySelectorAll('.bd-article em, .bd-article i, .highlight span')].filter(
    (element) => getComputedStyle(element).fontStyle === 'italic',
  );
  const ownText = (/** @type {Element} */ element) =>
    [...element.childNodes]
      .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent);
  const prose = [
    ...document.querySelectorAll('.bd-article :is(p, li, td, th, h1, h2, h3, figcaption)'),
  ].filter((element) => ownText(element).join('').includes('**'));
  return [...slanted, ...prose].map((element) => element.textContent?.slice(0, 60));
}

Object.assign(window, {
  probe: {
    undrawnFigures,
    overflow,
    cutOutputs,
    addresses,
    anchors,
    pictureWidths,
    formulaSizes,
    cutLabels,
    typesettingFaults,
  },
});
