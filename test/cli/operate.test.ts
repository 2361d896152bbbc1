import { describe, expect, it } from 'vitest';
import type { Simulator } from '../simulator/index.ts';
import { installService } from '../support/installed.ts';
import { account, esr } from './terminal.ts';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'].map(
  (name) => `ecs-secret-redeploy-prod-${name}`,
);

function modes(sim: Simulator): readonly string[] {
  const outs = FUNCTIONS.map((name) => sim.act('lambda', 'GetFunctionConfiguration', { FunctionName: name }));
  return outs.map(
    (out) =>
      (out as { Environment: { Variables: Record<string, string> } }).Environment.Variables['MODE'] ?? '',
  );
}

/** An installed service, with its queues. */
function install({ world }: Simulator, environment: Readonly<Record<string, string>> = {}, trusting = false) {
  const dead = world.queue({ name: 'dead' });
  const lost = world.queue({ name: 'lost' });
  const fallback = world.queue({ name: 'fallback' });
  const changes = world.queue({ name: 'changes', maxReceiveCount: 5, deadLetters: dead });
  const theirDead = world.queue({ name: 'their-dead' });
  const theirLost = world.queue({ name: 'their-lost' });
  const theirs = world.queue({ name: 'theirs', maxReceiveCount: 5, deadLetters: theirDead });
  const type = 'AWS::SQS::Queue';
  world.stack({
    environment: { MODE: 'enforce', ...environment },
    resources: {
      ChangeQueue: { type, physicalId: changes.url },
      ChangeDeadLetterQueue: { type, physicalId: dead.url },
      RuleDeadLetterQueue: { type, physicalId: lost.url },
      CloudTrailQueue: { type, physicalId: fallback.url },
      FailuresAlarm: { type: 'AWS::CloudWatch::Alarm', physicalId: 'prod-failures' },
      ...(trusting && {
        TrustedQueue: { type, physicalId: theirs.url },
        TrustedDeadLetterQueue: { type, physicalId: theirDead.url },
        TrustedRuleDeadLetterQueue: { type, physicalId: theirLost.url },
      }),
    },
  });
  return { changes, dead, lost, theirs, theirDead, theirLost };
}

describe.concurrent('stop and resume', () => {
  it.concurrent('set MODE of every function and nothing else, and resume sets it back', async (context) => {
    const sim = await account(context);
    install(sim, { MAX_SERVICES: '7' });
    const stopped = await esr(sim, 'stop', '--yes');
    expect(stopped.out).toBe(FUNCTIONS.map((name) => `${name}: MODE=observe\n`).join(''));
    expect(stopped.err).toContain('from the next invocation on no service is redeployed');
    expect(stopped.code).toBe(0);
    expect(modes(sim)).toEqual(['observe', 'observe', 'observe']);
    expect((await esr(sim, 'stale')).err).toContain('mode observe · maxServices 7');
    expect((await esr(sim, 'resume')).code).toBe(0);
    expect(modes(sim)).toEqual(['enforce', 'enforce', 'enforce']);
  });

  it.concurrent('work where a setting is wrong, as replay and status do, and what decides by it ends', async (context) => {
    const sim = await account(context);
    install(sim, { MODE: 'off', STAGE: 'prod' });
    const problem =
      'on-change of stack ecs-secret-redeploy-prod rejects every invocation: wrong configuration: MODE: expected enforce or observe; deploy the right values';
    const refused = await esr(sim, 'stale');
    expect(refused.err).toBe(`error: ${problem}, or pass --stack none to decide with the default settings\n`);
    expect(refused.code).toBe(1);
    const status = await esr(sim, 'status', '-o', 'name');
    expect(status.out.split('\n')).toContain('settings-wrong');
    expect(status.err).toContain(`warning: ${problem}\n`);
    expect(status.err).toContain(' · stack ecs-secret-redeploy-prod · its settings are wrong\n');
    expect((await esr(sim, 'replay')).code).toBe(0);
    expect((await esr(sim, 'stop', '--yes')).code).toBe(0);
    expect(modes(sim)).toEqual(['observe', 'observe', 'observe']);
    expect((await esr(sim, 'resume')).err).not.toContain('warning');
  });

  it.concurrent('and what else recommends a command names the place at which this one worked', async (context) => {
    const sim = await account(context);
    sim.world.cluster({ name: 'prod' });
    installService(sim, { stage: 'test', environment: { MODE: 'observe' } });
    const place = ['--stage', 'test', '--region', 'eu-west-1'];
    const resume = 'esr resume --stage test --region eu-west-1';
    expect((await esr(sim, 'redeploy', '--service', 'prod/api', ...place)).err).toContain(`"${resume}"`);
    expect((await esr(sim, 'status', ...place)).out).toContain(resume);
    expect((await esr(sim, 'status', '-o', 'json', ...place)).out).toContain(`"todo": "${resume}"`);
    expect((await esr(sim, 'doctor', ...place)).out).toContain(resume);
    expect((await esr(sim, 'stop', '--yes', ...place)).err).toContain(`after "${resume}"`);
    expect((await esr(sim, 'resume', ...place)).err).toContain(
      '"esr redeploy --stage test --region eu-west-1 SECRET"',
    );
    expect((await esr(sim, 'resume', '--stage', 'test')).err).toContain('"esr redeploy --stage test SECRET"');
  });

  it.concurrent('asks first, and needs --yes where there is no terminal', async (context) => {
    const sim = await account(context);
    install(sim);
    const { err, code } = await esr(sim, 'stop');
    expect(err).toContain('stop every redeploy of stack ecs-secret-redeploy-prod: pass --yes');
    expect(code).toBe(1);
    expect(modes(sim)).toEqual(['enforce', 'enforce', 'enforce']);
  });

  it.concurrent('need an installed service', async (context) => {
    const sim = await account(context);
    const { err, code } = await esr(sim, 'stop', '--yes');
    expect(err).toContain('error: the service is not installed in eu-west-1 of account 111122223333');
    expect(code).toBe(1);
  });

  it.concurrent('say which functions are changed if one cannot be', async (context) => {
    const sim = await account(context);
    install(sim);
    sim.faults.add({
      service: 'lambda',
      operation: 'UpdateFunctionConfiguration',
      kind: 'client-error',
      code: 'ResourceConflictException',
      match: ({ FunctionName }) => FunctionName === FUNCTIONS[1],
      times: Infinity,
    });
    const { out, err, code } = await esr(sim, 'stop', '--yes');
    expect(out).toBe(`${FUNCTIONS[0]}: MODE=observe\n`);
    expect(err).toContain('on-request and what follows it could not be changed; run the command again');
    expect(code).toBe(2);
  });
});

describe.concurrent('exclude and include', () => {
  it.concurrent('set and remove the tag with the prefix of the stack', async (context) => {
    const sim = await account(context);
    install(sim, { TAG_PREFIX: 'own' });
    const service = sim.world.service({ cluster: 'prod', name: 'api' });
    const excluded = await esr(sim, 'exclude', 'prod/api');
    expect(excluded.out).toBe('prod/api: own:enabled=false\n');
    expect(tagsOf(sim, service.arn)).toEqual([{ key: 'own:enabled', value: 'false' }]);
    const included = await esr(sim, 'include', 'prod/api');
    expect(included.out).toBe('prod/api: without own:enabled\n');
    expect(included.err).toContain('esr redeploy --service prod/api');
    expect(tagsOf(sim, service.arn)).toEqual([]);
  });

  it.concurrent('opts in where only tagged services are selected', async (context) => {
    const sim = await account(context);
    install(sim, { SELECT: 'tagged' });
    const service = sim.world.service({ cluster: 'prod', name: 'api' });
    expect((await esr(sim, 'include', 'prod/api')).out).toBe('prod/api: secret-redeploy:enabled=true\n');
    expect(tagsOf(sim, service.arn)).toEqual([{ key: 'secret-redeploy:enabled', value: 'true' }]);
  });

  it.concurrent('says that the cluster opts the service out', async (context) => {
    const sim = await account(context);
    const cluster = sim.world.cluster({ name: 'prod', tags: { 'secret-redeploy:enabled': 'false' } });
    sim.world.service({ cluster, name: 'api' });
    expect((await esr(sim, 'include', 'prod/api')).err).toContain(
      'it stays opted out: its cluster prod has the tag',
    );
  });

  it.concurrent('of a service that does not exist say what may be meant', async (context) => {
    const sim = await account(context);
    sim.world.service({ cluster: 'prod', name: 'api' });
    const { err, code } = await esr(sim, 'exclude', 'prod/apj');
    expect(err).toContain(
      'there is no service prod/apj in eu-west-1 of account 111122223333; did you mean prod/api?',
    );
    expect(code).toBe(1);
  });
});

describe.concurrent('replay', () => {
  it.concurrent('moves the dead letters back, and names the events that it cannot move', async (context) => {
    const sim = await account(context);
    const { changes, dead, lost } = install(sim);
    for (const { url } of [dead, dead, lost])
      sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: '{}' });
    const { out, err, code } = await esr(sim, 'replay');
    expect(out).toBe('2 messages on the way back to the queue\n');
    expect(err).toContain('1 event in RuleDeadLetterQueue, which SQS cannot move');
    expect(code).toBe(0);
    expect(sim.messagesIn(changes.url)).toHaveLength(2);
    expect((await esr(sim, 'replay')).out).toBe('no dead letters to replay\n');
  });

  it.concurrent('moves those of other accounts back to their own queue, where other accounts are trusted', async (context) => {
    const sim = await account(context);
    const { changes, dead, theirs, theirDead, theirLost } = install(sim, {}, true);
    for (const { url } of [dead, theirDead, theirDead, theirLost])
      sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: '{}' });
    expect((await esr(sim, 'status', '-o', 'wide')).out).toContain('3 messages given up by');
    const { out, err } = await esr(sim, 'replay');
    expect(out).toBe('3 messages on the way back to the queue\n');
    expect(err).toContain('1 event in TrustedRuleDeadLetterQueue, which SQS cannot move');
    expect(sim.messagesIn(changes.url)).toHaveLength(1);
    expect(sim.messagesIn(theirs.url)).toHaveLength(2);
  });
});

describe.concurrent('status', () => {
  const alarm = {
    name: 'prod-failures',
    changedAt: Date.now() - 600_000,
    description: 'It failed. First: look at the log.',
  };
  const MINUTE = 60_000;

  /** A service that works: its last event, its last sweep, and alarms that do not ring. */
  function working(sim: Simulator, environment: Readonly<Record<string, string>> = {}) {
    const queues = install(sim, environment);
    const own = { service: 'ecs-secret-redeploy', stage: 'prod' };
    const on = (name: string) => ({ FunctionName: `ecs-secret-redeploy-prod-${name}` });
    const value = { value: 1, at: Date.now() - 20 * MINUTE };
    sim.world.datum({ namespace: 'SecretRedeploy', metric: 'Changes', dimensions: own, ...value });
    sim.world.datum({
      namespace: 'SecretRedeploy',
      metric: 'Throttled',
      dimensions: own,
      ...value,
      value: 3,
    });
    sim.world.datum({
      namespace: 'AWS/Lambda',
      metric: 'Invocations',
      dimensions: on('on-schedule'),
      ...value,
    });
    sim.world.datum({
      namespace: 'AWS/Lambda',
      metric: 'Invocations',
      dimensions: on('on-change'),
      ...value,
      at: Date.now(),
    });
    sim.world.alarm({ ...alarm, state: 'OK' });
    return queues;
  }

  it.concurrent('says what is known of a service that works, and ends with 0', async (context) => {
    const sim = await account(context);
    const { changes } = working(sim);
    sim.act('sqs', 'SendMessage', { QueueUrl: changes.url, MessageBody: '{}', DelaySeconds: 60 });
    const { out, code } = await esr(sim, 'status');
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe('the service works');
    expect(Object.fromEntries(lines.slice(1).map((line) => line.split(/ {2,}/)))).toEqual({
      stack: 'ecs-secret-redeploy-prod',
      stage: 'prod',
      mode: 'enforce',
      version: '0.1.0, code c2ltdWxh, changed 2026-11-20T10:00',
      'last event': expect.stringMatching(/^2\d min ago$/),
      'last sweep': expect.stringMatching(/^2\d min ago$/),
      throttled: '3 calls within a day',
      'under way': '0 messages due, 0 in work, 1 later',
      'dead letters': '0 of the function, 0 of the rules',
      alarms: 'none of 1 rings',
      quota: 'reads 80 % (16 of 20 a second), UpdateService 80 % (4 of 5 a second)',
    });
    expect(code).toBe(0);
  });

  it.concurrent('says what to do about each finding, and ends with 3', async (context) => {
    const sim = await account(context);
    const { dead, lost } = install(sim, { MODE: 'observe' });
    for (const { url } of [dead, lost]) sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: '{}' });
    sim.world.alarm({ ...alarm, state: 'ALARM' });
    const { out, code } = await esr(sim, 'status', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      findings: [
        { finding: 'the service is stopped: it redeploys nothing', todo: 'esr resume' },
        { finding: 'no sweep has begun within a day: what no event tells of is not found' },
        { finding: '1 message given up by on-change', todo: 'mend the cause, then esr replay' },
        { finding: '1 event reached no queue' },
        {
          finding: expect.stringMatching(/^alarm prod-failures rings for 1\d min$/),
          todo: 'look at the log.',
        },
      ],
    });
    expect(code).toBe(3);
  });
});

function tagsOf(sim: Simulator, arn: string): unknown {
  const { services } = sim.act('ecs', 'DescribeServices', {
    cluster: 'prod',
    services: [arn],
    include: ['TAGS'],
  }) as { readonly services: readonly { readonly tags?: unknown }[] };
  return services[0]?.tags ?? [];
}
