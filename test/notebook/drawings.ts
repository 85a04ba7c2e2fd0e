/** What one SVG of a figure holds. */
export interface Drawing {
  /** What it says to those who don't see it. */
  words: string;
  width: number;
  height: number;
  texts: string[];
  /** Rectangles, each with the text that follows it. */
  boxes: { x: number; y: number; width: number; height: number; stroke: string; label: string }[];
  paths: string[];
  /** Of the paths, those that are dashed. */
  dashed: string[];
  circles: { x: number; y: number }[];
}

/** Reads the drawings of a figure back, as far as these tests look at them. */
export function readDrawings(html: string): Drawing[] {
  return [...html.matchAll(/<svg .*?<\/svg>/gs)].map(([svg]) => {
    const attribute = (element: string, name: string): string =>
      new RegExp(` ${name}="([^"]*)"`).exec(element)?.[1] ?? '';
    const number = (element: string, name: string): number => Number(attribute(element, name));
    const all = (tag: string) => [...svg.matchAll(new RegExp(`<${tag} [^>]*>`, 'g'))].map(([one]) => one);
    const head = svg.slice(0, svg.indexOf('>') + 1);
    return {
      words: attribute(head, 'aria-label'),
      width: number(head, 'width'),
      height: number(head, 'height'),
      texts: [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, label]) => label),
      boxes: [...svg.matchAll(/(<rect [^>]*>)<text [^>]*>([^<]*)</g)].map(([, rect, label]) => ({
        x: number(rect, 'x'),
        y: number(rect, 'y'),
        width: number(rect, 'width'),
        height: number(rect, 'height'),
        stroke: attribute(rect, 'stroke'),
        label,
      })),
      paths: all('path').map((path) => attribute(path, 'd')),
      dashed: all('path').flatMap((path) =>
        attribute(path, 'stroke-dasharray') ? [attribute(path, 'd')] : [],
      ),
      circles: all('circle').map((circle) => ({ x: number(circle, 'cx'), y: number(circle, 'cy') })),
    };
  });
}
