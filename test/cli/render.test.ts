import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { listed } from '../../functions/cli/render/list.ts';
import { frame, type Row } from '../../functions/cli/render/rollout.ts';
import { type Column, table } from '../../functions/cli/render/table.ts';
import { keyOf } from '../../functions/core/model/arn.ts';

const rows = (count: number, more: Partial<Row> = {}): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({
    key: keyOf('a-cluster-with-a-long-name', `a-service-with-a-long-name-${i}`),
    wave: i % 7,
    state: 'deployment-in-progress',
    newTasks: 0,
    desired: 100,
    oldTasks: 100,
    seenAt: 0,
    ...more,
  }));

describe('a frame of a live picture', () => {
  it.each([20, 40, 80, 200].flatMap((width) => [1, 3, 5, 24, 60].map((height) => [width, height] as const)))(
    'of %i columns and %i lines fits the terminal, whatever it has to show',
    (width, height) => {
      for (const count of [0, 1, 30, 5_000]) {
        const lines = frame(rows(count), 90_000, 0, { width, height });
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, height - 1));
        expect(lines.map((line) => stringWidth(line)).filter((one) => one > width)).toEqual([]);
      }
    },
  );

  it('of 5,000 services is drawn in much less than the second between two frames', () => {
    const many = rows(5_000);
    const began = performance.now();
    for (let i = 0; i < 5; i++) frame(many, i * 1_000, 0, { width: 80, height: 24 });
    expect((performance.now() - began) / 5).toBeLessThan(500);
  });

  it('shows what is wrong before what goes on, and that before what is done', () => {
    const some = [
      ...rows(40, { end: 'fresh', state: 'fresh' }),
      ...rows(1, { key: keyOf('prod', 'bad'), end: 'failed', state: 'rolled-back' }),
    ];
    const lines = frame(some, 0, 0, { width: 80, height: 10 });
    expect(lines[1]).toMatch(/^prod\/bad +0 +rolled-back/);
    expect(lines).toContain('… 36 more');
  });
});

type Cells = { readonly name: string; readonly fact: string };
const COLUMNS: readonly Column<Cells>[] = [
  { title: 'NAME', cell: ({ name }) => name, least: 10, name: true },
  { title: 'FACT', cell: ({ fact }) => fact, least: 10, wraps: true },
];

describe('a table', () => {
  it('keeps the end of a name, which tells it from others', () => {
    const [, first, second] = table(
      COLUMNS,
      [
        { name: 'production-europe/orders-api', fact: '' },
        { name: 'production-europe/orders-web', fact: '' },
      ],
      20,
    );
    expect(first).toBe('product…rs-api');
    expect(second).toBe('product…rs-web');
  });

  it('breaks what is longer than its column, and loses nothing of it', () => {
    const fact = `the key arn:aws:kms:eu-west-1:111122223333:key/${'0'.repeat(36)} refuses`;
    const lines = table(COLUMNS, [{ name: 'prod/api', fact }], 40);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    const told = lines.slice(1).map((line) => line.slice(10).trim());
    expect(told.join('').replaceAll(' ', '')).toBe(fact.replaceAll(' ', ''));
  });

  it('shows wide characters as wide as a terminal does, and no text controls the terminal', () => {
    const bell = String.fromCodePoint(7);
    const escaped = String.fromCodePoint(27);
    const lines = table(COLUMNS, [{ name: '配信サービス/注文', fact: `a\nb${bell}${escaped}[31mc` }], 24);
    expect(lines.map((line) => stringWidth(line)).filter((one) => one > 24)).toEqual([]);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  it('in a pipe is cut nowhere', () => {
    const name = 'x'.repeat(300);
    expect(table(COLUMNS, [{ name, fact: 'y' }], undefined)[1]).toBe(`${name}  y`);
  });
});

it.each([
  [50, 40],
  [0, 40],
  [50, 0],
  [5, 14],
])(
  'a list of %i rows and %i lines below has at most 30 lines on a terminal, and all of them with --all',
  (count, below) => {
    const many = Array.from({ length: count }, (_, i) => ({ name: `prod/api-${i}`, fact: '' }));
    const after = Array.from({ length: below }, (_, i) => `line ${i}`);
    const list = { columns: COLUMNS, rows: many, verdict: 'done', after };
    const lines = listed(list, { width: 40, all: false });
    expect(lines.length).toBeLessThanOrEqual(30);
    expect(lines.some((line) => line === 'prod/api-0')).toBe(count > 0);
    const head = count > 0 ? 2 : 1;
    expect(listed(list, { width: 40, all: true })).toHaveLength(head + count + below);
    expect(listed(list, { width: undefined, all: false })).toHaveLength(head + count + below);
  },
);

it('a line to be copied is never folded', () => {
  const whole = `esr redeploy ${'prod/db '.repeat(20)}`.trim();
  const list = { columns: COLUMNS, rows: [], verdict: 'done', after: ['word '.repeat(20).trim(), { whole }] };
  const lines = listed(list, { width: 40, all: false });
  expect(lines).toContain(whole);
  expect(lines.filter((line) => line.length > 40)).toEqual([whole]);
});
