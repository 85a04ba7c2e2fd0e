// In a page of another language: what the live parts put into it is translated there, by the entries that outputs have.
import dictionary from 'live:dictionary';
import { translator } from 'outputs';

const { phrase } = translator(dictionary);
const ATTRIBUTES = ['aria-label', 'alt'];

function translate(node: Node): void {
  if (node instanceof Text) {
    const own = phrase(node.data);
    if (own !== node.data) node.data = own; // else the change would be seen again
  } else if (node instanceof Element) {
    for (const name of ATTRIBUTES) {
      const english = node.getAttribute(name) ?? '';
      const own = phrase(english);
      if (own !== english) node.setAttribute(name, own);
    }
    node.childNodes.forEach(translate);
  }
}

const observer = new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes)
    (type === 'childList' ? addedNodes : [target]).forEach(translate);
});
for (const place of document.querySelectorAll('[data-live]')) {
  translate(place);
  observer.observe(place, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: ATTRIBUTES,
  });
}
