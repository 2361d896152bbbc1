import { describe, expect, test } from 'vitest';
import { begin } from '../../functions/core/follow-up/follow-up.ts';
import { followUpBody } from '../../functions/formats/follow-up.ts';
import { forwardedBody } from '../../functions/formats/forwarded.ts';
import type { AwsEvent } from '../simulator/index.ts';
import { change } from '../support/build.ts';
import { apiCall, labelUpdated, parameterChange, type RawEvent } from '../support/events.ts';
import { type Loop, type LoopOptions, redeploys, startLoop } from '../support/loop.ts';
import { metricIn } from '../support/sweeper.ts';

const DAY = 86_400_000;
const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const THEIRS = { ...HERE, account: '222233334444' };
const FAR = { ...HERE, region: 'us-east-1' };
const NAME = 'prod/db';
const SUFFIX = 'a1B2c3';
/** The same name and the same suffix in two Regions of an account would be a secret and its replica. */
const suffixIn = (region: string) => (region === HERE.region ? SUFFIX : 'f7G8h9');
const arnAt = ({ region, account }: typeof HERE) =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${NAME}-${suffixIn(region)}`;

/** Namesakes in two accounts and two Regions, with services that name each of them in each form. */
async function scene(options: LoopOptions = {}) {
  const loop = await startLoop({ trusts: [THEIRS.account], ...options });
  const { world } = loop.sim;
  const use = (name: string, secrets: readonly string[]) =>
    world.service({ name, secrets, startedAt: loop.clock.now() - DAY });
  for (const [at, place] of Object.entries({ here: HERE, theirs: THEIRS, far: FAR })) {
    const { arn, partialArn } = world.secret({ name: NAME, suffix: suffixIn(place.region), place });
    use(`${at}-full`, [arn]);
    use(`${at}-partial`, [partialArn]);
    use(`${at}-key`, [`${partialArn}:password::`]);
    use(`${at}-label`, [`${partialArn}:password:blue:`]);
  }
  world.parameter({ name: '/app/key' });
  use('here-parameter', ['/app/key']);
  use('far-parameter', ['arn:aws:ssm:us-east-1:111122223333:parameter/app/key']);
  const match = ({ SecretId }: Readonly<Record<string, unknown>>) => String(SecretId).includes(NAME);
  const denial = { operation: 'DescribeSecret', match, times: Infinity };
  const deny = () => loop.sim.faults.add({ ...denial, kind: 'access-denied' });
  const hide = () =>
    loop.sim.faults.add({
      ...denial,
      kind: 'client-error',
      code: 'AccessDeniedException',
      message: 'not authorized to perform: it, with an explicit deny in a resource-based policy',
    });
  return { loop, deny, hide };
}

/** The names of the services that were redeployed, each as often as it was. */
const redeployed = (loop: Loop) =>
  redeploys(loop)
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .sort();
const THEIR_SERVICES = ['theirs-full', 'theirs-key', 'theirs-partial'];

/** Rotates and returns the events of the rotation. */
function rotated({ sim }: Loop, arn: string): readonly AwsEvent[] {
  const before = sim.events.length;
  sim.rotateSecret(arn);
  return sim.events.slice(before).filter(({ source }) => source === 'aws.secretsmanager');
}

describe('a secret of another account is rotated there:', () => {
  test('exactly the services here that name it are redeployed, once, whatever events are forwarded', async () => {
    const { loop } = await scene();
    for (const event of rotated(loop, arnAt(THEIRS))) loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(THEIR_SERVICES);
    expect(loop.told('change.settled')).not.toEqual([]);
    expect(loop.told('change.received')).not.toEqual([]);
    for (const record of loop.told('change.received'))
      expect(record).toMatchObject({ arn: arnAt(THEIRS), account: THEIRS.account });
    expect(loop.told('change.received').some(({ confirmed }) => confirmed === false)).toBe(false);
  });

  test.each(['Secret Label Updated', 'UpdateSecretVersionStage', 'RotationSucceeded'])(
    'one event is enough: %s',
    async (kind) => {
      const { loop } = await scene();
      for (const event of rotated(loop, arnAt(THEIRS)))
        if ([event['detail-type'], event.detail['eventName']].includes(kind)) loop.forward(event);
      await loop.run();
      expect(redeployed(loop)).toEqual(THEIR_SERVICES);
    },
  );

  test.each<readonly [string, string, boolean]>([
    ['by name', NAME, true],
    ['by name, without its answer', NAME, false],
    ['by partial ARN, without its answer', arnAt(THEIRS).slice(0, -7), false],
    ['by full ARN, without its answer', arnAt(THEIRS), false],
  ])('a value is stored %s', async (_, secretId, isAnswered) => {
    const { loop } = await scene();
    const { versionId } = loop.sim.prepareRotation(arnAt(THEIRS));
    const act = { SecretId: arnAt(THEIRS), SecretString: 'x', ClientRequestToken: versionId };
    loop.sim.act('secretsmanager', 'PutSecretValue', act);
    const call = apiCall(
      { place: THEIRS, at: loop.clock.now() },
      'PutSecretValue',
      { secretId, clientRequestToken: versionId },
      { responseElements: isAnswered ? { arn: arnAt(THEIRS) } : null },
    );
    loop.forward(call);
    await loop.run();
    expect(redeployed(loop)).toEqual(THEIR_SERVICES);
  });

  test('what is not visible yet is looked at again soon, as what it is', async () => {
    const { loop } = await scene({ lagMs: 20_000 });
    for (const event of rotated(loop, arnAt(THEIRS)))
      if (event['detail-type'] === 'Secret Label Updated') loop.forward(event);
    await loop.run(90_000);
    expect(redeployed(loop)).toEqual(THEIR_SERVICES);
    expect(loop.told('change.ignored')).toEqual([]);
  });

  test('its own tag opts out, where it may be described', async () => {
    const { loop } = await scene();
    const Tags = [{ Key: 'secret-redeploy:enabled', Value: 'false' }];
    loop.sim.act('secretsmanager', 'TagResource', { SecretId: arnAt(THEIRS), Tags });
    for (const event of rotated(loop, arnAt(THEIRS))) loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
  });
});

test('a rotation here is handled as ever where other accounts are trusted', async () => {
  const { loop } = await scene();
  for (const event of rotated(loop, arnAt(HERE))) loop.send(event);
  await loop.run();
  expect(redeployed(loop)).toEqual(['here-full', 'here-key', 'here-partial']);
});

test('a parameter of another Region of this account is followed where this account is trusted, too', async () => {
  const { loop } = await scene({ trusts: [HERE.account] });
  const parameter = { arn: 'arn:aws:ssm:us-east-1:111122223333:parameter/app/key', name: '/app/key' };
  loop.forward(parameterChange({ place: FAR, at: loop.clock.now() }, parameter));
  await loop.run();
  expect(redeployed(loop)).toEqual(['far-parameter']);
  expect(loop.told('change.settled')).toHaveLength(1);
});

describe('nothing is concluded from what Secrets Manager and Parameter Store do not find of other places:', () => {
  test('a secret of another Region is redeployed at the word of its event', async () => {
    const { loop } = await scene({ trusts: [HERE.account] });
    const event = labelUpdated(
      { place: FAR, at: loop.clock.now() },
      { arn: arnAt(FAR), name: NAME },
      'version-2',
    );
    loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['far-full', 'far-key', 'far-partial']);
    expect(loop.told('change.received')).toMatchObject([{ confirmed: false, level: 'WARN' }]);
  });

  test('a secret of another account that is not found is neither gone nor a reason for a notice', async () => {
    const { loop } = await scene();
    const arn = arnAt(THEIRS).replace(NAME, 'no/such');
    loop.sim.world.service({ name: 'theirs-other', secrets: [arn], startedAt: loop.clock.now() - DAY });
    loop.forward(
      labelUpdated({ place: THEIRS, at: loop.clock.now() }, { arn, name: 'no/such' }, 'version-2'),
    );
    loop.clock.advance(5 * 60_000);
    await loop.run();
    expect(redeployed(loop)).toEqual(['theirs-other']);
    expect(loop.told('change.notice')).toEqual([]);
  });

  test('deletions there say nothing about what is here', async () => {
    const { loop } = await scene();
    const envelope = { place: THEIRS, at: loop.clock.now() };
    loop.forward(apiCall(envelope, 'DeleteSecret', { secretId: 'gone/db' }));
    loop.forward(
      parameterChange(
        envelope,
        { arn: 'arn:aws:ssm:eu-west-1:222233334444:parameter/app/key', name: '/app/key' },
        { operation: 'Delete' },
      ),
    );
    await loop.run();
    expect(loop.told('change.notice')).toEqual([]);
    expect(loop.told('change.ignored').map(({ reason }) => reason)).toEqual(['elsewhere', 'elsewhere']);
  });
});

describe('a secret that may not be described', () => {
  const nativeOf = (events: readonly AwsEvent[]) =>
    events.filter((event) => event['detail-type'] === 'Secret Label Updated');

  test.each([
    ['of another account', THEIRS, THEIR_SERVICES],
    ['of this account', HERE, ['here-full', 'here-key', 'here-partial']],
  ] as const)(
    '%s is redeployed once at the word of its native event, with one warning',
    async (_, place, services) => {
      const { loop, deny } = await scene();
      deny();
      const deliver = (event: object) => {
        if (place === HERE) loop.send(event);
        else loop.forward(event);
      };
      const [event = {}] = nativeOf(rotated(loop, arnAt(place)));
      deliver(event);
      deliver(event);
      await loop.run();
      expect(redeployed(loop)).toEqual(services);
      expect(loop.told('change.received')).toMatchObject([
        { confirmed: false, level: 'WARN', arn: arnAt(place) },
      ]);
      expect(loop.told('change.settled')).toMatchObject([{ redeployed: 3, failed: 0 }]);
      expect(loop.told('change.notice')).toEqual([]);
    },
  );

  test('is looked at again without being described: a later wave waits for an earlier one, and not for a confirmation', async () => {
    const { loop, deny } = await scene();
    deny();
    loop.sim.world.service({
      name: 'theirs-later',
      secrets: [arnAt(THEIRS)],
      startedAt: loop.clock.now() - DAY,
      tags: { 'secret-redeploy:wave': '1' },
    });
    for (const event of nativeOf(rotated(loop, arnAt(THEIRS)))) loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(['theirs-full', 'theirs-key', 'theirs-later', 'theirs-partial']);
    expect(loop.told('change.unsettled')).toEqual([]);
  });

  test('is not redeployed for what names no version: of another account with a warning, of this one as a message that comes back', async () => {
    const { loop, deny } = await scene();
    deny();
    const succeeded = (arn: string) =>
      rotated(loop, arn).filter(({ detail }) => detail['eventName'] === 'RotationSucceeded');
    for (const event of succeeded(arnAt(THEIRS))) loop.forward(event);
    for (const event of succeeded(arnAt(HERE))) loop.send(event);
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ reason: 'elsewhere', level: 'WARN' }]);
    const dead = loop.sim.messagesIn(loop.queueUrl.replace(/changes$/, 'changes-dead'));
    expect(dead).toHaveLength(1);
  });

  test('of this account is no dead letter for what names no version if its own policy hides it', async () => {
    const { loop, hide } = await scene();
    hide();
    for (const event of rotated(loop, arnAt(HERE))) loop.send(event);
    await loop.run();
    expect(redeployed(loop)).not.toEqual([]);
    expect(new Set(redeployed(loop)).size).toBe(redeployed(loop).length);
    expect(loop.told('change.ignored')).toContainEqual(
      expect.objectContaining({ reason: 'hidden', level: 'WARN' }),
    );
    expect(loop.sim.messagesIn(loop.queueUrl.replace(/changes$/, 'changes-dead'))).toEqual([]);
  });
});

describe('on the queue of the event bus', () => {
  const ID = 'forged';
  const forged = (event: RawEvent): RawEvent => ({ ...event, id: ID });
  const at = () => Date.UTC(2026, 10, 22, 3);
  const native = (place: typeof HERE, arn: string) =>
    forged(labelUpdated({ place, at: at() }, { arn, name: NAME }, 'version-2'));
  const followUp = () => ({ ...begin('x', [change({ arn: arnAt(HERE), changedAt: at() })], at()), hop: 0 });

  test.each<readonly [string, string | RawEvent]>([
    ['an event of this account and Region', native(HERE, arnAt(HERE))],
    ['an event of another account about a secret here', native(THEIRS, arnAt(HERE))],
    [
      'an event of an account that is not trusted',
      native({ ...HERE, account: '999988887777' }, arnAt(THEIRS)),
    ],
    ['an event of another Region of this account, which is not named', native(FAR, arnAt(FAR))],
    [
      'an event about several secrets',
      { ...native(THEIRS, arnAt(THEIRS)), resources: [arnAt(THEIRS), arnAt(HERE)] },
    ],
    ['a follow-up', followUpBody([followUp()])],
    [
      'an event that says of itself that it was forwarded',
      forwardedBody(JSON.stringify(native(THEIRS, arnAt(THEIRS)))),
    ],
  ])('%s does nothing, and is recorded and counted', async (_, body) => {
    const { loop } = await scene();
    loop.forward(body);
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ reason: 'untrusted-account', level: 'WARN' }]);
    expect(metricIn(loop.records, 'Untrusted')).toEqual([1]);
    expect(loop.told('change.received')).toEqual([]);
    expect(loop.sim.ledger.count('secretsmanager', 'DescribeSecret')).toBe(0);
  });

  test('an event of ours redeploys nothing', async () => {
    const { loop } = await scene();
    loop.forward({
      ...native(THEIRS, arnAt(THEIRS)),
      source: 'secret-redeploy',
      'detail-type': 'Service Redeployed',
    });
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.ignored')).toMatchObject([{ reason: 'other-event' }]);
  });

  test('another event beside a forged one is handled', async () => {
    const { loop } = await scene();
    loop.forward(native(THEIRS, arnAt(HERE)));
    for (const event of rotated(loop, arnAt(THEIRS))) loop.forward(event);
    await loop.run();
    expect(redeployed(loop)).toEqual(THEIR_SERVICES);
  });
});

test('on the other queues an event of a trusted account counts as little as one of any other', async () => {
  const { loop } = await scene();
  for (const event of rotated(loop, arnAt(THEIRS))) loop.send(event);
  await loop.run();
  expect(redeployed(loop)).toEqual([]);
  expect(new Set(loop.told('change.ignored').map(({ reason }) => reason))).toEqual(
    new Set(['untrusted-account']),
  );
});
