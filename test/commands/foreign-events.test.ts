import { describe, expect, test } from 'vitest';
import { forwardedBody } from '../../functions/formats/forwarded.ts';
import { apiCall, labelUpdated, type Place, parameterChange, type RawEvent } from '../support/events.ts';
import { type Loop, redeploys, startLoop } from '../support/loop.ts';
import { metricIn } from '../support/sweeper.ts';

const DAY = 86_400_000;
const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const THEIRS = { ...HERE, account: '222233334444' };
const FAR = { ...HERE, region: 'us-east-1' };
const THEIRS_FAR = { ...THEIRS, region: 'us-east-1' };
const NAME = 'prod/db';
const arnAt = ({ region, account }: Place) =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${NAME}-a1B2c3`;
const parameterAt = ({ region, account }: Place) => `arn:aws:ssm:${region}:${account}:parameter/app/key`;

/** Namesakes in two accounts and two Regions; those of the other places AWS does not describe here. */
async function scene({ trusts = true, denies = true } = {}) {
  const loop = await startLoop(trusts ? { trusts: [THEIRS.account] } : {});
  const { world, faults } = loop.sim;
  const use = (name: string, one: string) =>
    world.service({ name, secrets: [one], startedAt: loop.clock.now() - DAY });
  world.secret({ name: NAME, suffix: 'a1B2c3', place: HERE });
  for (const [name, place] of Object.entries({ here: HERE, theirs: THEIRS, far: FAR, both: THEIRS_FAR })) {
    use(`${name}-secret`, `${arnAt(place)}:password::`);
    use(`${name}-parameter`, parameterAt(place));
  }
  use('here-name', '/app/key');
  use('here-pass-through', `/aws/reference/secretsmanager/${NAME}`);
  world.parameter({ name: '/app/key' });
  const match = ({ SecretId }: Readonly<Record<string, unknown>>) =>
    String(SecretId).includes(THEIRS.account);
  if (denies) faults.add({ operation: 'DescribeSecret', kind: 'access-denied', match, times: Infinity });
  return loop;
}
const redeployed = (loop: Loop) =>
  redeploys(loop)
    .map(({ input }) => String(input['service']).split('/').at(-1) ?? '')
    .sort();
const reasonsOf = (loop: Loop) => loop.told('change.ignored').map(({ reason }) => reason);
const at = Date.UTC(2026, 10, 22, 3);
const native = (place: Place, arn: string, label?: string): RawEvent =>
  labelUpdated({ place, at }, { arn, name: NAME }, 'version-2', label);
const parameter = (place: Place, arn: string, operation = 'Update') =>
  parameterChange({ place, at }, { arn, name: '/app/key' }, { operation });

function expectForged(loop: Loop) {
  expect(redeployed(loop)).toEqual([]);
  expect(loop.told('change.received')).toEqual([]);
  expect(loop.told('change.notice')).toEqual([]);
  expect(reasonsOf(loop)).toEqual(['untrusted-account']);
  expect(metricIn(loop.records, 'Untrusted')).toEqual([1]);
}

describe('over the event bus, a name where AWS writes an ARN is forged, and names nothing here:', () => {
  test.each([
    ['a parameter was written', parameter(THEIRS, '/app/key')],
    ['a parameter was created', parameter(THEIRS, 'app/key', 'Create')],
    ['a parameter was deleted', parameter(THEIRS, '/app/key', 'Delete')],
    ['a label of a secret moved', native(THEIRS, `${NAME}-a1B2c3`)],
  ])('%s', async (_, event) => {
    const loop = await scene();
    loop.forward(event);
    await loop.run();
    expectForged(loop);
  });
});

describe.each([true, false])('on the own queue, with trusted accounts: %s,', (trusts) => {
  test.each([
    ['a secret of another account', native(HERE, arnAt(THEIRS))],
    ['a secret of another Region', native(HERE, arnAt(FAR))],
    ['a parameter of another account', parameter(HERE, parameterAt(THEIRS))],
    ['a parameter that was deleted in another Region', parameter(HERE, parameterAt(FAR), 'Delete')],
  ])('an event of this account about %s does nothing', async (_, event) => {
    const loop = await scene({ trusts });
    loop.send(event);
    await loop.run();
    expectForged(loop);
  });

  test('what says of itself that it was forwarded counts only where it can have been', async () => {
    const loop = await scene({ trusts });
    const body = forwardedBody(JSON.stringify(native(THEIRS, arnAt(THEIRS))));
    loop.sim.act('sqs', 'SendMessage', { QueueUrl: loop.queueUrl, MessageBody: body });
    await loop.run();
    expect(redeployed(loop)).toEqual(trusts ? ['theirs-secret'] : []);
  });

  test.each([
    ['that is denied', true],
    ['that is not found', false],
  ])('a call here on a secret of another account %s tells nothing by itself', async (_, denies) => {
    const loop = await scene({ trusts, denies });
    const clientRequestToken = 'version-2';
    loop.send(
      apiCall({ place: HERE, at }, 'PutSecretValue', { secretId: arnAt(THEIRS), clientRequestToken }),
    );
    await loop.run();
    expect(redeployed(loop)).toEqual([]);
    expect(loop.told('change.notice')).toEqual([]);
    expect(reasonsOf(loop)).toEqual(['elsewhere']);
    expect(loop.sim.messagesIn(`${loop.queueUrl}-dead`)).toEqual([]);
  });
});

test('where an event does not say its account, the ARN is what it is about', async () => {
  const loop = await scene();
  loop.send({ ...native(HERE, arnAt(THEIRS)), account: null });
  await loop.run();
  expectForged(loop);
});

test('without trusted accounts nothing follows from an event of elsewhere that AWS does not confirm', async () => {
  const loop = await scene({ trusts: false, denies: false });
  loop.send(native(THEIRS, arnAt(THEIRS)));
  loop.send(native(FAR, arnAt(FAR)));
  await loop.run();
  expect(redeployed(loop)).toEqual([]);
  expect(reasonsOf(loop)).toEqual(['elsewhere', 'elsewhere']);
});

test('a secret of another Region of another account has its services redeployed; a replica that nobody has is no error', async () => {
  const loop = await scene();
  loop.forward(native(THEIRS_FAR, arnAt(THEIRS_FAR)));
  await loop.run();
  expect(redeployed(loop)).toEqual(['both-secret']);
  expect(loop.records.filter(({ level }) => level === 'ERROR')).toEqual([]);
});

test('a hidden secret that is rotated twice has its services redeployed twice, whatever comes again and late', async () => {
  const loop = await scene();
  const MINUTE = 60_000;
  const moved = (versionId: string, when: number) => {
    const named = { secretId: arnAt(THEIRS), versionStage: 'AWSCURRENT', moveToVersionId: versionId };
    return [
      labelUpdated({ place: THEIRS, at: when }, { arn: arnAt(THEIRS), name: NAME }, versionId),
      apiCall({ place: THEIRS, at: when }, 'UpdateSecretVersionStage', named),
    ] as const;
  };
  const [first, firstAgain] = moved('version-2', loop.clock.now());
  loop.forward(first);
  await loop.run(10 * MINUTE);
  for (const event of [firstAgain, first]) loop.forward(event);
  await loop.run(30 * MINUTE);
  expect(redeployed(loop)).toEqual(['theirs-secret']);
  const [second, secondAgain] = moved('version-3', loop.clock.now());
  loop.forward(secondAgain);
  await loop.run(10 * MINUTE);
  loop.clock.advance(5 * 60 * MINUTE);
  for (const event of [second, first, secondAgain]) loop.forward(event);
  await loop.run();
  expect(redeployed(loop)).toEqual(['theirs-secret', 'theirs-secret']);
});
