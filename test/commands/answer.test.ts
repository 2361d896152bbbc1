import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { ask, lastStepFails, queued, REQUEST_ID, slowRead, twoStale } from '../support/asking.ts';
import { type Loop, redeploys } from '../support/loop.ts';
import { metricIn } from '../support/sweeper.ts';

const REDEPLOY = { action: 'redeploy', secret: 'prod/db' };
const TOO_LARGE = {
  name: 'TooLarge',
  message: 'the fleet could not be read within one invocation: narrow it with clusters',
};

const readFails = ({ sim }: Loop) =>
  sim.faults.add({
    service: 'ecs',
    operation: 'ListClusters',
    kind: 'client-error',
    code: 'UnrecognizedClientException',
    times: Infinity,
  });

describe('a request', () => {
  test('is recorded with its id and what it asks for', async () => {
    const { loop } = await twoStale();
    await ask(loop, { ...REDEPLOY, action: 'plan', reason: 'a look' });
    expect(loop.told('request.received')).toMatchObject([
      { changeId: REQUEST_ID, action: 'plan', secrets: ['prod/db'], reason: 'a look' },
    ]);
  });

  test('that only asks moves no dashboard, as a redeploy does', async () => {
    const { loop } = await twoStale();
    await ask(loop, { ...REDEPLOY, action: 'plan' });
    expect(metricIn(loop.records, 'Matched')).toEqual([]);
    await ask(loop, REDEPLOY);
    expect(metricIn(loop.records, 'Matched')).toEqual([2]);
  });

  test('for the uses of a secret needs no description of it by another account', async () => {
    const { loop } = await twoStale();
    const { arn } = loop.sim.world.secret({ name: 'theirs', place: { account: '222233334444' } });
    loop.sim.world.service({ name: 'reader', secrets: [`${arn}::AWSPREVIOUS:`] });
    loop.sim.faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
    expect(await ask(loop, { action: 'uses', secret: arn }, { env: queued(loop) })).toMatchObject({
      uses: [{ service: expect.stringMatching(/reader$/), references: [{ label: 'AWSPREVIOUS' }] }],
    });
  });

  test.each([
    ['ListServices', 'other', [{ cluster: 'other', why: expect.any(String) }]],
    [
      'DescribeTaskDefinition',
      'hidden',
      [{ service: expect.stringMatching(/hidden$/), why: expect.any(String) }],
    ],
  ])('for the uses of a secret says what was not shown: %s', async (operation, named, unreadable) => {
    const { loop } = await twoStale();
    loop.sim.world.service({ cluster: 'other', name: 'hidden', secrets: ['/app/any'] });
    const match = (input: object) => JSON.stringify(input).includes(named);
    loop.sim.faults.add({ operation, match, kind: 'access-denied', times: Infinity });
    const answer = await ask(loop, { action: 'uses', secret: 'prod/db' });
    expect(answer).toMatchObject({ unreadable });
    expect(answer['uses']).toHaveLength(2);
  });

  test.each(['/app/db', 'app/db', '/root', 'root'])(
    'finds the parameter %s with or without its first slash',
    async (name) => {
      const { loop } = await twoStale();
      const arn = loop.sim.world.parameter({ name: `/${name.replace(/^\//, '')}` }).arn;
      loop.sim.world.service({ name: 'reader', secrets: [arn] });
      expect(await ask(loop, { action: 'plan', parameter: name })).toMatchObject({
        changes: [{ arn }],
        notices: [],
        summary: { matched: 1 },
      });
    },
  );

  test('for a secret that is not described here has to say since when', async () => {
    const { loop } = await twoStale();
    const { arn } = loop.sim.world.secret({ name: 'theirs', place: { account: '222233334444' } });
    loop.sim.faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
    const at = new Date(loop.clock.now()).toISOString();
    expect(await ask(loop, { action: 'plan', secret: arn, at })).toMatchObject({
      changes: [{ arn, changedAt: at }],
    });
    await expect(ask(loop, { action: 'plan', secret: arn })).rejects.toThrow('since when with "at"');
  });

  test('for what is stale for a parameter of another Region says that it is not checked, and asks for no instant', async () => {
    const { loop } = await twoStale();
    const parameter = 'arn:aws:ssm:us-east-1:111122223333:parameter/theirs';
    expect(
      await ask(loop, { action: 'stale', parameter }, { env: { AWS_REGION: 'eu-west-1' } }),
    ).toMatchObject({
      complete: false,
      unchecked: 1,
      stale: { certain: [], possibly: [] },
    });
  });

  test('names parameters beside secrets', async () => {
    const { loop, secret } = await twoStale();
    const { arn } = loop.sim.world.parameter({ name: '/app/key' });
    expect(await ask(loop, { ...REDEPLOY, action: 'plan', parameter: '/app/key' })).toMatchObject({
      changes: [
        { kind: 'secret', arn: secret.arn },
        { kind: 'parameter', arn },
      ],
    });
  });

  test.each(['plan', 'redeploy'])(
    'to %s is refused with the failure where the fleet cannot be read',
    async (action) => {
      const { loop } = await twoStale();
      readFails(loop);
      const asked = ask(loop, { ...REDEPLOY, action }, { env: queued(loop) });
      await expect(asked).rejects.toMatchObject({ name: 'ReadFailed' });
      expect(loop.sim.messagesIn(loop.queueUrl)).toEqual([]);
    },
  );
});

describe('in a fleet that is too large for one invocation, a request', () => {
  test.each(['uses', 'plan', 'redeploy'])(
    'to %s is refused if nothing was done and nothing goes on',
    async (action) => {
      const { loop } = await twoStale();
      const asked = ask(
        loop,
        { ...REDEPLOY, action },
        { env: { MAX_SERVICES: '9' }, different: slowRead(loop, 0, 'out of time') },
      );
      await expect(asked).rejects.toMatchObject(TOO_LARGE);
      expect(redeploys(loop)).toEqual([]);
    },
  );

  test('without a queue is answered with what was done, and with what to do about the rest', async () => {
    const { loop } = await twoStale();
    const answer = await ask(loop, REDEPLOY, { different: slowRead(loop, 2, 'out of time') });
    expect(answer).toMatchObject({ summary: { accepted: 2 }, error: TOO_LARGE });
    expect(answer).not.toHaveProperty('followed');
  });

  test('with a queue goes on, and nothing has failed', async () => {
    const { loop } = await twoStale();
    const answer = await ask(loop, REDEPLOY, {
      env: queued(loop),
      different: slowRead(loop, 2, 'out of time'),
    });
    expect(answer).toMatchObject({
      summary: { accepted: 2 },
      followed: { changeId: REQUEST_ID, services: 2, unread: true },
    });
    expect(answer).not.toHaveProperty('error');
  });

  test('goes on even if no service was seen in time, unless the queue does not take it', async () => {
    const { loop } = await twoStale();
    const unseen = () => {
      const over = new AbortController();
      loop.sim.faults.add({
        operation: 'ListClusters',
        kind: 'hang',
        after: async () => over.abort(new Error('the time for reading is over')),
      });
      return { env: queued(loop), different: () => ({ reading: over.signal }) };
    };
    const answer = await ask(loop, REDEPLOY, unseen());
    expect(answer).toMatchObject({ outcomes: [], followed: { services: 0, unread: true } });
    expect(answer).not.toHaveProperty('error');
    loop.sim.faults.add({ operation: 'SendMessage', kind: 'access-denied' });
    await expect(ask(loop, REDEPLOY, unseen())).rejects.toMatchObject({ name: 'ReadFailed' });
  });
});

describe('a redeploy by hand', () => {
  test('without a queue that does everything is answered with the report alone', async () => {
    const { loop } = await twoStale();
    const answer = await ask(loop, REDEPLOY);
    expect(answer).toMatchObject({ summary: { accepted: 2 } });
    expect(answer).not.toHaveProperty('error');
    expect(answer).not.toHaveProperty('followed');
  });

  test('that fails after all was done goes on through the queue, and the answer says why', async () => {
    const { loop } = await twoStale();
    const different = lastStepFails(new RangeError('the disk is full'));
    expect(await ask(loop, REDEPLOY, { env: queued(loop), different })).toMatchObject({
      followed: { changeId: REQUEST_ID, services: 2, unread: true },
      error: { name: 'RangeError' },
    });
  });

  test('in observe mode says of nothing that it goes on', async () => {
    const { loop } = await twoStale();
    const answer = await ask(loop, REDEPLOY, { env: { ...queued(loop), MODE: 'observe' } });
    expect(answer).toMatchObject({ outcomes: [{ result: 'not-executed' }, { result: 'not-executed' }] });
    expect(answer).not.toHaveProperty('followed');
    expect(loop.sim.messagesIn(loop.queueUrl)).toEqual([]);
  });

  test.each([
    ['an error', new RangeError('the disk is full'), { name: 'RangeError', message: 'the disk is full' }],
    ['a text', 'full', { name: 'Error', message: 'full' }],
  ])(
    'that fails with %s after all was done is answered with both, and recorded',
    async (_, failure, error) => {
      const { loop } = await twoStale();
      const answer = await ask(loop, REDEPLOY, { different: lastStepFails(failure) });
      expect(answer).toMatchObject({ summary: { accepted: 2 }, error });
      expect(answer).not.toHaveProperty('followed');
      const cannot = 'cannot finish the request; its answer says what was done';
      expect(loop.records).toContainEqual(
        expect.objectContaining({ level: 'ERROR', message: cannot, changeId: REQUEST_ID }),
      );
    },
  );

  test('says how many messages the queue did not take, and how the rest is asked for again', async () => {
    const { loop } = await twoStale();
    loop.sim.faults.add({ operation: 'SendMessage', kind: 'access-denied' });
    expect(await ask(loop, REDEPLOY, { env: queued(loop) })).toMatchObject({
      summary: { accepted: 2 },
      error: {
        name: 'NotSent',
        message: expect.stringMatching(/^messages .*queue: 1; .*send the same request .*again$/),
      },
    });
  });

  test.each(['done', 'refused'])(
    'leaves nothing that waits for the end of the invocation when it is %s',
    async (how) => {
      const { loop } = await twoStale();
      if (how === 'refused') readFails(loop);
      const { signal } = new AbortController();
      const asked = ask(loop, REDEPLOY, { env: queued(loop), different: () => ({ reading: signal }) });
      await Promise.allSettled([asked]);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );
});
