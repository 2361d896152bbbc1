import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod/mini';
import { FAILURE_CLASSES } from '../../functions/core/model/failure.ts';
import { REASONS } from '../../functions/core/plan/reasons.ts';
import { ADVICE } from '../../functions/core/report/advice.ts';
import { packageInto, removeFolder } from '../infra/packaged.ts';
import { read } from './documents.ts';
import { codesIn, sectionOf } from './markdown.ts';
import { faultsOf, TABLES, tableOn } from './tables.ts';

describe.each(TABLES)('the table of $what in $page', (table) => {
  const page = read(table.page);
  const rows = tableOn(page, table);

  test('says what the code says, and nothing else', () => {
    expect(faultsOf(page, table)).toEqual([]);
  });

  test('is found wrong without any one of its rows', () => {
    const unnoticed = rows.filter(
      ({ line }) =>
        !faultsOf(page.replace(`${line}\n`, ''), table)
          .join()
          .includes('is missing'),
    );
    expect(unnoticed).toEqual([]);
  });

  test('is found wrong with an invented row, and with a row that stands twice', () => {
    const last = rows.at(-1)?.line ?? '';
    const invented = last.replaceAll(/`([^`]+)`/g, '`invented-$1`');
    expect(
      faultsOf(
        page.replace(last, () => `${last}\n${invented}`),
        table,
      ).join(),
    ).toContain('does not exist');
    expect(
      faultsOf(
        page.replace(last, () => `${last}\n${last}`),
        table,
      ).join(),
    ).toContain('stands twice');
  });
});

test('rows in another order than the rules are found', () => {
  const [table] = TABLES;
  if (table === undefined) throw new Error('there is no table');
  const page = read(table.page);
  const [, second, third] = tableOn(page, table);
  const swapped = page.replace(`${second?.line}\n${third?.line}`, () => `${third?.line}\n${second?.line}`);
  expect(faultsOf(swapped, table)).toEqual([expect.stringContaining('order')]);
});

describe('docs/configuration.md', () => {
  test('names every variable that the functions read', () => {
    const [, shape = ''] =
      /const shape = z\.object\(\{\n(.*?)\n\}\);/s.exec(read('functions/runtime/config.ts')) ?? [];
    const variables = [...shape.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name);
    const documented = codesIn(sectionOf(read('docs/configuration.md'), 'Settings'));
    expect(variables.length).toBeGreaterThan(15);
    expect(variables.filter((name) => !documented.includes(name))).toEqual([]);
  });
});

describe('docs/decisions.md', () => {
  test('lists the reasons that are warnings', () => {
    const sentence = /^(.*) are warnings in the log\.$/m.exec(read('docs/decisions.md'))?.[1] ?? '';
    const alarming = Object.entries(REASONS).filter(([, reason]) => 'alarms' in reason);
    expect(codesIn(sentence)).toEqual(alarming.map(([reason]) => reason));
  });

  test('says which reasons count as stale', () => {
    const { rows, counting } = countingAsStale(read('docs/decisions.md'));
    expect(rows).toEqual(counting);
    const without = read('docs/decisions.md').replace(' Counts as stale', '');
    expect(countingAsStale(without).rows).not.toEqual(counting);
  });
});

function countingAsStale(page: string) {
  const rows = tableOn(page, { section: 'What is decided', header: 'decision' })
    .filter(({ line }) => line.includes('Counts as stale'))
    .map(({ cells }) => codesIn(cells[1] ?? '')[0]);
  const counting = Object.entries(REASONS)
    .filter(([, reason]) => 'countsAsStale' in reason)
    .map(([reason]) => reason);
  return { rows, counting };
}

describe('functions/schema/own-event.schema.json', () => {
  test('lists the classes of failures and the advice of the code', () => {
    const Lists = z.object({
      $defs: z.object({
        failure: z.object({ properties: z.object({ class: z.object({ enum: z.array(z.string()) }) }) }),
        serviceFailed: z.object({
          properties: z.object({
            detail: z.object({ properties: z.object({ advice: z.object({ enum: z.array(z.string()) }) }) }),
          }),
        }),
      }),
    });
    const { $defs } = Lists.parse(JSON.parse(read('functions/schema/own-event.schema.json')));
    expect($defs.failure.properties.class.enum).toEqual(FAILURE_CLASSES);
    expect($defs.serviceFailed.properties.detail.properties.advice.enum).toEqual(ADVICE);
  });
});

describe('docs/events.md', () => {
  const Published = z.object({
    $defs: z.object({
      serviceFailed: z.object({
        properties: z.object({
          detail: z.object({ properties: z.object({ reason: z.object({ enum: z.array(z.string()) }) }) }),
        }),
      }),
    }),
  });
  const { $defs } = Published.parse(JSON.parse(read('functions/schema/own-event.schema.json')));
  const published = $defs.serviceFailed.properties.detail.properties.reason.enum;

  test('names every reason of Service Failed, and docs/decisions.md explains each', () => {
    const row = tableOn(read('docs/events.md'), { section: 'What it sends', header: 'detail-type' }).find(
      ({ line }) => line.includes('`Service Failed`'),
    );
    expect(codesIn(row?.cells[1] ?? '').slice(1)).toEqual(published);
    const explained = tableOn(read('docs/decisions.md'), {
      section: 'Reasons that only records have',
      header: 'record',
    }).filter(({ line }) => line.startsWith('| `service.failed`'));
    expect(explained.map(({ cells }) => codesIn(cells[1] ?? '')[0])).toEqual(published);
  });
});

test('docs/deploy.md names every kind of resource that the person who deploys has to be able to create', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docs-test-'));
  const { resources } = await packageInto(folder, { snapshot: 'ENABLED', trustedAccounts: '444455556666' });
  await removeFolder(folder);
  const kinds = new Set(Object.values(resources).map(({ Type }) => Type));
  const section = sectionOf(read('docs/deploy.md'), 'Permissions of the person who deploys');
  const named = codesIn(section).filter((code) => code.startsWith('AWS::'));
  expect(named.toSorted()).toEqual([...kinds].sort());
});
