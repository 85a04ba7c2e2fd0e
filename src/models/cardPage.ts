import { type HtmlCell, escapeHtml, htmlPage, htmlTable } from '../html';
import type { Measured, ModelCard, TrainingRecord } from './modelCard';

/** A matrix of more classes than this is read nowhere; the pairs that are taken for each other most say more. */
const MOST_IN_MATRIX = 20;
const MOST_PAIRS = 20;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** "83.1 % (295 of 355), 95 % interval 78.9 % to 86.6 %" */
export function measuredText({ pictures, right, interval: [low, high] }: Measured): string {
  const share = pictures === 0 ? 'nothing' : percent(right / pictures);
  return `${share} (${right} of ${pictures}), 95 % interval ${percent(low)} to ${percent(high)}`;
}

/** A model's card as a page to be read, without scripts. */
export function cardPage(card: ModelCard): string {
  return htmlPage(`A model of ${card.classes.length} classes`, cardBody(card));
}

/** What a card says, as HTML within a page. */
export function cardBody(card: ModelCard): string {
  const { classes, backbone, transforms, training } = card;
  const { cropSize, resizeSize, mean, std } = transforms;
  const how = [
    ['network', `${backbone}, ${classes.length} classes`],
    ['pictures', `shorter side to ${resizeSize} pixels, the middle ${cropSize}x${cropSize} of them`],
    ['normalized', `mean ${mean.join(', ')}, deviation ${std.join(', ')}`],
    ['SHA-256 of model.safetensors', card.sha256],
  ];
  const use = `npm run predict -- FOLDER PICTURE...\n\nconst { network, classes, transform } = loadModel('FOLDER');`;
  return [
    training ? goodness(card, training) : '<p>Nobody has measured how good it is.</p>',
    '<h2>What it is</h2>',
    htmlTable(['', ''], how),
    training ? origin(training) : '',
    `<h2>To use it</h2>\n<pre>${escapeHtml(use)}</pre>`,
  ].join('\n');
}

function goodness({ classes }: ModelCard, { parts, validation, test }: TrainingRecord): string {
  const judged = test ?? validation;
  const trained = parts.find(({ name }) => name === 'train');
  const rows = classes.map((name, c) => {
    const row = judged.confusion[c];
    const [ofClass, called] = [sum(row), sum(judged.confusion.map((each) => each[c]))];
    const part = (count: number): string => (count === 0 ? '' : percent(row[c] / count));
    return [name, trained?.pictures[c] ?? '', ofClass, part(ofClass), part(called)];
  });
  const answer = test
    ? `<p>Right on pictures that it never saw, looked at once: <strong>${measuredText(test)}</strong>.</p>`
    : '<p>There were too few pictures for a test: what follows is of the pictures by which epochs and ways were chosen.</p>';
  return [
    '<h2>How good it is</h2>',
    answer,
    `<p>On the pictures by which it was chosen (a little too kind): ${measuredText(validation)}.</p>`,
    htmlTable(
      ['class', 'trained on', test ? 'tested on' : 'judged on', 'of these found', 'right where it says so'],
      rows,
    ),
    confusion(classes, judged.confusion),
  ].join('\n');
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function confusion(classes: readonly string[], matrix: readonly (readonly number[])[]): string {
  const intro = '<h2>What it takes for what</h2>\n';
  if (classes.length <= MOST_IN_MATRIX) {
    const rows = matrix.map((row, i) => [
      classes[i],
      ...row.map((count, j): HtmlCell => {
        if (count === 0) return i === j ? 0 : '';
        return { text: count, style: count * 2 >= sum(row) ? 'much' : 'some' };
      }),
    ]);
    return `${intro}<p>Rows are what the pictures are, columns what it says.</p>${htmlTable(['', ...classes], rows)}`;
  }
  const pairs = matrix
    .flatMap((row, i) => row.map((count, j) => ({ is: classes[i], said: classes[j], count, wrong: i !== j })))
    .filter(({ count, wrong }) => wrong && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_PAIRS);
  return (
    intro +
    htmlTable(
      ['it is', 'it says', 'pictures'],
      pairs.map(({ is, said, count }) => [is, said, count]),
    )
  );
}

function origin(training: TrainingRecord): string {
  const { command, date, machine, versions, startedFrom, way, settings, minutes, parts } = training;
  const rows = [
    ['started from', startedFrom],
    ['trained', way === 'features' ? 'a new last layer on its features' : 'all layers (fine-tuning)'],
    ...Object.entries(settings).map(([name, value]) => [name, String(value)]),
    ['minutes', minutes.toFixed(1)],
    ['date', date],
    ['machine', machine],
    ...Object.entries(versions),
    ...parts.map(({ name, pictures, fingerprint }) => [
      `pictures: ${name}`,
      `${sum(pictures).toLocaleString('en')}, SHA-256 ${fingerprint}`,
    ]),
  ];
  return `<h2>How it was made</h2>\n<pre>${escapeHtml(command)}</pre>\n${htmlTable(['', ''], rows)}`;
}
