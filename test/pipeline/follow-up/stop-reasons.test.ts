import { expect, test } from 'vitest';
import { rotate, startLoop } from '../../support/loop.ts';
import { SENTINEL, STOP_REASONS } from '../../support/stop-reasons.ts';

/** Those that the simulated ECS can show: it gives its failed tasks no containers, and a stop code by their reason. */
const SHOWN = STOP_REASONS.filter(
  ({ stop: { stoppedReason = '', containers }, ...told }) =>
    stoppedReason !== '' &&
    containers === undefined &&
    (told.class !== 'other' || stoppedReason.startsWith('ResourceInitializationError')),
);

test('no stop reason that ECS shows passes a word of a value to log, metric, bus or queue', async () => {
  const loop = await startLoop();
  const classes = new Map<unknown, string>();
  for (const [i, { stop, class: name }] of SHOWN.entries()) {
    const rollout = { outcome: 'fail', reason: stop.stoppedReason ?? '' } as const;
    classes.set(rotate(loop, 1, { rollout }, `s${i}`).event.id, name);
  }
  await loop.run();

  const failed = loop.told('service.failed');
  expect(failed).toHaveLength(SHOWN.length);
  for (const { changeId, failure } of failed) expect(failure).toMatchObject({ class: classes.get(changeId) });

  const metrics = loop.records.filter((record) => '_aws' in record && 'RolloutFailed' in record);
  const sent = loop.sim.ledger.calls.filter(({ operation }) => /^(?:SendMessage|PutEvents)/.test(operation));
  const heard = loop.sim.events.filter(({ source }) => source === 'secret-redeploy');
  expect(metrics.length).toBeGreaterThan(0);
  expect(sent.length).toBeGreaterThan(0);
  expect(heard.filter((event) => event['detail-type'] === 'Service Failed')).toHaveLength(SHOWN.length);
  for (const told of [loop.records, heard, sent.map(({ input }) => input)])
    expect(JSON.stringify(told)).not.toContain(SENTINEL);
  // No prose at all, for a fragment may be one character long.
  expect(JSON.stringify([loop.records, heard])).not.toMatch(
    /invalid character|did not contain|Essential container/,
  );
}, 60_000);
