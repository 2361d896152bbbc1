import { describe, expect, test, vi } from 'vitest';
import { onRequest } from '../../functions/on-request.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { reportIn } from '../e2e/report-shape.ts';
import { actAs, type Loop, QUICK, startLoop } from '../support/loop.ts';
import { schema } from '../support/schemas.ts';

const MINUTE = 60_000;
const SERVICES = 130;

/** As deployed: 130 redeploys take more than 20 s. */
const PACED = { UPDATE_RATE: '4', UPDATE_BURST: '40' };

async function scene(env: Readonly<Record<string, string>> = PACED) {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  const taskDefinition = loop.sim.world.taskDefinition({ secrets: [secret.arn] });
  for (let i = 0; i < SERVICES; i++) {
    loop.sim.world.service({ name: `api-${i}`, taskDefinition, startedAt: loop.clock.now() - 60 * MINUTE });
  }
  return { loop, secret, ask: asking(loop, { CHANGE_QUEUE_URL: loop.queueUrl, ...env }) };
}

/** Sends a request to on-request, on the same account and the same clock. */
function asking({ clock }: Loop, env: Readonly<Record<string, string>>) {
  const sleep = (ms: number) => Promise.resolve(clock.advance(ms));
  const handle = connectedHandler(readConfig([], { ...QUICK, ...env }), onRequest, { now: clock.now, sleep });
  return async (request: object): Promise<Answer> => {
    actAs('on-request');
    try {
      const answer = await handle(request);
      expect(isReport(answer) ? [] : isReport.errors).toEqual([]);
      return { ...reportIn({ answer }), ...Extra(answer) };
    } finally {
      actAs('on-change');
    }
  };
}

const isReport = schema('report');

type Answer = ReturnType<typeof reportIn> & {
  readonly followed?: { readonly changeId: string; readonly services: number; readonly unread: boolean };
  readonly error?: { readonly name: string; readonly message: string };
};
const Extra = (answer: unknown) => answer as Pick<Answer, 'followed' | 'error'>;

const updates = ({ sim }: Loop): readonly string[] =>
  sim.ledger.calls
    .filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok')
    .map(({ input }) => String(input['service']));

const forced = ({ clock }: Loop) => ({
  action: 'redeploy',
  secret: 'prod/db',
  force: true,
  at: new Date(clock.now()).toISOString(),
});

describe('a redeploy by hand that takes longer than a client waits', () => {
  test('answers within 50 s with what was done and what goes on, and the queue does the rest', async () => {
    const { loop, ask } = await scene();
    const begun = loop.clock.now();
    const { summary, followed, error, changes } = await ask(forced(loop));
    expect(loop.clock.now() - begun).toBeLessThan(50_000);
    expect(summary.accepted).toBeGreaterThan(40);
    expect(summary.accepted).toBeLessThan(SERVICES);
    expect(followed).toMatchObject({ changeId: changes[0]?.changeId, services: SERVICES, unread: false });
    expect(error).toBeUndefined();
    await loop.run();
    expect(updates(loop)).toHaveLength(SERVICES);
    expect(loop.told('change.settled')).toMatchObject([{ changeId: followed?.changeId, left: 0 }]);
  });

  test('restarts no service twice if the client repeats it while the first one goes on', async () => {
    const { loop, ask } = await scene();
    const request = forced(loop);
    for (let i = 0; i < 4; i++) {
      await ask(request);
      await loop.run(MINUTE);
    }
    await loop.run();
    expect(updates(loop).toSorted()).toEqual([...new Set(updates(loop))].toSorted());
    expect(updates(loop)).toHaveLength(SERVICES);
  });

  test('of named services ends in the same way', async () => {
    const { loop, ask } = await scene();
    const services = Array.from({ length: SERVICES }, (_, i) => `main/api-${i}`);
    const { followed } = await ask({ action: 'redeploy', services, at: forced(loop).at });
    expect(followed).toMatchObject({ services: SERVICES });
    await loop.run();
    expect(updates(loop)).toHaveLength(SERVICES);
  });

  test('uses the whole invocation where there is no queue to do the rest', async () => {
    const { loop } = await scene();
    const { summary, followed } = await asking(loop, PACED)(forced(loop));
    expect(summary.accepted).toBe(SERVICES);
    expect(followed).toBeUndefined();
  });

  test('says so if the queue does not take the rest', async () => {
    const { loop, ask } = await scene();
    loop.sim.faults.add({ service: 'sqs', operation: 'SendMessage', kind: 'access-denied', times: Infinity });
    const { summary, followed, error } = await ask(forced(loop));
    expect(summary.accepted).toBeGreaterThan(40);
    expect(followed).toBeUndefined();
    expect(error).toMatchObject({ name: 'NotSent' });
  });
});

describe('a redeploy by hand that fails after some redeploys', () => {
  /** A read that is slow, so that services are redeployed before it ends, and that fails after the first redeploy. */
  async function failing() {
    const { loop, ask } = await scene({});
    for (let i = 0; i < 250; i++) loop.sim.world.service({ cluster: 'zz', name: `idle-${i}` });
    const mend = loop.sim.faults.add({
      service: 'ecs',
      operation: 'ListServices',
      kind: 'server-error',
      match: ({ cluster, nextToken }) => {
        const isHit = String(cluster).endsWith('zz') && nextToken !== undefined;
        if (isHit) loop.clock.advance(4_000);
        return isHit;
      },
      after: () => vi.waitFor(() => expect(updates(loop)).not.toEqual([]), 5_000).catch(() => undefined),
      times: Infinity,
    });
    return { loop, mend, ask };
  }

  test.each(['with force', 'for what is stale'])(
    'answers what was done and why it failed, and the queue does the rest (%s)',
    async (how) => {
      const { loop, mend, ask } = await failing();
      loop.sim.rotateSecret('prod/db');
      const stale = { action: 'redeploy', secret: 'prod/db' };
      const { summary, followed, error } = await ask(how === 'with force' ? forced(loop) : stale);
      expect(summary.accepted).toBeGreaterThan(0);
      expect(followed).toMatchObject({ unread: true });
      expect(error).toMatchObject({ name: 'ReadFailed' });
      mend();
      await loop.run();
      expect(updates(loop)).toHaveLength(SERVICES);
      expect(loop.told('change.settled')).toMatchObject([{ changeId: followed?.changeId, left: 0 }]);
    },
  );

  test('answers what was done where there is no queue, and names the failure', async () => {
    const { loop } = await failing();
    const { summary, followed, error } = await asking(loop, {})(forced(loop));
    expect(summary.accepted).toBeGreaterThan(0);
    expect(followed).toBeUndefined();
    expect(error).toMatchObject({ name: 'ReadFailed' });
  });

  test('throws the failure if nothing was done', async () => {
    const { loop, ask } = await scene();
    loop.sim.faults.add({
      service: 'ecs',
      operation: '*',
      kind: 'client-error',
      code: 'UnrecognizedClientException',
      times: Infinity,
    });
    await expect(ask(forced(loop))).rejects.toMatchObject({ name: 'ReadFailed' });
    expect(loop.sim.messagesIn(loop.queueUrl)).toEqual([]);
  });
});
