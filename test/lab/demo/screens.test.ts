import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../simulator/index.ts';
import { type Built, buildFleet } from './fleet.ts';
import { type Ending, lastScreen } from './last-screen.ts';
import { frameOf } from './live-table.ts';
import { PARAMETER_ARN, SECRET_ARN } from './resources.ts';
import { openScreen, wrapped } from './screen.ts';
import { CALLERS, type Stage } from './stage.ts';
import { tablesOf } from './tables.ts';
import type { Exposure, Sighting } from './watch.ts';

const sim = await startSimulator();
const fleet = buildFleet(sim.world);
await sim.close();

const plain = (_: unknown, text: string) => text;
const WINDOW = { rows: 24, columns: 80 };
const LOOKS = { paint: plain, columns: WINDOW.columns };

/** The service as it is at the end of the demo; long values take the most room. */
const sighting = (member: Built, different: Partial<Sighting> = {}): Sighting => ({
  member,
  desired: member.service?.desired ?? 1,
  running: 9,
  stale: member.expect === 'left-alone' ? 1 : 0,
  affected: true,
  deployments: member.expect === 'redeployed' ? [{} as Sighting['deployments'][number]] : [],
  rolling: false,
  ...different,
});
const exposure = (member: Built, resource: string): Exposure => ({
  member,
  resource,
  changedAt: 0,
  acceptedAt: 12_300,
  goneAt: 23_400,
});
const CODES = [
  'unsupported-controller',
  'opted-out',
  'cannot-replace',
  'pinned',
  'label-not-moved',
  'pull-only',
];
const ending = (different: Partial<Ending> = {}): Ending => ({
  sightings: fleet.map((member) => sighting(member)),
  exposures: fleet.flatMap((member) => [SECRET_ARN, PARAMETER_ARN].map((arn) => exposure(member, arn))),
  reasonFor: (arn) => ({ code: CODES[arn.length % CODES.length] ?? '', waits: false }),
  again: { summary: { redeploy: 0, wait: 0, skip: 33 } },
  swept: { reason: 'report' },
  valuesRead: 0,
  problems: [],
  ...different,
});

const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));

describe('the last screen', () => {
  test.each<[string, Partial<Ending>]>([
    ['of a demo that succeeds', {}],
    [
      'if every service left alone has a reason of its own',
      { reasonFor: (arn) => ({ code: arn, waits: false }) },
    ],
    [
      'of a demo that fails in every way',
      {
        problems: fleet.map(({ name }) => `shop/${name}: was redeployed 2 times instead of once`),
        again: undefined,
        swept: { reason: undefined },
        valuesRead: 3,
      },
    ],
  ])('fits 40 lines of 80 columns %s', (_, different) => {
    const lines = lastScreen(ending(different), LOOKS);
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(widest(lines)).toBeLessThanOrEqual(WINDOW.columns);
  });

  test('names every service, how long its old value lived or why it was left alone, and ends with the verdict', () => {
    const lines = lastScreen(ending(), LOOKS);
    for (const { name } of fleet) expect(lines.join('\n')).toMatch(new RegExp(`\\b${name}\\b`));
    expect(lines.join('\n').match(/23\.4 s/g)?.length).toBeGreaterThan(22);
    expect(lines.at(-1)).toBe(
      '✔ 22 services redeployed, once each and in order; no other service was touched.',
    );
  });

  test('ends with the problems of a demo that failed', () => {
    const lines = lastScreen(ending({ problems: ['shop/web: was not redeployed'] }), LOOKS);
    expect(lines.at(-1)).toBe('✖ shop/web: was not redeployed');
    expect(lines.join('\n')).not.toContain('✔');
  });

  test('has no table of events or API calls; --verbose prints them before it', () => {
    const stage = {
      sim: {
        events: [],
        ledger: {
          calls: [{ service: 'ecs', operation: 'UpdateService', accessKeyId: CALLERS['on-change'] }],
        },
      },
      watch: { exposures: () => ending().exposures },
      log: { reasonFor: ending().reasonFor },
      changes: () => [],
      traffic: () => [{ kind: 'Secret Label Updated', queue: 'changes', count: 1 }],
      messagesLeft: () => 0,
    } as unknown as Stage;
    const tables = tablesOf(stage, ending().sightings, LOOKS).join('\n');
    const brief = lastScreen(ending(), LOOKS).join('\n');
    for (const told of ['Secret Label Updated', 'ecs:UpdateService', 'API calls of the functions', 'Waves']) {
      expect(tables).toContain(told);
      expect(brief).not.toContain(told);
    }
    expect(brief).toContain('--verbose');
  });
});

describe('the live screen', () => {
  test.each<[string, Partial<Sighting>]>([
    ['before the change', { affected: false, stale: 0, deployments: [] }],
    ['while every service is stale', { stale: 9, deployments: [] }],
    ['while every service is rolling', { stale: 3, desired: 4, deployments: [{} as never] }],
    ['at the end', {}],
  ])('fits a terminal of 24 by 80 with room for a line of news: %s', (_, different) => {
    const sightings = fleet.map((member) => sighting(member, different));
    const looks = { ...LOOKS, time: ' 12.3 s' };
    const waiting = () => ({ code: 'unsupported-controller', waits: true });
    const { table } = frameOf(sightings, waiting, looks);
    expect(table.length).toBeLessThanOrEqual(WINDOW.rows - 2);
    expect(widest(table)).toBeLessThan(WINDOW.columns);
    expect(table.at(-1)).toContain('12.3 s');
  });

  test('is drawn in place on a terminal, and erased before the last screen', () => {
    const written: string[] = [];
    const out = { isTTY: true, ...WINDOW, write: (text: string) => written.push(text) };
    const screen = openScreen(out as unknown as NodeJS.WriteStream);
    const frame = { table: ['a', 'b'], time: '1 s', line: 'c' };
    screen.show(frame);
    screen.say('news');
    screen.release();
    expect(written).toEqual(['a\nb\n', '\u001b[2A\u001b[0Jnews\na\nb\n', '\u001b[2A\u001b[0J']);
  });
});

test('a long line of news is broken at its spaces, and its other lines are indented', () => {
  expect(wrapped('  1.0 s  one two three', 14, 9)).toEqual([
    '  1.0 s  one',
    '         two',
    '         three',
  ]);
  expect(wrapped('short', 14, 9)).toEqual(['short']);
});
