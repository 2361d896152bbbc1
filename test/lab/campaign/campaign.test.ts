import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generate } from './generate.ts';
import { measurePair } from './pairs.ts';
import { PLANTS } from './plants.ts';
import { replay, replayCounting } from './replay.ts';
import { shrink } from './shrink.ts';
import type { Violation } from './violation.ts';

describe('a run', () => {
  test('is the same for the same seed', async () => {
    expect(generate(9)).toEqual(generate(9));
    const { counts, violations } = await replayCounting(generate(9));
    expect(counts['calls']).toBeGreaterThan(20);
    expect(await replayCounting(generate(9))).toEqual({ counts, violations });
  });

  test('has a scenario of plain data, which can be printed and pasted', () => {
    const scenario = generate(7);
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario);
  });

  test('restores the timers, Math.random and the environment of the process', async () => {
    const before = [setTimeout, clearTimeout, Math.random, process.env['AWS_REGION']];
    await replay(generate(3));
    expect([setTimeout, clearTimeout, Math.random, process.env['AWS_REGION']]).toEqual(before);
  });
});

describe('shrinking', () => {
  test('keeps exactly the parts of a scenario that the failure needs', async () => {
    const scenario = generate(2);
    const [service, action] = [scenario.services[1], scenario.actions[0]];
    const broken: Violation = { promise: 'nothing-lost', what: 'as planned' };
    const fails = (tried: typeof scenario) =>
      tried.services.some(({ name }) => name === service?.name) &&
      tried.actions.some(({ at }) => at === action?.at);
    const { scenario: smallest } = await shrink(scenario, [broken], (tried) =>
      Promise.resolve(fails(tried) ? [broken] : []),
    );
    expect(smallest.services.map(({ name }) => name)).toEqual([service?.name]);
    expect(smallest.actions).toEqual([action]);
    expect([smallest.faults, smallest.deaths, smallest.deliveries, smallest.resources]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(smallest.settings).toMatchObject({ env: {}, processes: 1, wideRules: false, page: 100 });
  });

  test('keeps the scenario if its parts fail only with other violations', async () => {
    const scenario = generate(2);
    const other: Violation = { promise: 'settles', what: 'something else' };
    const { scenario: smallest } = await shrink(scenario, [{ promise: 'nothing-lost', what: '' }], () =>
      Promise.resolve([other]),
    );
    expect(smallest).toEqual(scenario);
  });
});

test.each(PLANTS)('the defect $name can be planted', ({ file, find }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
});

test('two invocations of one message mostly cause no extra deployment, and never more than one of a service', async () => {
  const extras: number[] = [];
  for (let seed = 1; seed <= 20; seed++) extras.push(Math.max(...(await measurePair(seed)).extras));
  expect(Math.max(...extras)).toBeLessThanOrEqual(1);
  expect(extras.filter((extra) => extra === 0).length).toBeGreaterThan(extras.length / 2);
});
