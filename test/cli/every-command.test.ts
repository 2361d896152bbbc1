import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../functions/cli/commands/all.ts';
import type { Simulator } from '../simulator/index.ts';
import { changed, services } from './fleets.ts';
import { ALONE, account, esr, PERSON, type Ran, runEsr } from './terminal.ts';

/** A line of each command that would do what it is for. */
const LINES = {
  stale: 'stale prod/db',
  uses: 'uses prod/db',
  plan: 'plan prod/db',
  redeploy: 'redeploy prod/db --local',
  watch: 'watch prod/db --timeout 1s',
  explain: 'explain prod/api-1 prod/db',
  status: 'status',
  stop: 'stop --yes',
  resume: 'resume',
  exclude: 'exclude prod/api-1',
  include: 'include prod/api-1',
  replay: 'replay',
} as const;
/** A command of a command, which asks AWS as the others do. */
const OWN = ['doctor access prod/db'] as const;
/** It goes on without what it may not ask. */
const DOCTOR = 'doctor';
const EVERY = [...Object.values(LINES), ...OWN, DOCTOR];

const HERE = 'in eu-west-1 of account 111122223333';

/** Services on an old value, and the installed service with a dead letter. */
function world(sim: Simulator): void {
  services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
  changed(sim, 'prod/db-admin');
  changed(sim, 'prod/lonely');
  const { url } = sim.world.queue({ name: 'any' });
  sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: '{}' });
  const ids = ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'];
  const queues = ids.map((id) => [id, { type: 'AWS::SQS::Queue', physicalId: url }] as const);
  sim.world.stack({
    resources: {
      ...Object.fromEntries(queues),
      AnyAlarm: { type: 'AWS::CloudWatch::Alarm', physicalId: 'any' },
    },
    handlers: { 'on-request': () => Promise.resolve({}) },
  });
}

const READS = /^(?:Describe|List|Get)/;

const writesIn = ({ ledger }: Simulator) =>
  ledger.calls
    .filter(({ operation, accessKeyId }) => accessKeyId === PERSON && !READS.test(operation))
    .map(({ operation }) => operation);

/** The one sentence with which a command failed. */
function sentenceOf({ out, err }: Ran): string {
  const errors = err.split('\n').filter((line) => line.startsWith('error: '));
  expect({ errors: errors.length, out }).toEqual({ errors: 1, out: '' });
  return errors[0]?.replace('error: ', '') ?? '';
}

async function fails(sim: Simulator, line: string, env: Readonly<Record<string, string>> = {}) {
  const ran = await esr({ env: { ...sim.env, ...env } }, ...line.split(' '));
  return { said: sentenceOf(ran), code: ran.code };
}

it('every command that cuts a list knows --all, which shows it whole', () => {
  const cut = COMMANDS.filter(({ options }) => options.some(({ flags }) => flags.includes('--all')));
  expect(cut.map(({ name }) => name)).toEqual([
    'stale',
    'uses',
    'plan',
    'redeploy',
    'watch',
    'explain',
    'status',
    'doctor',
  ]);
});

it('every command has a line here', () => {
  const own = COMMANDS.filter(({ commands }) => commands === undefined);
  expect(Object.keys(LINES)).toEqual(own.map(({ name }) => name));
});

describe.concurrent.for(EVERY)('%s', (line) => {
  it.concurrent('with an unknown option, format or Region says so, and asks AWS nothing', async (context) => {
    const sim = await account(context);
    world(sim);
    const asked = sim.ledger.calls.length;
    expect(await fails(sim, `${line} --nope`)).toEqual({ said: "unknown option '--nope'", code: 1 });
    expect((await fails(sim, `${line} -o yaml`)).said).toContain(
      'Allowed choices are table, wide, json, name.',
    );
    expect((await fails(sim, `${line} --region eu-wst`)).said).toContain('It is no name of a Region');
    expect((await fails(sim, `${line} --stage my_stage`)).said).toContain('It is no name of a stage');
    expect(sim.ledger.calls.slice(asked)).toEqual([]);
  });

  it.concurrent('without credentials, or with a profile that does not exist, ends with 2', async (context) => {
    const sim = await account(context);
    world(sim);
    const words = line.split(' ');
    const without = await runEsr({ AWS_REGION: 'eu-west-1' }, words);
    expect(sentenceOf(without)).toContain('credentials');
    const other = await runEsr({ ...ALONE, ...sim.env }, [...words, '--profile', 'nobody']);
    expect(sentenceOf(other)).toMatch(/credentials|profile/);
    expect([without.code, other.code]).toEqual([2, 2]);
    expect(writesIn(sim)).toEqual([]);
  });

  it.concurrent('where AWS cannot be reached ends with 2', async (context) => {
    const sim = await account(context);
    expect(await fails(sim, line, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' })).toEqual({
      said: 'AWS cannot be reached: check --region, the network and AWS_ENDPOINT_URL',
      code: 2,
    });
  });

  it.concurrent('with a stack that does not exist ends with 1', async (context) => {
    const sim = await account(context);
    world(sim);
    expect(await fails(sim, `${line} --stack other`)).toEqual({
      said: 'there is no stack other in eu-west-1',
      code: 1,
    });
    expect(writesIn(sim)).toEqual([]);
  });

  it.concurrent('without the permission to read the settings names it, and does nothing', async (context) => {
    const sim = await account(context);
    world(sim);
    const action = 'cloudformation:DescribeStackResources';
    const denied = { service: 'cloudformation', operation: 'DescribeStackResources' } as const;
    sim.faults.add({ ...denied, kind: 'access-denied', times: Infinity });
    if (line === DOCTOR) {
      const { out, code } = await esr(sim, line);
      expect(out).toContain(`the permission ${action} is missing`);
      expect(code).toBe(3);
      return;
    }
    const { said, code } = await fails(sim, line);
    expect(said).toContain(
      `the permission ${action} is missing, so nothing was decided and nothing was done`,
    );
    expect(code).toBe(2);
    expect(writesIn(sim)).toEqual([]);
  });
});

/** What a command fails with that names something which is not there, or may not do what it is for. */
async function failure(sim: Simulator, line: string, said: string, code: number) {
  expect(await fails(sim, line)).toEqual({ said, code });
  expect(writesIn(sim)).toEqual([]);
}

const TAKE_SECRETS = [
  'stale %',
  'uses %',
  'plan %',
  'redeploy % --local',
  'redeploy %',
  'watch %',
  'explain prod/api-1 %',
];
const TAKE_SERVICES = [
  'uses --service %',
  'plan --service %',
  'redeploy --service % --local',
  'redeploy --service %',
  'watch --service %',
  'explain %',
  'exclude %',
  'include %',
];
const TAKE_CLUSTERS = ['stale', 'uses prod/db', 'plan prod/db', 'redeploy prod/db --local', 'watch prod/db'];
const ELSEWHERE = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf';
const OTHERS = 'arn:aws:ecs:eu-west-1:999988887777:service/prod/api-1';

const WRONG_NAMES = [
  ...TAKE_SECRETS.flatMap((line) => [
    [line, 'prod/bd', `there is no secret prod/bd ${HERE}; did you mean prod/db?`] as const,
    [line, 'DB', `DB is ambiguous ${HERE}: prod/db, prod/db-admin; name one of them in full`] as const,
    [
      line,
      ELSEWHERE,
      `${ELSEWHERE} is in us-east-1, and this command asks eu-west-1: pass --region us-east-1`,
    ] as const,
  ]),
  ...TAKE_SERVICES.flatMap((line) => [
    [line, 'prod/api-11', `there is no service prod/api-11 ${HERE}; did you mean prod/api-1?`] as const,
    [line, 'pord/api-1', `there is no cluster pord ${HERE}; did you mean prod?`] as const,
    [line, 'prod', 'prod is neither cluster/service nor the ARN of a service'] as const,
    [
      line,
      OTHERS,
      `${OTHERS} is of account 999988887777, and these credentials are of 111122223333`,
    ] as const,
  ]),
  ...TAKE_CLUSTERS.map(
    (line) => [`${line} -c %`, 'pord', `no cluster ${HERE} matches pord; did you mean prod?`] as const,
  ),
];

describe.concurrent('a name of nothing ends with 1 and says what may be meant, and nothing is done:', () => {
  it.concurrent.for(WRONG_NAMES)('%s with %s', async ([line, name, said], context) => {
    const sim = await account(context);
    world(sim);
    await failure(sim, line.replace('%', name), said, 1);
  });
});

describe.concurrent('a secret to which no service refers is nothing to do:', () => {
  it.concurrent.for([
    ['stale %', 'prod/lonely changed 4 h ago: no service refers to it'],
    ['uses %', '0 services refer to prod/lonely'],
    ['plan %', 'prod/lonely changed 4 h ago: no service refers to it'],
    ['redeploy % --local', 'prod/lonely changed 4 h ago: no service refers to it'],
    ['redeploy %', 'prod/lonely changed 4 h ago: no service refers to it'],
    ['watch %', 'prod/lonely: no service refers to it'],
  ] as const)('%s', async ([line, said], context) => {
    const sim = await account(context);
    world(sim);
    const { out, code } = await esr(sim, ...line.replace('%', 'prod/lonely').split(' '));
    expect(out.split('\n')[0]).toBe(said);
    expect(code).toBe(0);
    expect(writesIn(sim)).toEqual([]);
  });
});

describe.concurrent('where nothing is installed, and --local is not given, nothing is done:', () => {
  it.concurrent.for([
    [LINES.status, `the service is not installed ${HERE}: --stage or --stack names another stack`],
    [LINES.stop, `the service is not installed ${HERE}: --stage or --stack names another stack`],
    [LINES.resume, `the service is not installed ${HERE}: --stage or --stack names another stack`],
    [LINES.replay, `the service is not installed ${HERE}: --stage or --stack names another stack`],
    [
      'redeploy prod/db',
      'the service is not installed here for stage prod: --local redeploys from this terminal',
    ],
  ] as const)('%s', async ([line, said], context) => {
    const sim = await account(context);
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    await failure(sim, line, said, 1);
  });
});

describe.concurrent('without the permission for what it does, a command names it and ends with 2:', () => {
  it.concurrent.for([
    ['redeploy prod/db', 'lambda', 'Invoke', 'lambda:InvokeFunction'],
    [LINES.stop, 'lambda', 'UpdateFunctionConfiguration', 'lambda:UpdateFunctionConfiguration'],
    [LINES.resume, 'lambda', 'UpdateFunctionConfiguration', 'lambda:UpdateFunctionConfiguration'],
    [LINES.exclude, 'ecs', 'TagResource', 'ecs:TagResource'],
    [LINES.include, 'ecs', 'UntagResource', 'ecs:UntagResource'],
    [LINES.replay, 'sqs', 'StartMessageMoveTask', 'sqs:StartMessageMoveTask'],
    [LINES.status, 'cloudwatch', 'GetMetricData', 'cloudwatch:GetMetricData'],
    [LINES.status, 'cloudwatch', 'DescribeAlarms', 'cloudwatch:DescribeAlarms'],
    [LINES.status, 'sqs', 'GetQueueAttributes', 'sqs:GetQueueAttributes'],
    [LINES.replay, 'sqs', 'GetQueueAttributes', 'sqs:GetQueueAttributes'],
  ] as const)('%s without %s:%s', async ([line, service, operation, action], context) => {
    const sim = await account(context);
    world(sim);
    sim.faults.add({ service, operation, kind: 'access-denied', times: Infinity });
    const { err, code } = await esr(sim, ...line.split(' '));
    expect(err.match(/^error: .*$/gm)).toEqual([
      `error: the permission ${action} is missing, so ${READS.test(operation) ? 'nothing was decided and nothing was done' : 'this was not done'}`,
    ]);
    expect(code).toBe(2);
  });
});
