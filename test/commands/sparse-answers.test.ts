import { describe, expect, test } from 'vitest';
import { ask } from '../support/asking.ts';
import { currentMoved, type Loop, redeploys, startLoop } from '../support/loop.ts';
import { sweepOnce } from '../support/sweeper.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const API = 'arn:aws:ecs:eu-west-1:111122223333:service/main/api';

/** A service for a secret, and one for a parameter; all of it is a week old. */
async function world() {
  const loop = await startLoop({ env: { COOLDOWN_SECONDS: '0' } });
  const { world: make, place } = { world: loop.sim.world, place: `${loop.sim.region}:${loop.sim.account}` };
  const startedAt = loop.clock.now() - 7 * DAY;
  const secret = make.secret({ name: 'prod/db', createdAt: startedAt - DAY, lastChangedAt: startedAt - DAY });
  make.parameter({ name: '/app/key', modifiedAt: startedAt - DAY });
  make.service({ cluster: 'main', name: 'api', secrets: [secret.arn], startedAt });
  make.service({ cluster: 'main', name: 'job', secrets: ['/app/key'], startedAt });
  return { loop, arns: [secret.arn, `arn:aws:ssm:${place}:parameter/app/key`] };
}

/** Every answer of this operation lacks this field, in each of the things that it tells of. */
function leaveOut(loop: Loop, operation: string, path: string): void {
  const alter = (body: unknown) => without(body, path.split('.'));
  loop.sim.faults.add({ operation, kind: 'altered', alter, times: Infinity });
}

function without(body: unknown, [field = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(body)) return body.map((one) => without(one, [field, ...rest]));
  if (typeof body !== 'object' || body === null) return body;
  const fields: [string, unknown][] = Object.entries(body);
  return Object.fromEntries(
    fields.flatMap(([name, value]) => {
      if (name !== field) return [[name, value]];
      return rest.length === 0 ? [] : [[name, without(value, rest)]];
    }),
  );
}

/** An answer of DescribeServices with some of its services. */
function asServices(body: unknown, isShown: (name: unknown) => boolean): object {
  const { services = [] } = body as { readonly services?: readonly { readonly serviceName: string }[] };
  return { services: services.filter(({ serviceName }) => isShown(serviceName)) };
}

const staleIn = (loop: Loop, arns: readonly string[]) => arns.flatMap((arn) => loop.sim.staleTasks(arn));

function change(loop: Loop): void {
  const secretMoved = currentMoved(loop.sim, 'prod/db');
  const before = loop.sim.events.length;
  loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'new', Overwrite: true });
  for (const event of [secretMoved, ...loop.sim.events.slice(before)]) loop.send(event);
}

describe('an answer of AWS that lacks a field', () => {
  test.each([
    ['DescribeSecret', 'VersionIdsToStages'],
    ['DescribeSecret', 'LastChangedDate'],
    ['DescribeSecret', 'Tags'],
    ['DescribeClusters', 'failures'],
    ['DescribeClusters', 'clusters.tags'],
    ['DescribeServices', 'failures'],
    ['DescribeServices', 'services.status'],
    ['DescribeServices', 'services.serviceName'],
    ['DescribeServices', 'services.taskDefinition'],
    ['DescribeServices', 'services.deploymentConfiguration'],
    ['DescribeServices', 'services.schedulingStrategy'],
    ['DescribeServices', 'services.events'],
    ['DescribeServices', 'services.tags'],
    ['DescribeServices', 'services.deployments.rolloutState'],
    ['DescribeServices', 'services.deployments.updatedAt'],
    ['UpdateService', 'service'],
    ['DescribeTasks', 'tasks.stoppedAt'],
    ['SendMessage', 'MD5OfMessageBody'],
    ['DescribeParameters', 'Parameters.ARN'],
  ])('does not keep a change from its end: %s without %s', async (operation, path) => {
    const { loop, arns } = await world();
    leaveOut(loop, operation, path);
    change(loop);
    await loop.run();
    expect(staleIn(loop, arns)).toEqual([]);
    expect(redeploys(loop)).toHaveLength(2);
    expect(loop.told('change.settled')).toHaveLength(2);
    expect(loop.told('change.unsettled')).toEqual([]);
  });

  test.each([
    ['DescribeClusters', 'clusters'],
    ['DescribeServices', 'services'],
    ['DescribeTaskDefinition', 'taskDefinition'],
    ['DescribeTaskDefinition', 'taskDefinition.containerDefinitions'],
  ])('of which the change depends leaves it unsettled: %s without %s', async (operation, path) => {
    const { loop } = await world();
    leaveOut(loop, operation, path);
    change(loop);
    await loop.run();
    expect(loop.told('change.settled')).toEqual([]);
    expect(loop.told('change.unsettled')).toHaveLength(2);
  });

  test.each([
    [{ arn: API, reason: 'MISSING' }, 'change.settled'],
    [{ reason: 'MISSING' }, 'change.settled'],
    [{ arn: API, reason: 'ACCESS_DENIED' }, 'change.unsettled'],
    [{ arn: API }, 'change.unsettled'],
    [{ reason: 'ACCESS_DENIED' }, 'change.unsettled'],
  ])('tells of a service only with the word MISSING that it is gone: %j', async (failure, end) => {
    const { loop } = await world();
    const alter = (body: unknown) => ({ ...asServices(body, (name) => name !== 'api'), failures: [failure] });
    loop.sim.faults.add({ operation: 'DescribeServices', kind: 'altered', alter, times: Infinity });
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect([...loop.told('change.settled'), ...loop.told('change.unsettled')]).toMatchObject([
      { event: end },
    ]);
  });

  test('gives the message of a secret without its ARN back', async () => {
    const { loop } = await world();
    leaveOut(loop, 'DescribeSecret', 'ARN');
    loop.send(currentMoved(loop.sim, 'prod/db'));
    await loop.run();
    expect(loop.sim.messagesIn(`${loop.queueUrl}-dead`)).toHaveLength(1);
  });

  test.each([
    ['ListSecrets', 'SecretList.ARN'],
    ['ListSecrets', 'SecretList.SecretVersionsToStages'],
    ['ListSecrets', 'SecretList.LastChangedDate'],
    ['DescribeParameters', 'Parameters.ARN'],
    ['DescribeServices', 'services.status'],
  ])('hides nothing from the sweep: %s without %s', async (operation, path) => {
    const { done } = await sweepWithout(operation, path);
    expect(done).toMatchObject({ staleForCertain: 2, missing: 0, complete: true });
  });

  test.each([
    ['DescribeServices', 'services'],
    ['DescribeTaskDefinition', 'taskDefinition'],
    ['DescribeParameters', 'Parameters.LastModifiedDate'],
    ['ListSecretVersionIds', 'Versions.VersionStages'],
    ['ListSecretVersionIds', 'Versions'],
  ])('makes no clean sweep of what it hides: %s without %s', async (operation, path) => {
    const { done } = await sweepWithout(operation, path);
    expect(done).toMatchObject({ missing: 0, complete: false });
  });
});

describe('a request by hand about what AWS does not date', () => {
  test.each([
    ['DescribeParameters', 'Parameters.LastModifiedDate', { parameter: '/app/key' }],
    ['ListSecretVersionIds', 'Versions.VersionStages', { secret: 'prod/db' }],
    ['ListSecretVersionIds', 'Versions', { secret: 'prod/db' }],
  ])('does not call its services fresh: %s without %s', async (operation, path, target) => {
    const { loop } = await world();
    loop.sim.rotateSecret('prod/db');
    loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'new', Overwrite: true });
    loop.clock.advance(DAY);
    leaveOut(loop, operation, path);
    expect(await ask(loop, { action: 'stale', ...target })).toMatchObject({ unchecked: 1, complete: false });
    for (const action of ['plan', 'redeploy'])
      await expect(ask(loop, { action, ...target })).rejects.toThrow(/does not say (?:when|which)/);
    const at = new Date(loop.clock.now()).toISOString();
    const forced = await ask(loop, { action: 'plan', force: true, at, ...target });
    expect(forced).toMatchObject({ summary: { redeploy: 1 } });
  });
});

async function sweepWithout(operation: string, path: string) {
  const { loop } = await world();
  loop.sim.rotateSecret('prod/db');
  loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'new', Overwrite: true });
  loop.clock.advance(DAY);
  leaveOut(loop, operation, path);
  return sweepOnce(loop);
}

test('a name that Parameter Store refuses hides no other parameter from the sweep', async () => {
  const { loop } = await world();
  loop.sim.world.service({ cluster: 'main', name: 'odd', secrets: ['/app//odd'] });
  loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: 'new', Overwrite: true });
  loop.clock.advance(DAY);
  loop.sim.faults.add({
    operation: 'DescribeParameters',
    match: (input) => JSON.stringify(input).includes('/app//odd'),
    kind: 'client-error',
    code: 'ValidationException',
    times: Infinity,
  });
  const { done, told } = await sweepOnce(loop);
  expect(done).toMatchObject({ staleForCertain: 1, unchecked: 1, complete: false });
  expect(told).toEqual(['service.skipped job report']);
});

test('a name in a tag that no secret can have is not asked for, and leaves the sweep complete', async () => {
  const { loop } = await world();
  const tags = { 'secret-redeploy:also': 'prod:db schlüssel' };
  const startedAt = loop.clock.now() - DAY;
  loop.sim.world.service({ cluster: 'main', name: 'typo', secrets: [], startedAt, tags });
  loop.sim.faults.add({
    operation: 'DescribeSecret',
    match: ({ SecretId }) => !/^[\w/+=.@!-]+$|^arn:/.test(String(SecretId)),
    kind: 'client-error',
    code: 'ValidationException',
    times: Infinity,
  });
  expect((await sweepOnce(loop)).done).toMatchObject({ unchecked: 0, complete: true });
  loop.send(currentMoved(loop.sim, 'prod/db'));
  await loop.run();
  expect(loop.records.filter(({ level }) => level === 'ERROR')).toEqual([]);
});
