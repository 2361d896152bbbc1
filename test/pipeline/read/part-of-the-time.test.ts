import { describe, expect, test, vi } from 'vitest';
import { forPartOfTheTime } from '../../../functions/pipeline/read/part-of-the-time.ts';
import { fakeRun } from '../../support/fake-run.ts';

describe('a part of the time for reading', () => {
  test.each([
    [130_000, 0.7, 70_000],
    [30_003, 0.5, 1],
    [30_000, 0.7, 0],
    [10_000, 0.7, 0],
  ])('with %i ms left and the share %d lasts %i ms', (remaining, share, ms) => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    const { run } = fakeRun({}, { remainingMs: () => remaining });
    forPartOfTheTime(run, share);
    expect(timeout.mock.calls).toEqual([[ms]]);
  });

  test('ends with the whole of it', () => {
    const { run, endReading } = fakeRun({}, { remainingMs: () => 900_000 });
    const signal = forPartOfTheTime(run, 0.5);
    expect(signal.aborted).toBe(false);
    endReading();
    expect(signal.aborted).toBe(true);
  });

  test('ends by itself', async () => {
    const { run } = fakeRun({}, { remainingMs: () => 30_010 });
    const signal = forPartOfTheTime(run, 0.5);
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    expect(run.reading.aborted).toBe(false);
  });

  test('is listened to by many calls without a warning of Node', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const { run } = fakeRun({}, { remainingMs: () => 900_000 });
    const signal = forPartOfTheTime(run, 0.5);
    for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => i);
    await new Promise(setImmediate);
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  test('is the whole where the end is unknown', () => {
    const { run } = fakeRun({});
    expect(forPartOfTheTime(run, 0.5)).toBe(run.reading);
  });
});
