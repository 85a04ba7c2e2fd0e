import { relative } from 'node:path';
import type { SurveyedPicture, Survey } from '../../../src/data/survey';
import type { SurveyReport } from '../../../src/data/surveyReport';
import { escapeHtml, htmlPage, htmlTable } from '../../../src/html';
import { thumbnail } from './thumbnail';

/** Enough to see what there is; more would make a page of many megabytes. */
const SHOWN_OF_A_CLASS = 4;
const MOST_CLASSES = 50;
const MOST_COPIES = 30;

/** What a survey found, as a page: in words, in numbers, and in pictures. */
export async function surveyPage(
  survey: Survey,
  { counts, copies, remarks }: SurveyReport,
  how: string,
): Promise<string> {
  const { root, classes, pictures, unreadable, leftOut } = survey;
  const name = (path: string): string => relative(root, path);
  const shown = async (some: readonly SurveyedPicture[]): Promise<string> => {
    const items = some.map(async ({ path, label, width, height }) => {
      const words = `${name(path)}: ${classes[label]}, ${width}x${height}`;
      return `<li><img src="${await thumbnail(path)}" alt="${escapeHtml(words)}"><small>${escapeHtml(words)}</small></li>`;
    });
    return `<ul class="pictures">${(await Promise.all(items)).join('\n')}</ul>`;
  };
  const most = Math.max(...counts.map(({ train, validation, test }) => train + validation + test));
  const bar = (width: number, colour: string): string =>
    `<rect x="0" width="${((100 * width) / most).toFixed(2)}" height="10" fill="${colour}"/>`;
  const bars = counts.map(({ name, train, validation, test }) => {
    const parts =
      bar(train + validation + test, '#009e73') + bar(train + validation, '#d55e00') + bar(train, '#0072b2');
    const picture = `<svg viewBox="0 0 100 10" preserveAspectRatio="none" width="60%" height="14" aria-hidden="true">${parts}</svg>`;
    return `<tr><th scope="row">${escapeHtml(name)}</th>${[train, validation, test].map((n) => `<td class="number">${n}</td>`).join('')}<td style="width:50%">${picture}</td></tr>`;
  });
  const sections = [
    `<ul>${remarks.map((each) => `<li>${escapeHtml(each)}</li>`).join('\n')}</ul>`,
    '<h2>Classes</h2>',
    `<p>${escapeHtml(how)}: train (blue), validation (orange), test (green).</p>`,
    `<div class="scroll" tabindex="0"><table style="width:100%"><thead><tr><th>class</th><th>train</th><th>validation</th><th>test</th><th></th></tr></thead><tbody>${bars.join('\n')}</tbody></table></div>`,
  ];
  for (const [label, of] of classes.slice(0, MOST_CLASSES).entries()) {
    const own = pictures.filter((picture) => picture.label === label);
    const every = Math.max(1, Math.floor(own.length / SHOWN_OF_A_CLASS));
    const some = own.filter((_, i) => i % every === 0).slice(0, SHOWN_OF_A_CLASS);
    sections.push(`<h3>${escapeHtml(of)}</h3>`, await shown(some));
  }
  if (copies.length > 0) sections.push('<h2>There more than once</h2>');
  for (const each of copies.slice(0, MOST_COPIES)) {
    const what = each.labelsDiffer
      ? 'different classes'
      : each.parts.length > 1
        ? 'in different parts: a leak'
        : 'one class';
    sections.push(`<p>${what}, ${each.parts.join(' and ')}:</p>`, await shown(each.pictures.slice(0, 6)));
  }
  const files = [...unreadable, ...leftOut];
  if (files.length > 0)
    sections.push(
      '<h2>Not used</h2>',
      htmlTable(
        ['file', 'why'],
        files.map(({ path, reason }) => [name(path), reason]),
      ),
    );
  return htmlPage('The pictures', sections.join('\n'));
}
