import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeEventBusCommand, PutPermissionCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod/mini';
import { sampleEvents } from '../../events/samples.ts';
import { parseTemplate, stackOf } from '../cloudformation.ts';
import { changeParameter, putOnBus, rotate } from './changes.ts';
import { cloudIn } from './cloud.ts';
import { COMMANDS, FROM_CLONE_TO_PLAN, filledIn } from './commands.ts';
import { type DeployedFunction, startDeployed } from './deployed-function.ts';
import { attributesOf, deliverAll, deliverFrom, drain, type EventSource, takeOver } from './event-source.ts';
import { arnOf, buildFleet, type Fleet, OF_PARAMETER, OF_SECRET, redeployedBy, tag } from './fleet.ts';
import { openFront } from './front.ts';
import { listAll, stacksIn } from './leftovers.ts';
import { detailOf, eventsIn, namesOf, plannedIn, toldIn, usesIn } from './said.ts';
import { readStack, STACK, type Stack } from './stack.ts';
import { openTerminal, type Terminal } from './terminal.ts';

// The stack is deployed, used, stopped, broken, mended and removed, in this order and with the commands of the
// documents. AWS is moto; the functions run the deployed code in the deployed environment.
const HOME = 'eu-west-1';
const ELSEWHERE = 'eu-central-1';
const cloud = cloudIn(HOME, inject('endpoint'));

/** The commands of the documents that a step has run. */
const tried = new Set<string>();
let front: Awaited<ReturnType<typeof openFront>>;
let terminal: Terminal;
let fleet: Fleet;
let stack: Stack;
let sources: readonly EventSource[];
let onChange: DeployedFunction;
let onRequest: DeployedFunction;

beforeAll(async () => {
  // moto cannot run the functions: what an operator asks on-request is answered by the deployed code.
  front = await openFront(cloud.endpoint, (name, request) => {
    if (name !== `${STACK}-on-request`)
      throw new Error(`expected an invocation of on-request, found ${name}`);
    return onRequest.ask(Object(request));
  });
  terminal = await openTerminal(front.endpoint, HOME);
  fleet = await buildFleet(cloud);
});
afterAll(async () => {
  await stopFunctions();
  front.close();
  await terminal.close();
});

test('README leads from a clone to the plan: the stack is deployed in observe mode and says what it would do', async () => {
  await rotate(cloud, fleet.secret);
  // .ci/run installs and runs the demo and the tests. Here the packages are those of this checkout.
  const own = FROM_CLONE_TO_PLAN.filter((command) => !command.startsWith('npm '));
  expect(own).toHaveLength(2);
  let printed = '';
  for (const command of own) {
    tried.add(command);
    printed = await terminal.run(command);
    if (command.includes('osls deploy')) await beginToWork();
  }
  const rows = printed.split('\n').filter((line) => line.includes('redeploy'));
  expect(rows.map((line) => /service\/([\w/]+)/.exec(line)?.[1])).toEqual(OF_SECRET);
  expect(onChange.environment).toMatchObject({ MODE: 'observe' });
  const queues = await Promise.all(['ChangeQueue', 'CloudTrailQueue'].map(arnOfQueue));
  expect(sources.map(({ arn }) => arn).sort()).toEqual(queues.sort());
});

test('each sample event arrives in its queue, and no other event arrives', async () => {
  const samples = sampleEvents();
  await putOnBus(
    cloud,
    samples.map(({ event }) => event),
  );
  for (const [queue, logicalId] of [
    ['changes', 'ChangeQueue'],
    ['cloudtrail', 'CloudTrailQueue'],
  ] as const) {
    const right = samples.filter(({ rules }) => rules === queue).map(({ event }) => event);
    expect((await drained(logicalId)).map(detailOf).sort()).toEqual(
      right.map((event) => detailOf(JSON.stringify(event))).sort(),
    );
  }
  expect(await drained('ChangeDeadLetterQueue')).toEqual([]);
  expect(await drained('RuleDeadLetterQueue')).toEqual([]);
});

test('the queues have the timeout, dead-letter queue and encryption that on-change needs', async () => {
  for (const logicalId of ['ChangeQueue', 'CloudTrailQueue']) {
    const attributes = await attributesOf(cloud, stack.physicalId(logicalId));
    expect(Number(attributes['VisibilityTimeout'])).toBeGreaterThan(onChange.timeoutSeconds);
    expect(JSON.parse(attributes['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: await arnOfQueue('ChangeDeadLetterQueue'),
      maxReceiveCount: 5,
    });
    expect(attributes['SqsManagedSseEnabled']).toBe('true');
  }
});

test('in observe mode a rotation is reported, and no service is redeployed', async () => {
  const { native, trail } = await rotate(cloud, fleet.secret);
  await putOnBus(cloud, [native, ...trail]);
  expect(await redeployedBy(cloud, deliver)).toEqual([]);
  expect(toldIn(onChange.records(), 'observe')).toEqual(OF_SECRET);
});

test('on-request answers which services use a secret, and which would be redeployed', async () => {
  const uses = await onRequest.ask({ action: 'uses', secret: 'prod/db' });
  expect(namesOf(usesIn(uses))).toEqual([...OF_SECRET, 'prod/exempt', 'tools/pinned'].sort());
  const redeployed = await redeployedBy(cloud, async () => {
    expect(await run('askForPlan')).toContain("'pinned'");
    expect(plannedIn(await lastAnswer())).toEqual(OF_SECRET);
  });
  expect(redeployed).toEqual([]);
});

test('the answer to a wrong request says what is wrong', async () => {
  const wrong = COMMANDS.askForPlan.replace('"plan"', '"plans"');
  const printed = await terminal.run(wrong);
  expect(printed).toContain('Unhandled');
  expect(printed).toContain('wrong request, nothing was done: action');
});

test('on-request answers what runs on an old value in some clusters', async () => {
  expect(await run('askForStale')).toContain('"complete":true');
  expect(await lastAnswer()).toHaveProperty('stale.certain');
});

test('after a deployment in enforce mode the message that arrived before it is carried out', async () => {
  const { native, trail } = await rotate(cloud, fleet.secret);
  await putOnBus(cloud, [native]);
  const before = onChange.environment;
  await run('deployEnforcing');
  await startFunctions();
  expect(onChange.environment).toEqual({ ...before, MODE: 'enforce' });
  expect(await redeployedBy(cloud, deliver)).toEqual(OF_SECRET);
  expect(eventsIn(onChange.records())).toContain('change.settled');

  await putOnBus(cloud, trail);
  expect(await redeployedBy(cloud, deliver)).toEqual([]);
  expect(toldIn(onChange.records(), 'already-fresh')).toEqual(OF_SECRET);
});

test('a change of a parameter redeploys the services that refer to it, and no others', async () => {
  await putOnBus(cloud, [await changeParameter(cloud, '/app/key')]);
  expect(await redeployedBy(cloud, deliver)).toEqual(OF_PARAMETER);
});

test('one service can be excluded and included again', async () => {
  const report = arnOf(cloud, 'tools/report');
  await run('exclude', report);
  await putOnBus(cloud, [(await rotate(cloud, fleet.secret)).native]);
  expect(await redeployedBy(cloud, deliver)).toEqual(OF_SECRET.filter((name) => name !== 'tools/report'));

  await run('includeAgain', report);
  expect(await redeployedBy(cloud, redeployByHand)).toEqual(['tools/report']);
  await deliver();
});

test('after a stop a follow-up that is on the queue redeploys no service', async () => {
  await tag(cloud, 'prod/worker', 'wave', '1');
  await putOnBus(cloud, [(await rotate(cloud, fleet.secret)).native]);
  const firstWave = OF_SECRET.filter((name) => name !== 'prod/worker');
  expect(await redeployedBy(cloud, deliverOnce)).toEqual(firstWave);
  const before = onChange.environment;

  await run('stop');
  await startFunctions();
  expect(onChange.environment).toEqual({ ...before, MODE: 'observe' });
  expect(await redeployedBy(cloud, deliver)).toEqual([]);
  expect(toldIn(onChange.records(), 'observe')).toEqual(['prod/worker']);
  expect(await redeployedBy(cloud, redeployByHand)).toEqual([]);

  await run('goOn');
  await startFunctions();
  expect(onChange.environment).toEqual(before);
  expect(await redeployedBy(cloud, redeployByHand)).toEqual(['prod/worker']);
  await deliver();
});

test('a message that fails five times becomes a dead letter, and is carried out when it is redriven', async () => {
  await putOnBus(cloud, [(await rotate(cloud, fleet.secret)).native]);
  await send('ChangeQueue', 'no event');
  await startFunctions({ MODE: 'perhaps' });
  expect(await redeployedBy(cloud, deliver)).toEqual([]);
  expect(await lengthOf('ChangeDeadLetterQueue')).toBe(2);

  await startFunctions();
  await run('redrive');
  expect(await lengthOf('ChangeDeadLetterQueue')).toBe(0);
  expect(await redeployedBy(cloud, deliver)).toEqual(OF_SECRET);
  // The event succeeded at once; the message that is no event failed five times again.
  expect(await drained('ChangeDeadLetterQueue')).toEqual(['no event']);
});

test('an event that EventBridge could not deliver shows what to redeploy by hand', async () => {
  const { native } = await rotate(cloud, fleet.secret);
  // moto loses an event that it cannot deliver; EventBridge puts it on this queue.
  await send('RuleDeadLetterQueue', JSON.stringify(native));
  expect(await run('lookAtLost')).toContain(fleet.secret.arn);
  expect(await redeployedBy(cloud, redeployByHand)).toEqual(
    OF_SECRET.filter((name) => name !== 'prod/worker'),
  );
  await deliver();
});

test('another Region has a stack of its own, which is deployed and removed independently', async () => {
  const there = cloudIn(ELSEWHERE, cloud.endpoint);
  await run('deployElsewhere');
  const stackThere = await readStack(terminal, ELSEWHERE);
  await takeOver(terminal, there);
  const samples = sampleEvents().filter(({ rules }) => rules === 'changes');
  const events = samples.map(({ event }) => event);
  await putOnBus(there, events);
  expect(await drain(there, stackThere.physicalId('ChangeQueue'))).toHaveLength(events.length);
  expect(await drained('ChangeQueue')).toEqual([]);

  await run('removeElsewhere');
  expect(await stacksIn(terminal, ELSEWHERE)).toEqual([]);
  const regional = new Set(['AWS::Events::Rule', 'AWS::Lambda::Function', 'AWS::SQS::Queue']);
  for (const [kind, names] of await listAll(terminal, regional, ELSEWHERE)) expect(names, kind).toEqual([]);
  expect(await stacksIn(terminal, HOME)).toEqual([STACK]);
  await putOnBus(cloud, events);
  expect(await drained('ChangeQueue')).toHaveLength(events.length);
});

test('a rule of an operator passes own events on to a topic', async () => {
  await run('putRule');
  await run('putTargets', stack.physicalId('AlarmTopic'));
  const targets = await terminal.run(
    `aws events list-targets-by-rule --rule secret-redeploy-trouble --region ${HOME} --output text`,
  );
  expect(targets).toContain(stack.physicalId('AlarmTopic'));
  await terminal.run(
    `aws events remove-targets --rule secret-redeploy-trouble --ids topic --region ${HOME} &&
    aws events delete-rule --name secret-redeploy-trouble --region ${HOME}`,
  );
});

test('trusted accounts have a bus of their own, and the template for them puts events on it', async () => {
  await run('trustAccounts');
  // moto leaves out the policy of a bus, which is put here as CloudFormation puts it.
  const { TemplateBody } = await terminal.aws(
    `cloudformation get-template --stack-name ${STACK} --region ${HOME}`,
    z.object({ TemplateBody: z.unknown() }),
  );
  const Policy = z.object({
    EventBusName: z.string(),
    StatementId: z.string(),
    Statement: z.looseObject({}),
  });
  const [policy] = stackOf(parseTemplate(TemplateBody), cloud.place)
    .ofType('AWS::Events::EventBusPolicy')
    .map(({ properties }) => Policy.parse(properties));
  const statement = { ...policy?.Statement, Sid: policy?.StatementId };
  const EventBusName = policy?.EventBusName;
  await cloud.bus.send(
    new PutPermissionCommand({
      EventBusName,
      Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    }),
  );
  const { Arn = '', Policy: stored = '' } = await cloud.bus.send(
    new DescribeEventBusCommand({ Name: EventBusName }),
  );
  expect(JSON.parse(stored)).toMatchObject({ Statement: [{ ...statement, Resource: Arn }] });

  const trusted = await takeOver(terminal, cloud);
  const queue = (await readStack(terminal, HOME)).physicalId('TrustedQueue');
  expect(trusted.map(({ arn }) => arn)).toContain((await attributesOf(cloud, queue))['QueueArn']);

  await run('forward', Arn);
  const rules = await terminal.aws(
    `events list-rule-names-by-target --target-arn ${Arn} --region ${HOME}`,
    z.object({ RuleNames: z.array(z.string()) }),
  );
  expect(rules.RuleNames).toHaveLength(5);
  await terminal.run(`aws cloudformation delete-stack --stack-name secret-forwarder --region ${HOME}`);
  expect(await stacksIn(terminal, HOME)).toEqual([STACK]);
});

test('a stack with a snapshot is removed once its bucket is empty, and a bucket left behind is removed, too', async () => {
  const settings = join(terminal.folder, 'infra/params.yml');
  const before = await readFile(settings, 'utf8');
  await writeFile(settings, `${before}  snapshot: ENABLED\n`);
  await run('deployEnforcing');
  const bucket = (await readStack(terminal, HOME)).physicalId('SnapshotBucket');
  const put = (to: string) =>
    terminal.run(`aws s3 cp package.json s3://${to}/fleet.json.gz --region ${HOME}`);
  await put(bucket);
  await run('removeWithSnapshot');
  expect(await stacksIn(terminal, HOME)).toEqual([]);

  await terminal.run(`aws s3 mb s3://left-behind --region ${HOME}`);
  await put('left-behind');
  await run('removeBucket', 'left-behind');
  expect(await terminal.run(`aws s3 ls --region ${HOME}`)).not.toMatch(/left-behind|snapshot/i);

  await writeFile(settings, before);
  await run('deployWithSettings');
  await beginToWork();
  expect(onChange.environment).toMatchObject({ MODE: 'observe', CLUSTERS: 'prod-*,!prod-legacy' });
});

test('the removal of the stack leaves no resource behind', async () => {
  for (const [kind, names] of await listAll(terminal, stack.kinds, HOME)) expect(names, kind).not.toEqual([]);

  await run('remove');
  expect(await stacksIn(terminal, HOME)).toEqual([]);
  for (const [kind, names] of await listAll(terminal, stack.kinds, HOME)) expect(names, kind).toEqual([]);
});

test('every command of the documents was run, as it stands there', () => {
  expect(Object.values(COMMANDS).filter((command) => !tried.has(command))).toEqual([]);
});

async function beginToWork(): Promise<void> {
  stack = await readStack(terminal, HOME);
  sources = await takeOver(terminal, cloud);
  await startFunctions();
}

/** Runs a command of the documents with a value in the place of its `<…>`. */
function run(name: keyof typeof COMMANDS, value = ''): Promise<string> {
  tried.add(COMMANDS[name]);
  return terminal.run(filledIn(COMMANDS[name], value));
}

/** Starts new processes, as Lambda does after a change of code or configuration; `over` holds wrong settings. */
async function startFunctions(over: Readonly<Record<string, string>> = {}): Promise<void> {
  await stopFunctions();
  const at = { terminal, cloud, stack };
  [onChange, onRequest] = await Promise.all([
    startDeployed('on-change', at, over),
    startDeployed('on-request', at, over),
  ]);
}

async function stopFunctions(): Promise<void> {
  await Promise.all([onChange, onRequest].map((lambda) => lambda?.stop()));
}

function deliver(): Promise<void> {
  return deliverAll(cloud, sources, onChange);
}

/** Delivers the messages that are on the queues now, but not the follow-ups that they cause. */
async function deliverOnce(): Promise<void> {
  for (const source of sources) await deliverFrom(cloud, source, onChange);
}

function redeployByHand(): Promise<unknown> {
  return run('redeployByHand');
}

/** The answer to the last request, in the file in which the commands of the documents put it. */
async function lastAnswer(): Promise<unknown> {
  return JSON.parse(await readFile(join(terminal.folder, 'answer.json'), 'utf8'));
}

async function send(logicalId: string, body: string): Promise<void> {
  const message = { QueueUrl: stack.physicalId(logicalId), MessageBody: body };
  await cloud.sqs.send(new SendMessageCommand(message));
}

function drained(logicalId: string): Promise<readonly string[]> {
  return drain(cloud, stack.physicalId(logicalId));
}

async function lengthOf(logicalId: string): Promise<number> {
  return Number((await attributesOf(cloud, stack.physicalId(logicalId)))['ApproximateNumberOfMessages']);
}

async function arnOfQueue(logicalId: string): Promise<string> {
  return (await attributesOf(cloud, stack.physicalId(logicalId)))['QueueArn'] ?? '';
}
