// @ts-check
// From a place in one language to the same place in the other: to the section that is on the screen. Their names are alike.
'use strict';
addEventListener('click', (event) => {
  const link = event.target instanceof Element && event.target.closest('a.language-switch');
  if (!(link instanceof HTMLAnchorElement)) return;
  const above = [...document.querySelectorAll('article section[id], article figure[id]')].filter(
    (place) => place.getBoundingClientRect().top < innerHeight / 2,
  );
  const place = scrollY > 0 ? above.at(-1) : undefined;
  link.hash = place ? place.id : '';
  link.search = location.search;
});
