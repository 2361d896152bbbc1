import { onTestFinished, vi } from 'vitest';
import { scene } from '../../e2e/scene.ts';
import { apiCall, labelUpdated, parameterChange, serviceEvent } from '../../support/events.ts';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';
import { sweepOnce } from '../../support/sweeper.ts';

/**
 * Lines that the functions write in situations that together bring every record and every metric. A new record or
 * metric needs a situation here. `serviceName` is the POWERTOOLS_SERVICE_NAME of the stack. May only be called within
 * a test.
 */
export async function linesOfEverything(serviceName: string): Promise<readonly string[]> {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', serviceName);
  return [
    ...(await allGoesWell()),
    ...(await muchGoesWrong()),
    ...(await deploymentsTakeLong()),
    ...(await rolesCannotRead()),
    ...(await eventsAreLost()),
    ...(await otherAccountsTell()),
    ...(await requestsAreMade(serviceName)),
    ...WRITTEN_BY_LAMBDA,
  ];
}

/** Lines that Lambda itself writes about a function that threw and about one that timed out. */
const WRITTEN_BY_LAMBDA: readonly string[] = [
  '2026-11-22T03:00:00.000Z\t0f1e\tERROR\tInvoke Error \t{"errorType":"WrongConfiguration","errorMessage":"wrong configuration: MODE"}',
  '2026-11-22T03:04:30.000Z 0f1e Task timed out after 270.00 seconds',
];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BAD_START =
  'ResourceInitializationError: failed to fetch secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-a1B2c3 from secrets manager: did not contain json key a';

type ServiceSpec = Parameters<Loop['sim']['world']['service']>[0];

async function allGoesWell(): Promise<readonly string[]> {
  const loop = await startLoop();
  const { arn } = loop.sim.world.secret({ name: 'prod/db' });
  const add = (name: string, more: ServiceSpec = {}) =>
    loop.sim.world.service({ name, secrets: [arn], startedAt: loop.clock.now() - DAY, ...more });
  add('api');
  add('api-later', { tags: { 'secret-redeploy:wave': '1' } });
  // All attempts of the SDK fail, so the message comes back.
  loop.sim.faults.add({ operation: 'DescribeSecret', kind: 'server-error', times: 5 });
  loop.send({ ...currentMoved(loop.sim, 'prod/db'), id: 'change-of-the-test' });
  await loop.run();
  return linesOf(loop);
}

async function muchGoesWrong(): Promise<readonly string[]> {
  const loop = await startLoop({ env: { FOLLOW_UP_MAX_HOURS: '2' } });
  const { world, faults } = loop.sim;
  const { arn } = world.secret({ name: 'prod/db' });
  const add = (name: string, more: ServiceSpec = {}) =>
    world.service({ name, secrets: [arn], startedAt: loop.clock.now() - DAY, ...more });
  add('api-denied');
  add('api-rolled-back', {
    rollout: { outcome: 'rollback-new-primary', durationMs: 30_000, reason: BAD_START },
  });
  add('api-stuck', { rollout: { outcome: 'stuck' } });
  add('api-out', { tags: { 'secret-redeploy:enabled': 'false' } });
  add('api-odd', { tags: { 'secret-redeploy:enabled': 'perhaps' } });
  add('api-fixed', { desired: 1, minimumHealthyPercent: 100, maximumPercent: 100 });
  add('api-outdated', { secrets: [arn, `${arn.slice(0, -6)}0Ld0Ld`] });
  add('api-unreadable');
  faults.add({
    operation: 'UpdateService',
    kind: 'access-denied',
    times: Infinity,
    match: ({ service }) => String(service).endsWith('api-denied'),
  });
  faults.add({
    operation: 'DescribeTaskDefinition',
    kind: 'client-error',
    times: Infinity,
    match: ({ taskDefinition }) => String(taskDefinition).includes('api-unreadable'),
  });
  faults.add({ operation: 'ListClusters', kind: 'throttle' });
  loop.send(currentMoved(loop.sim, 'prod/db'));
  const envelope = { place: loop.sim, at: loop.clock.now() };
  const parameter = { name: '/app/key', arn: 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/key' };
  world.service({ name: 'api-of-the-key', secrets: [parameter.arn], startedAt: loop.clock.now() - DAY });
  loop.send(serviceEvent(envelope, 'RotationFailed', arn, { errorMessage: 'it did not work' }));
  loop.send(parameterChange(envelope, parameter, { operation: 'Delete' }));
  loop.send(apiCall(envelope, 'TagResource', { secretId: 'prod/db' }));
  badValueIsStored(loop);
  await loop.run();
  return linesOf(loop);
}

/** Deployments that take long, fail, or wait for a person, and a redeploy that ends the only task. */
async function deploymentsTakeLong(): Promise<readonly string[]> {
  const loop = await startLoop();
  const { world } = loop.sim;
  const { arn } = world.secret({ name: 'prod/slow' });
  const add = (name: string, more: ServiceSpec = {}) =>
    world.service({ name, secrets: [arn], startedAt: loop.clock.now() - DAY, ...more });
  add('api-draining', { desired: 2, protectMs: HOUR, maximumPercent: 400 });
  add('api-baking', { strategy: 'BLUE_GREEN', rollout: { bakeMs: HOUR } });
  add('api-unapproved', {
    strategy: 'BLUE_GREEN',
    pauseHooks: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 60 }],
  });
  add('api-paused', {
    strategy: 'BLUE_GREEN',
    pauseHooks: [{ stage: 'POST_SCALE_UP', timeoutMinutes: 60, timeoutAction: 'CONTINUE' }],
    rollout: { bakeMs: HOUR },
  });
  const unplaced = add('api-unplaced', {
    rollout: {
      outcome: 'cannot-place',
      event: 'was unable to place a task. Reason: Capacity is unavailable',
    },
  });
  const failing = add('api-failing', {
    desired: 1,
    minimumHealthyPercent: 0,
    maximumPercent: 100,
    rollout: { outcome: 'keeps-failing', reason: BAD_START },
  });
  loop.send(currentMoved(loop.sim, 'prod/slow'));
  await loop.run(HOUR);
  world.mend(unplaced);
  world.mend(failing);
  await loop.run();
  return linesOf(loop);
}

/** Execution roles that cannot read: a warning, one whose redeploy is refused as well, and one that is blocked. */
async function rolesCannotRead(): Promise<readonly string[]> {
  const loop = await startLoop({ env: { PREFLIGHT: 'warn' } });
  const { world, faults } = loop.sim;
  const use = (name: string) =>
    world.service({
      name,
      secrets: [world.secret({ name }).arn],
      executionRole: world.role({ name }).arn,
      startedAt: loop.clock.now() - DAY,
    });
  for (const name of ['api-warned', 'api-refused', 'api-blocked']) use(name);
  faults.add({
    operation: 'UpdateService',
    kind: 'client-error',
    times: Infinity,
    match: ({ service }) => String(service).endsWith('api-refused'),
  });
  for (const name of ['api-warned', 'api-refused']) loop.send(currentMoved(loop.sim, name));
  await loop.run();
  loop.restart({ PREFLIGHT: 'block' });
  loop.send(currentMoved(loop.sim, 'api-blocked'));
  await loop.run();
  return linesOf(loop);
}

/** The command that puts the value before back is printed for values that a person has stored. */
function badValueIsStored(loop: Loop): void {
  const { sim, clock } = loop;
  const { arn } = sim.world.parameter({ name: '/app/bad' });
  const rollout = { outcome: 'rollback-new-primary', reason: 'it crashes' } as const;
  sim.world.service({ name: 'api-of-a-bad-value', secrets: [arn], startedAt: clock.now() - DAY, rollout });
  const before = sim.events.length;
  sim.act('ssm', 'PutParameter', { Name: '/app/bad', Value: 'bad', Overwrite: true });
  for (const event of sim.events.slice(before)) loop.send(event);
}

/** Sweeps find what no event reported: one only reports it, one puts it on the queue, and one cannot see everything. */
async function eventsAreLost(): Promise<readonly string[]> {
  const loop = await startLoop();
  const { world, faults } = loop.sim;
  const { arn, partialArn } = world.secret({ name: 'prod/db' });
  const use = (name: string, secrets: readonly string[]) =>
    world.service({ name, cluster: 'main', secrets, startedAt: loop.clock.now() - DAY });
  use('api', [arn]);
  for (const name of ['api-lost', 'api-lost-too', 'api-lost-as-well'])
    use(name, [`${partialArn}-which-never-was`]);
  world.service({ name: 'elsewhere', cluster: 'other', startedAt: loop.clock.now() - DAY });
  loop.clock.advance(HOUR);
  loop.sim.rotateSecret(arn);
  loop.clock.advance(HOUR);
  await sweepOnce(loop);
  await sweepOnce(loop, { env: { SWEEP: 'heal' } });
  await loop.run();
  const isOther = ({ cluster }: Readonly<Record<string, unknown>>) => String(cluster).endsWith('/other');
  faults.add({ operation: 'ListServices', kind: 'client-error', times: Infinity, match: isOther });
  loop.sim.rotateSecret(arn);
  faults.add({ operation: 'ListSecretVersionIds', kind: 'access-denied', times: Infinity });
  await sweepOnce(loop);
  return linesOf(loop);
}

/** A trusted account whose secrets are not described here, and one that is not trusted. */
async function otherAccountsTell(): Promise<readonly string[]> {
  const [trusted, other] = ['222233334444', '999988887777'];
  const loop = await startLoop({ trusts: [trusted] });
  const { world, faults } = loop.sim;
  const of = (account: string) => ({ ...loop.sim, account, partition: 'aws' });
  const { arn, name } = world.secret({ name: 'shared/db', suffix: 'a1B2c3', place: { account: trusted } });
  world.service({ name: 'api', secrets: [arn], startedAt: loop.clock.now() - DAY });
  faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
  const at = loop.clock.now();
  loop.forward(labelUpdated({ place: of(trusted), at }, { arn, name }, 'version-2'));
  loop.forward(labelUpdated({ place: of(other), at }, { arn, name }, 'version-2'));
  loop.forward(apiCall({ place: of(trusted), at }, 'PutSecretValue', { secretId: name }));
  await loop.run();
  return linesOf(loop);
}

/** The records that the loop captured on their way to the log. */
const linesOf = ({ records }: Loop): readonly string[] => records.map((record) => JSON.stringify(record));

async function requestsAreMade(serviceName: string): Promise<readonly string[]> {
  const stage = await scene({ onTestFinished });
  const { world } = stage.sim;
  const { arn } = world.secret({ name: 'prod/db' });
  const parameter = world.parameter({ name: '/app/key' });
  world.service({ cluster: 'main', name: 'api', secrets: [arn], startedAt: Date.now() - DAY });
  world.service({ cluster: 'main', name: 'worker', secrets: [parameter.arn], startedAt: Date.now() - DAY });
  const lambda = await stage.lambda('on-request', { POWERTOOLS_SERVICE_NAME: serviceName });
  const at = new Date(Date.now() - 5000).toISOString();
  await lambda.invoke({
    action: 'redeploy',
    secret: 'prod/db',
    parameter: '/app/key',
    clusters: ['ma*'],
    reason: 'leaked in a ticket',
  });
  await lambda.invoke({ action: 'redeploy', services: ['main/api'], at });
  return lambda.output().split('\n');
}
