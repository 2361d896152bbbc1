import { expect, test } from 'vitest';
import { METRICS } from '../../functions/telemetry/record.ts';
import { PLANTS } from '../lab/campaign/plants.ts';
import { BODIES } from '../support/hostile-bodies.ts';
import { read } from './documents.ts';
import { rowsOf, sectionOf } from './markdown.ts';

// The tools of the tests declare Node 22.12; the least that works is what the package says.
const NODE = `Node 22.12 or later; ${/>=(\S+)"/.exec(read('package.json'))?.[1]} still works`;

// Figures that come from a measurement carry the commit with which they were reported. These here are counted.
const COUNTED: readonly (readonly [page: string, text: string])[] = [
  [
    'docs/cost.md',
    `${METRICS.length} metrics, ${read('infra/alarms.yml').match(/AlarmName:/g)?.length} alarms`,
  ],
  ['docs/reliability.md', `${Object.keys(BODIES).length} messages that no rule of ours sends`],
  ['docs/security.md', `${Object.keys(BODIES).length} kinds of it are tested`],
  ['README.md', NODE],
  ['docs/deploy.md', NODE],
  ['docs/deploy.md', `\`${/runtime: (\S+)/.exec(read('serverless.yml'))?.[1]}\``],
  [
    'docs/operate.md',
    `\`sweepAlarmHours\` (${/sweepAlarmHours: (\d+)/.exec(read('infra/params.yml'))?.[1]})`,
  ],
];

test.each(COUNTED)('%s says "%s"', (page, text) => {
  expect(read(page)).toContain(text);
});

test('docs/reliability.md lists the planted defects of the campaign', () => {
  const rows = rowsOf(sectionOf(read('docs/reliability.md'), 'The fault campaign'), 'defect');
  expect(rows.map(({ cells }) => cells[0])).toEqual(PLANTS.map(({ what }) => what));
});
