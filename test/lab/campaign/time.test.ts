import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createTimeline, livingIn, virtualTimers } from './time.ts';

function started() {
  onTestFinished(virtualTimers());
  return { timeline: createTimeline(), life: { dead: false, frozen: false, waits: 0 } };
}

test('a time limit passes in simulated time, and is nothing that the process waits for', () => {
  const { timeline, life } = started();
  const limit = livingIn(timeline, life, () => AbortSignal.timeout(6_000));
  const beganAt = timeline.clock.now();
  expect(life.waits).toBe(0);
  expect(limit.aborted).toBe(false);
  timeline.step();
  expect(timeline.clock.now() - beganAt).toBe(6_000);
  expect(limit.aborted).toBe(true);
  expect(limit.reason).toMatchObject({ name: 'TimeoutError' });
});

test('a time limit of a frozen process passes when it awakes', () => {
  const { timeline, life } = started();
  const limit = livingIn(timeline, life, () => AbortSignal.timeout(6_000));
  life.frozen = true;
  timeline.clock.advance(60_000);
  timeline.step();
  expect(limit.aborted).toBe(false);
  life.frozen = false;
  timeline.step();
  expect(limit.aborted).toBe(true);
});

test('a process that has died has no time limit', () => {
  const { timeline, life } = started();
  const limit = livingIn(timeline, life, () => AbortSignal.timeout(6_000));
  life.dead = true;
  expect(timeline.next()).toBe(Infinity);
  timeline.clock.advance(60_000);
  timeline.step();
  expect(limit.aborted).toBe(false);
});

test('a timer is what the process waits for, until it has run or is cleared', () => {
  const { timeline, life } = started();
  const done: string[] = [];
  const cleared = livingIn(timeline, life, () => {
    setTimeout(() => done.push('run'), 1_000);
    return setTimeout(() => done.push('cleared'), 2_000);
  });
  expect(life.waits).toBe(2);
  clearTimeout(cleared);
  expect(life.waits).toBe(1);
  timeline.step();
  expect(life.waits).toBe(0);
  expect(done).toEqual(['run']);
  expect(timeline.next()).toBe(Infinity);
});

test('what is set outside of simulated time runs by the real clock', async () => {
  started();
  const limit = AbortSignal.timeout(1);
  await once(limit, 'abort');
  expect(limit.aborted).toBe(true);
});
