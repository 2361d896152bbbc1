import { describe, expect, it } from 'vitest';
import type { Lambda } from '../support/lambda.ts';
import { openIn, takeAll, untilQuiet } from './queue.ts';
import { reportIn, staleIn } from './report-shape.ts';
import { deliver, recordsOf, rotated, type Scene, scene, told, updated } from './scene.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const sweep = async (lambda: Lambda): Promise<unknown> => {
  const invocation = await lambda.invoke({});
  if ('error' in invocation) throw new Error(invocation.error.message);
  return invocation.answer;
};

/** Sixty services in three clusters; no event reported the changes of half a day ago. */
function suppressed(stage: Scene) {
  const { world } = stage.sim;
  const now = Date.now();
  const { secret: moved } = rotated(stage, DAY / 2, 'moved');
  const version = { labels: ['AWSCURRENT'], createdAt: now - 30 * DAY };
  const edited = world.secret({ name: 'edited', versions: [version], lastChangedAt: now - HOUR });
  const quiet = world.secret({ name: 'quiet', versions: [version], lastChangedAt: now - 30 * DAY });
  const written = world.parameter({ name: '/written', modifiedAt: now - DAY / 2 });
  const uses = [moved.partialArn, edited.arn, quiet.arn, '/written'];
  for (let i = 0; i < 60; i++) {
    const secrets = [uses[i % 4] ?? ''];
    world.service({ name: `s${i}`, cluster: `c${i % 3}`, secrets, startedAt: now - DAY });
  }
  return { moved, edited, written };
}

describe.concurrent('a change whose event was lost', () => {
  it.concurrent('is found by the sweep, healed by on-change, and not found by the next sweep', async (context) => {
    const stage = await scene(context, { rolloutMs: 300 });
    const { moved, written } = suppressed(stage);
    const first = await stage.lambda('on-schedule', { SWEEP: 'heal' });
    expect(await sweep(first)).toMatchObject({
      matched: 60,
      staleForCertain: 30,
      possiblyStale: 15,
      fresh: 15,
      healed: 30,
      complete: true,
    });
    expect(stage.updates()).toEqual([]);
    expect(told(first).filter((line) => line.endsWith(' healing'))).toHaveLength(30);
    expect(told(first).filter((line) => line.endsWith(' possibly-stale'))).toHaveLength(15);

    const onChange = await stage.lambda('on-change', { FOLLOW_UP_SECONDS: '1' });
    await untilQuiet(stage, { lambda: onChange });
    expect(updated(stage)).toHaveLength(30);
    expect(recordsOf(onChange, 'service.redeployed')).toHaveLength(30);
    const [{ changeId: id } = {}] = recordsOf(first, 'sweep.done');
    expect(
      recordsOf(onChange, 'change.settled')
        .map(({ changeId }) => String(changeId))
        .sort(),
    ).toEqual([`${String(id)}:${moved.arn}`, `${String(id)}:${written.arn}`].sort());

    const second = await stage.lambda('on-schedule', { SWEEP: 'heal' });
    expect(await sweep(second)).toMatchObject({ staleForCertain: 0, possiblyStale: 15, healed: 0 });
    expect(second.output()).toMatch(/"StaleServices":0\b/);
    expect(takeAll(stage)).toEqual([]);
    expect(stage.sim.ledger.forbidden).toEqual([]);
    expect(stage.sim.ledger.unknown).toEqual([]);
  });

  it.concurrent('is healed with one message a sweep, and a second sweep causes no second deployment', async (context) => {
    const stage = await scene(context, { rolloutMs: 300 });
    suppressed(stage);
    await sweep(await stage.lambda('on-schedule', { SWEEP: 'heal' }));
    await sweep(await stage.lambda('on-schedule', { SWEEP: 'heal' }));
    const sent = takeAll(stage);
    expect(sent).toHaveLength(2);
    expect(sent.map(({ body }) => openIn(body).length)).toEqual([30, 30]);
    const onChange = await stage.lambda('on-change', { FOLLOW_UP_SECONDS: '1' });
    await untilQuiet(stage, { lambda: onChange });
    expect(updated(stage)).toHaveLength(30);
  });

  it.concurrent('is only reported unless SWEEP is heal', async (context) => {
    const stage = await scene(context);
    suppressed(stage);
    const lambda = await stage.lambda('on-schedule');
    expect(await sweep(lambda)).toMatchObject({ staleForCertain: 30, healed: 0 });
    expect(told(lambda).filter((line) => line.endsWith(' report'))).toHaveLength(30);
    expect(lambda.output()).toMatch(/"StaleServices":30\b/);
    expect(takeAll(stage)).toEqual([]);
  });

  it.concurrent('is returned to the queue, on its way to the dead-letter queue, if its redeploy is denied', async (context) => {
    const stage = await scene(context);
    const { secret } = rotated(stage, DAY / 2);
    stage.sim.world.service({ name: 'api', secrets: [secret.arn], startedAt: Date.now() - DAY });
    await sweep(await stage.lambda('on-schedule', { SWEEP: 'heal' }));
    stage.sim.faults.add({ operation: 'UpdateService', kind: 'access-denied', times: Infinity });
    const onChange = await stage.lambda('on-change');
    const [first] = takeAll(stage);
    expect(await deliver(onChange, [first?.body ?? ''])).toEqual([]);
    const [parted] = takeAll(stage);
    expect(openIn(parted?.body ?? '{}')).toEqual(['main/api']);
    expect(await deliver(onChange, [parted?.body ?? ''])).toEqual(['raw-0']);
    expect(recordsOf(onChange, 'service.failed').length).toBeGreaterThan(0);
  });
});

describe.concurrent('a stale request', () => {
  it.concurrent('reports every service and changes nothing', async (context) => {
    const stage = await scene(context);
    const { moved, edited } = suppressed(stage);
    const answer = await (await stage.lambda('on-request')).invoke({ action: 'stale' });
    const { decisions, summary, changes, outcomes } = reportIn(answer);
    const { stale, complete, left, unchecked } = staleIn(answer);
    expect(summary).toEqual({ matched: 60, redeploy: 30, wait: 0, skip: 30, accepted: 0, failed: 0 });
    expect(outcomes).toEqual([]);
    expect(changes).toHaveLength(4);
    expect({ complete, left, unchecked }).toEqual({ complete: true, left: [], unchecked: 0 });
    expect(stale.certain.map(({ service }) => service).sort()).toEqual(
      decisions
        .filter(({ action }) => action === 'redeploy')
        .map(({ service }) => service)
        .sort(),
    );
    const idsOf = (services: typeof stale.certain) => new Set(services.flatMap(({ changeIds }) => changeIds));
    expect([...idsOf(stale.certain)].filter((id) => id.endsWith(moved.arn))).toHaveLength(1);
    expect([...idsOf(stale.possibly)]).toEqual([expect.stringMatching(new RegExp(`:${edited.arn}$`))]);
    expect(stage.updates()).toEqual([]);
    expect(takeAll(stage)).toEqual([]);
  });

  it.concurrent('can be narrowed to clusters and to named resources', async (context) => {
    const stage = await scene(context);
    const { moved } = suppressed(stage);
    const lambda = await stage.lambda('on-request');
    const one = reportIn(await lambda.invoke({ action: 'stale', secret: 'moved', clusters: ['c1'] }));
    expect(one.summary).toMatchObject({ matched: 5, redeploy: 5 });
    expect(one.changes).toMatchObject([{ arn: moved.arn, label: 'AWSCURRENT' }]);
    expect(stage.sim.ledger.count('secretsmanager', 'ListSecrets')).toBe(0);
    const gone = await lambda.invoke({ action: 'stale', parameter: '/no/such' });
    expect(reportIn(gone).summary.matched).toBe(0);
    expect(gone).toMatchObject({ answer: { notices: [{ arn: '/no/such', notice: 'not-found' }] } });
  });
});
