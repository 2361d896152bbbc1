import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inAHurry } from '../../../functions/pipeline/apply/hurry.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import { NOW } from '../../support/build.ts';
import { fakeRun } from '../../support/fake-run.ts';

const failed = new Error('the queue takes nothing');
let takes = true;
const queue = { send: () => (takes ? Promise.resolve() : Promise.reject(failed)) };

function scene(remainingMs = Infinity) {
  const fake = fakeRun({ queue }, { remainingMs: (now) => remainingMs - (now - NOW) });
  return { ...fake, hurry: inAHurry(fake.run) };
}

beforeEach(() => {
  takes = true;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a request without a queue', () => {
  test('uses the whole invocation, for nothing would do the rest', () => {
    const { run } = fakeRun({});
    const hurry = inAHurry(run);
    expect(hurry.run).toBe(run);
    expect(hurry.unsent()).toBe(0);
    hurry.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a request with a queue', () => {
  test('ends 50 s after it began, or with the invocation', async () => {
    const { run, hurry } = scene();
    expect(hurry.run.remainingMs()).toBe(50_000);
    await run.ports.clock.sleep(20_000);
    expect(hurry.run.remainingMs()).toBe(30_000);
    expect(scene(40_000).hurry.run.remainingMs()).toBe(40_000);
    hurry.end();
  });

  test('reads for 20 s', () => {
    const { hurry, run } = scene();
    const { reading } = hurry.run;
    vi.advanceTimersByTime(19_999);
    expect(reading.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(reading.reason).toEqual(new Error('the time for reading is over'));
    expect(run.reading.aborted).toBe(false);
  });

  test('reads no longer than its invocation', () => {
    const { hurry, endReading, run } = scene();
    endReading();
    expect(hurry.run.reading.reason).toEqual(new Error('the time for reading is over'));
    expect(inAHurry(run).run.reading.aborted).toBe(true);
  });

  test('may have any number of calls under way when the time for reading ends', () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const { hurry } = scene();
    for (let i = 0; i < 11; i++) hurry.run.reading.addEventListener('abort', () => i);
    expect(warned).not.toHaveBeenCalled();
  });

  test('leaves nothing behind', () => {
    const { hurry, run } = scene();
    expect(getEventListeners(run.reading, 'abort')).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(1);
    hurry.end();
    expect(getEventListeners(run.reading, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(hurry.run.reading.aborted).toBe(false);
  });

  test('counts the messages that the queue does not take, and fails as it does', async () => {
    const send = vi.spyOn(queue, 'send');
    const { hurry } = scene();
    await hurry.run.ports.queue?.send('body', 30);
    expect(send).toHaveBeenLastCalledWith('body', 30);
    expect(hurry.unsent()).toBe(0);
    takes = false;
    await expect(hurry.run.ports.queue?.send('body', 30)).rejects.toBe(failed);
    await expect(hurry.run.ports.queue?.send('body', 30)).rejects.toBe(failed);
    expect(hurry.unsent()).toBe(2);
  });

  test('keeps everything else of its invocation', () => {
    const { hurry, run } = scene();
    const different = Object.entries(hurry.run).filter(([name, one]) => run[name as keyof Run] !== one);
    expect(different.map(([name]) => name).sort()).toEqual(['ports', 'reading', 'remainingMs']);
    expect(hurry.run.ports.clock).toBe(run.ports.clock);
    hurry.end();
  });
});
