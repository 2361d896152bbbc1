import { describe, expect, it } from 'vitest';
import { apiCall, labelUpdated, parameterChange, type RawEvent, serviceEvent } from '../support/events.ts';
import { deliver, rotated, type Scene, scene, updated } from './scene.ts';

const HERE = { partition: 'aws', region: 'eu-west-1', account: '111122223333' };
const PLACES = [
  { ...HERE, region: 'us-east-1' },
  { ...HERE, account: '999988887777' },
];
const EVENTS = [
  'native',
  'call that names it as typed',
  'call that names it as typed, with response',
  'call with its ARN',
  'rotation',
  'parameter',
] as const;

describe.concurrent('a change of a resource of the same name', () => {
  it.concurrent.for(PLACES.flatMap((place) => EVENTS.map((kind) => ({ ...place, kind }))))(
    'in Region $region of account $account redeploys nothing here: $kind',
    async ({ kind, ...place }, context) => {
      const stage = await scene(context);
      const change = rotated(stage);
      stage.sim.world.parameter({ name: '/app/key' });
      stage.sim.world.service({
        name: 'api',
        secrets: [change.secret.arn, change.secret.partialArn, '/app/key'],
      });
      await deliver(await stage.lambda(), [eventOf(kind, place, change)]);
      expect(stage.updates()).toEqual([]);
    },
  );
});

describe.concurrent('two services that share one short ARN in two clusters', () => {
  it.concurrent('are both redeployed', async (context) => {
    const stage = await scene(context);
    const { secret, event } = rotated(stage);
    for (const cluster of ['one', 'two']) {
      stage.sim.world.service({ cluster, name: 'api', oldArn: true, secrets: [secret.arn] });
    }
    expect(await deliver(await stage.lambda(), [event])).toEqual([]);
    expect(updated(stage)).toEqual(['one/api', 'two/api']);
  });
});

function eventOf(
  kind: (typeof EVENTS)[number],
  place: Scene['place'],
  { secret, versionId, at }: ReturnType<typeof rotated>,
): RawEvent {
  const envelope = { place, at };
  const arn = secret.arn.replace(HERE.region, place.region).replace(HERE.account, place.account);
  const moved = { versionStage: 'AWSCURRENT', moveToVersionId: versionId };
  const call = (secretId: string, responseElements: unknown) =>
    apiCall(envelope, 'UpdateSecretVersionStage', { secretId, ...moved }, { responseElements });
  const parameter = {
    arn: `arn:aws:ssm:${place.region}:${place.account}:parameter/app/key`,
    name: '/app/key',
  };
  const events = {
    native: () => labelUpdated(envelope, { arn, name: secret.name }, versionId),
    'call that names it as typed': () => call(secret.name, null),
    'call that names it as typed, with response': () => call(secret.name, { arn }),
    'call with its ARN': () => call(arn, null),
    rotation: () => serviceEvent(envelope, 'RotationSucceeded', arn),
    parameter: () => parameterChange(envelope, parameter),
  };
  return events[kind]();
}
