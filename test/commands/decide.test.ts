import { describe, expect, test } from 'vitest';
import { reportedBefore } from '../../functions/commands/decide.ts';
import { ask, lastStepFails, queued, slowRead, twoStale } from '../support/asking.ts';
import { confirmedOnly } from '../support/fake-run.ts';
import { rotate, startLoop } from '../support/loop.ts';

const REDEPLOY = { action: 'redeploy', secret: 'prod/db' };
const FAILS = { different: lastStepFails(new Error('too late')) };

describe('a plan', () => {
  test('says of a service what else it needs and what is gone of it', async () => {
    const { loop, secret } = await twoStale();
    const gone = loop.sim.world.secret({ name: 'prod/gone' });
    loop.sim.act('secretsmanager', 'DeleteSecret', { SecretId: gone.arn });
    const startedAt = loop.clock.now() - 3_600_000;
    loop.sim.world.service({ name: 'needy', secrets: [secret.arn, gone.arn], startedAt });
    const answer = await ask(loop, { ...REDEPLOY, action: 'plan' });
    expect(answer).toMatchObject({
      summary: { matched: 3, redeploy: 3 },
      decisions: expect.arrayContaining([
        expect.objectContaining({
          service: expect.stringMatching(/needy$/),
          obstacles: [expect.objectContaining({ arn: gone.arn })],
        }),
      ]),
    });
  });

  test('of a later look has no service of a secret that was opted out since', async () => {
    const loop = await startLoop();
    const { secret } = rotate(loop, 1);
    const tags = { 'secret-redeploy:wave': '1' };
    const startedAt = loop.clock.now() - 86_400_000;
    loop.sim.world.service({ name: 'late', secrets: [secret.arn], startedAt, tags });
    await loop.run(5_000);
    loop.sim.act('secretsmanager', 'TagResource', {
      SecretId: secret.arn,
      Tags: [{ Key: 'secret-redeploy:enabled', Value: 'false' }],
    });
    await loop.run();
    expect(loop.told('service.redeployed')).toHaveLength(1);
    const ofLate = { service: expect.stringMatching(/late$/), reason: 'opted-out' };
    expect(loop.told('service.skipped')).toContainEqual(expect.objectContaining(ofLate));
  });
});

describe('a report', () => {
  test('has an outcome for each redeploy, and none for what is left alone', async () => {
    const { loop, secret } = await twoStale();
    loop.sim.world.service({ name: 'fresh', secrets: [secret.arn], startedAt: loop.clock.now() });
    const answer = await ask(loop, { ...REDEPLOY, action: 'plan' });
    expect(answer['summary']).toMatchObject({ matched: 3, redeploy: 2, skip: 1 });
    expect(answer['outcomes']).toEqual(
      ['api', 'web'].map((name) => ({
        service: expect.stringMatching(new RegExp(`/${name}$`)),
        result: 'not-executed',
      })),
    );
  });

  test('names what was asked about even if the fleet is read to the end later', async () => {
    const { loop, secret } = await twoStale();
    const gone = loop.sim.world.secret({ name: 'prod/gone' });
    loop.sim.act('secretsmanager', 'DeleteSecret', { SecretId: gone.arn });
    const request = { ...REDEPLOY, secret: ['prod/db', 'prod/gone'] };
    const answer = await ask(loop, request, {
      env: queued(loop),
      different: slowRead(loop, 0, 'out of time'),
    });
    expect(answer).toMatchObject({
      changes: [{ arn: secret.arn }],
      notices: [{ arn: gone.arn, notice: 'scheduled-for-deletion' }],
      decisions: [],
    });
  });
});

describe('the report of what was done before a failure names', () => {
  test('nothing if the failure came before anything was read and no scan goes on', () => {
    const nothing = {
      confirmed: confirmedOnly({}),
      failure: new Error('x'),
      observed: undefined,
      results: [],
    };
    expect(reportedBefore(nothing)).toMatchObject({ changes: [], notices: [], decisions: [], outcomes: [] });
  });

  test('each secret once', async () => {
    const { loop, secret } = await twoStale();
    expect(await ask(loop, REDEPLOY, FAILS)).toMatchObject({
      changes: [{ arn: secret.arn }],
      summary: { matched: 2, accepted: 2 },
    });
  });

  test('each service that the request names', async () => {
    const { loop } = await twoStale();
    const services = ['main/api', 'main/web'];
    const answer = await ask(loop, { action: 'redeploy', services }, FAILS);
    expect(answer).toMatchObject({
      changes: services.map((name) => ({ kind: 'service', arn: expect.stringMatching(`${name}$`) })),
      summary: { matched: 2, accepted: 2 },
    });
  });
});
