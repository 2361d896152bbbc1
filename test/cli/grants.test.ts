import { expect, it } from 'vitest';
import { read } from '../docs/documents.ts';
import { installService } from '../support/installed.ts';
import { changed, services } from './fleets.ts';
import { account, esr, PERSON } from './terminal.ts';

const WRITES = /:(?!Describe|List|Get)/;

/** The actions that docs/security.md names for a command. */
function actionsNamed(command: string): readonly string[] {
  const row = read('docs/security.md')
    .split('\n')
    .find((line) => line.startsWith('| ') && line.split('|')[1]?.includes(`\`${command}\``));
  const [first = ''] = (row?.split('|')[2] ?? '').split(';');
  return [...first.matchAll(/`([\w-]+:\w+)`/g)].map(([, action = '']) => action);
}

it.for([
  ['redeploy', 'redeploy prod/db'],
  ['redeploy --local', 'redeploy prod/db --local'],
  ['stop', 'stop --yes'],
  ['resume', 'resume'],
  ['exclude', 'exclude prod/api-1'],
  ['include', 'include prod/api-1'],
  ['replay', 'replay'],
] as const)(
  '%s writes with the actions that docs/security.md names, and with no other',
  async ([command, line], context) => {
    const sim = await account(context, { rolloutMs: 100 });
    services(sim, changed(sim, 'prod/db'), 'prod', { stale: 1, fresh: 0 });
    const dead = sim.world.queue({ name: 'dead' });
    sim.world.queue({ name: 'changes', maxReceiveCount: 5, deadLetters: dead });
    sim.act('sqs', 'SendMessage', { QueueUrl: dead.url, MessageBody: '{}' });
    const queue = { type: 'AWS::SQS::Queue', physicalId: dead.url };
    sim.world.stack({
      resources: { ChangeDeadLetterQueue: queue, RuleDeadLetterQueue: queue },
      handlers: { 'on-request': () => Promise.resolve({}) },
    });
    expect((await esr(sim, ...line.split(' '))).code).toBe(0);
    const made = [...sim.ledger.actionsOf(PERSON)].filter((action) => WRITES.test(action));
    // IAM has another name for this one call than the API.
    expect(made.map((action) => action.replace(/^lambda:Invoke$/, 'lambda:InvokeFunction'))).toEqual(
      actionsNamed(command).filter((action) => WRITES.test(action)),
    );
  },
);

it('doctor asks with the actions that docs/security.md names, besides those of every command with a stack', async (context) => {
  const sim = await account(context);
  installService(sim, { parameters: { snapshot: 'ENABLED' } });
  expect((await esr(sim, 'doctor')).code).toBe(3);
  const ofStacks = [
    'cloudformation:DescribeStackResources',
    'lambda:GetFunctionConfiguration',
    'sts:GetCallerIdentity',
  ];
  const made = [...sim.ledger.actionsOf(PERSON)];
  expect(new Set(made)).toEqual(new Set([...actionsNamed('doctor'), ...ofStacks]));
  const before = sim.ledger.calls.length;
  const simulator = { service: 'iam', operation: 'SimulatePrincipalPolicy', kind: 'server-error' } as const;
  sim.faults.add({ ...simulator, times: Infinity });
  const name = 'ecs-secret-redeploy-prod-OnScheduleRole-A1B2C3D4';
  sim.world.role({ name, managed: { all: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } });
  await esr(sim, 'doctor');
  const asked = sim.ledger.calls
    .slice(before)
    .flatMap(({ service, operation }) => (service === 'iam' ? [`iam:${operation}`] : []));
  const otherwise = /it reads the policies: ([^;]*)/.exec(read('docs/security.md'))?.[1] ?? '';
  const named = [...otherwise.matchAll(/`(iam:\w+)`/g)].map(([, action]) => action);
  expect(new Set(asked.filter((action) => action !== 'iam:SimulatePrincipalPolicy'))).toEqual(new Set(named));
});

it('status reads the queues and CloudWatch with the actions that docs/security.md names', async (context) => {
  const sim = await account(context);
  const { url } = sim.world.queue({ name: 'any' });
  const ids = ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'];
  const queues = ids.map((id) => [id, { type: 'AWS::SQS::Queue', physicalId: url }] as const);
  const alarm = ['AnyAlarm', { type: 'AWS::CloudWatch::Alarm', physicalId: 'any' }] as const;
  sim.world.stack({ resources: Object.fromEntries([...queues, alarm]) });
  expect((await esr(sim, 'status')).code).toBe(3);
  const made = [...sim.ledger.actionsOf(PERSON)].filter((action) => /^(?:cloudwatch|sqs):/.test(action));
  expect(new Set(made)).toEqual(new Set(actionsNamed('status')));
});
