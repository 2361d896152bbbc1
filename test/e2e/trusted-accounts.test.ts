import { describe, expect, it } from 'vitest';
import { apiCall, labelUpdated, type RawEvent } from '../support/events.ts';
import { answerOf, type Lambda } from '../support/lambda.ts';
import { returnedIn, sqsEvent } from '../support/queue.ts';
import { recordsOf, type Scene, scene, updated } from './scene.ts';

const HOUR = 3_600_000;
const THEIRS = { partition: 'aws', region: 'eu-west-1', account: '222233334444' };
const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:forwarded';
const TRUST = { TRUSTED_ACCOUNTS: THEIRS.account, TRUSTED_ORGANIZATION: '', TRUSTED_QUEUE_ARN: QUEUE };
const NEW = 'new-version-0123456789-0123456789';

/** A secret of a deploy account that has just changed, its namesake here, and services of both. */
function world({ sim }: Scene) {
  const at = Math.floor((Date.now() - 6_000) / 1000) * 1000;
  const named = {
    name: 'prod/db',
    suffix: 'a1B2c3',
    versions: [
      { id: NEW, createdAt: at, labels: ['AWSCURRENT'] },
      { labels: ['AWSPREVIOUS'], createdAt: at - HOUR },
    ],
    lastChangedAt: at,
  };
  const theirs = sim.world.secret({ ...named, place: { account: THEIRS.account } });
  const here = sim.world.secret(named);
  const use = (name: string, secret: string) =>
    sim.world.service({ cluster: 'main', name, secrets: [secret], startedAt: at - HOUR });
  use('full', theirs.arn);
  use('key', `${theirs.partialArn}:password::`);
  use('here', here.arn);
  use('here-key', `${here.partialArn}:password::`);
  const envelope = { place: THEIRS, at };
  return {
    theirs,
    here,
    native: labelUpdated(envelope, theirs, NEW),
    byName: apiCall(envelope, 'PutSecretValue', { secretId: 'prod/db', clientRequestToken: NEW }),
  };
}

async function forward(lambda: Lambda, ...events: readonly (RawEvent | string)[]): Promise<number> {
  const messages = events.map((event, i) => {
    const Body = typeof event === 'string' ? event : JSON.stringify(event);
    return { MessageId: `m-${i}`, ReceiptHandle: `r-${i}`, Body };
  });
  return returnedIn(answerOf(await lambda.invoke(sqsEvent(messages, QUEUE))), messages).size;
}

const THEIR_SERVICES = ['main/full', 'main/key'];

function hide({ sim }: Scene): void {
  sim.faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
}

describe.concurrent('the built function, told by the event bus of a trusted account,', () => {
  it.concurrent.for(['native', 'byName'] as const)(
    'redeploys the services that name its secret by full and by partial ARN with a JSON key: %s',
    async (kind, context) => {
      const stage = await scene(context);
      const told = world(stage);
      const lambda = await stage.lambda('on-change', TRUST);
      expect(await forward(lambda, told[kind], told[kind])).toBe(0);
      expect(updated(stage)).toEqual(THEIR_SERVICES);
    },
  );

  it.concurrent('takes the native event at its word where the secret may not be described', async (context) => {
    const stage = await scene(context);
    const { native, byName, theirs } = world(stage);
    hide(stage);
    const lambda = await stage.lambda('on-change', TRUST);
    expect(await forward(lambda, native)).toBe(0);
    expect(await forward(lambda, byName)).toBe(0);
    expect(updated(stage)).toEqual(THEIR_SERVICES);
    expect(recordsOf(lambda, 'change.received')).toMatchObject([
      { level: 'WARN', confirmed: false, arn: theirs.arn, account: THEIRS.account },
    ]);
    expect(recordsOf(lambda, 'change.ignored')).toMatchObject([{ reason: 'elsewhere' }]);
  });

  it.concurrent('does nothing for what is forged, and returns nothing', async (context) => {
    const stage = await scene(context);
    const { native, theirs, here } = world(stage);
    const lambda = await stage.lambda('on-change', TRUST);
    const forged = [
      { ...native, account: '111122223333' },
      { ...native, account: '999988887777' },
      { ...native, resources: [here.arn] },
      { ...native, resources: [theirs.arn, here.arn] },
      { ...native, region: 'us-east-1' },
      '{"kind":"follow-up","version":1,"followUps":[]}',
    ];
    expect(await forward(lambda, ...forged)).toBe(0);
    expect(updated(stage)).toEqual([]);
    const ignored = recordsOf(lambda, 'change.ignored');
    expect(ignored.map(({ reason }) => reason)).toEqual(forged.map(() => 'untrusted-account'));
    expect(lambda.output()).toMatch(/"Untrusted":(?:6|\[)/);
  });

  it.concurrent('without the variables knows no other account', async (context) => {
    const stage = await scene(context);
    const { native } = world(stage);
    hide(stage);
    const lambda = await stage.lambda('on-change');
    await forward(lambda, native);
    expect(updated(stage)).toEqual([]);
    expect(recordsOf(lambda, 'change.ignored')).toMatchObject([{ reason: 'elsewhere' }]);
  });
});
