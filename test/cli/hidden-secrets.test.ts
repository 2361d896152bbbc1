import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Simulator } from '../simulator/index.ts';
import { changed, services } from './fleets.ts';
import { account, esr } from './terminal.ts';

const HOUR = 3_600_000;
const THEIRS = '222233334444';
const DENIES = {
  Statement: {
    Effect: 'Deny',
    Principal: '*',
    Action: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
    Resource: '*',
  },
} as const;

/** A secret that its policy hides, with a service, and one that anyone may describe, with a stale service. */
function world(sim: Simulator) {
  const hidden = sim.world.secret({
    name: 'shared/key',
    suffix: 'a1B2c3',
    place: { account: THEIRS },
    resourcePolicy: DENIES,
  });
  sim.world.service({
    cluster: 'prod',
    name: 'web',
    secrets: [hidden.partialArn],
    startedAt: Date.now() - 5 * HOUR,
  });
  services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
  return hidden;
}

/** An installed service, to which an event told of the secret two hours ago. */
function install(sim: Simulator, arn: string): void {
  sim.world.bucket({ name: 'fleet' });
  const heard = [{ arn, label: 'AWSCURRENT', at: Date.now() - 2 * HOUR }];
  const snapshot = { format: 1, revisions: [], clusters: [], heard };
  sim.objects('fleet').plant('fleet.json.gz', gzipSync(JSON.stringify(snapshot)));
  const type = 'AWS::SQS::Queue';
  const { url } = sim.world.queue({ name: 'any' });
  const ids = ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'];
  sim.world.stack({
    resources: Object.fromEntries(ids.map((id) => [id, { type, physicalId: url }])),
    environment: {
      SNAPSHOT_BUCKET: 'fleet',
      TRUSTED_ACCOUNTS: `${THEIRS},333344445555`,
      TRUSTED_QUEUE_ARN: 'arn:aws:sqs:eu-west-1:111122223333:forwarded',
    },
  });
}

describe.concurrent('a secret whose policy denies that it is described', () => {
  it.concurrent('is named by stale, which judges it by the last event and everything else as ever', async (context) => {
    const sim = await account(context);
    const { arn } = world(sim);
    install(sim, arn);
    const one = await esr(sim, 'stale', arn);
    expect(one.out).toContain('prod/web');
    expect(one.out).toContain(
      `${arn} is not described here, and an event told of it 2 h ago: only what is older is known to be stale`,
    );
    expect(one.code).toBe(3);
    const all = await esr(sim, 'stale', '-o', 'name');
    expect(all.out).toBe('prod/api-1\nprod/web\n');
  });

  it.concurrent('is not called fresh where no event has told of it', async (context) => {
    const sim = await account(context);
    const { arn } = world(sim);
    const { out, code } = await esr(sim, 'stale', arn);
    expect(out.split('\n')[0]).toBe('whether a service runs on an old value of shared/key is not known');
    expect(out).toContain(
      `${arn} is not described here, and no event has told of it: whether its services are fresh is not known`,
    );
    expect(code).toBe(2);
  });

  it.concurrent('is told by uses who refers to it by its full ARN, which takes no description', async (context) => {
    const sim = await account(context);
    const { arn, partialArn } = world(sim);
    expect((await esr(sim, 'uses', arn, '-o', 'name')).out).toBe('prod/web\n');
    const { out, code } = await esr(sim, 'uses', arn);
    expect(out.split('\n').slice(0, 3)).toEqual([
      '1 service refers to shared/key',
      expect.stringMatching(/^SERVICE +HOW +NOW +WAVE$/),
      expect.stringMatching(/^prod\/web +secrets by partial-arn$/),
    ]);
    expect(code).toBe(0);
    expect((await esr(sim, 'uses', partialArn)).code).toBe(2);
  });

  it.concurrent('as a parameter of another account is planned and shown by its ARN', async (context) => {
    const sim = await account(context);
    const arn = `arn:aws:ssm:eu-west-1:${THEIRS}:parameter/shared/url`;
    const tags = { 'secret-redeploy:also': arn };
    sim.world.service({ cluster: 'prod', name: 'web', tags, startedAt: Date.now() - 5 * HOUR });
    expect((await esr(sim, 'uses', arn, '-o', 'name')).out).toBe('prod/web\n');
    expect((await esr(sim, 'plan', arn, '--force', '-o', 'name')).out).toBe('prod/web\n');
    expect((await esr(sim, 'plan', arn)).err).toContain('does not describe');
  });

  it.concurrent('is planned and redeployed by its full ARN since an instant, and not without one', async (context) => {
    const sim = await account(context, { rolloutMs: 100 });
    const { arn, partialArn } = world(sim);
    const at = new Date().toISOString();
    expect((await esr(sim, 'plan', arn, '--at', at, '-o', 'name')).out).toBe('prod/web\n');
    expect((await esr(sim, 'plan', arn, '--force', '-o', 'name')).out).toBe('prod/web\n');
    for (const line of [
      ['plan', arn],
      ['plan', partialArn, '--at', at],
      ['redeploy', arn, '--local'],
    ]) {
      const { err, code } = await esr(sim, ...line);
      expect(err).toContain('error: the permission secretsmanager:DescribeSecret is missing for arn:');
      expect(err).toContain('named by its full ARN, with --at or --force');
      expect(code).toBe(2);
    }
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(0);
    const { code } = await esr(sim, 'redeploy', arn, '--at', at, '--local');
    expect(code).toBe(0);
    expect(sim.ledger.count('ecs', 'UpdateService')).toBe(1);
  });
});

it('status names the trusted accounts and the last event of each', async (context) => {
  const sim = await account(context);
  const { arn } = world(sim);
  install(sim, arn);
  const { out } = await esr(sim, 'status');
  expect(out).toMatch(/^trusted +222233334444, last event 2 h ago$/m);
  expect(out).toMatch(/^trusted +333344445555, no event of a secret yet$/m);
  const { trusted } = JSON.parse((await esr(sim, 'status', '-o', 'json')).out);
  expect(trusted).toMatchObject({
    organization: null,
    accounts: [{ account: THEIRS, lastEvent: expect.any(String) }, { lastEvent: null }],
  });
});
