import {
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  DeleteEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PurgeQueueCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Check } from '../../../functions/core/doctor/check.ts';
import { ALONE, runEsr } from '../../cli/terminal.ts';
import { ANYBODY, type Cloud, cloudIn } from './cloud.ts';
import { COMMANDS } from './commands.ts';
import { startMoto } from './server.ts';
import { readStack, STACK, type Stack } from './stack.ts';
import { openTerminal, type Terminal } from './terminal.ts';

// The stack is deployed, completed by what moto's CloudFormation leaves out, and then broken and mended step by step. After each
// step `esr doctor` says what is broken, and nothing else.
const HOME = 'eu-west-1';
const RULES = {
  ChangeQueue: ['SecretLabelUpdatedRule', 'ParameterChangedRule', 'ParameterExpiresRule'],
  CloudTrailQueue: ['CloudTrailRotationRule', 'CloudTrailCallRule'],
} as const;
const ALARM = `${STACK}-dead-letters`;

let moto: Awaited<ReturnType<typeof startMoto>>;
let terminal: Terminal;
let cloud: Cloud;
let stack: Stack;
let events: EventBridgeClient;
let iam: IAMClient;
let lambda: LambdaClient;
let s3: S3Client;
let trails: CloudTrailClient;
let watch: CloudWatchClient;

beforeAll(async () => {
  moto = await startMoto();
  terminal = await openTerminal(moto.endpoint, HOME);
  cloud = cloudIn(HOME, moto.endpoint);
  const options = { endpoint: moto.endpoint, region: HOME, credentials: ANYBODY };
  events = new EventBridgeClient(options);
  iam = new IAMClient(options);
  lambda = new LambdaClient(options);
  s3 = new S3Client({ ...options, forcePathStyle: true });
  trails = new CloudTrailClient(options);
  watch = new CloudWatchClient(options);
  await terminal.run(`${COMMANDS.deployEnforcing} --param="snapshot=ENABLED"`);
  stack = await readStack(terminal, HOME);
  await complete();
});
afterAll(async () => {
  moto.stop();
  await terminal.close();
});

test('of the intact stack doctor says ok, and nothing else', async () => {
  expect(await doctor()).toEqual({ bad: [], code: 0 });
});

test('a rule that is disabled, one with another pattern, and one that is gone', async () => {
  const Name = stack.physicalId('ParameterChangedRule');
  await events.send(new DisableRuleCommand({ Name }));
  await finds(['rule ParameterChangedRule', 'wrong', 'rule-disabled']);
  await events.send(new EnableRuleCommand({ Name }));
  const { EventPattern } = await events.send(new DescribeRuleCommand({ Name }));
  const narrowed = EventPattern?.replace('"Update", ', '');
  expect(narrowed).not.toBe(EventPattern);
  await events.send(new PutRuleCommand({ Name, EventPattern: narrowed }));
  await finds(['rule ParameterChangedRule', 'wrong', 'rule-changed']);
  const targets = await targetsOf(Name);
  await events.send(new RemoveTargetsCommand({ Rule: Name, Ids: targets.map(({ Id = '' }) => Id) }));
  await events.send(new DeleteRuleCommand({ Name }));
  await finds(['rule ParameterChangedRule', 'wrong', 'rule-gone']);
  await events.send(new PutRuleCommand({ Name, EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: Name, Targets: targets }));
  await finds();
});

test('a rule without its target, and a target without dead letters', async () => {
  const Rule = stack.physicalId('SecretLabelUpdatedRule');
  const targets = await targetsOf(Rule);
  await events.send(new RemoveTargetsCommand({ Rule, Ids: targets.map(({ Id = '' }) => Id) }));
  await finds(['rule SecretLabelUpdatedRule', 'wrong', 'target-gone']);
  const bare = targets.map(({ Id, Arn }) => ({ Id, Arn }));
  await events.send(new PutTargetsCommand({ Rule, Targets: bare }));
  await finds(['rule SecretLabelUpdatedRule', 'warning', 'no-dead-letters']);
  await events.send(new PutTargetsCommand({ Rule, Targets: targets }));
  await finds();
});

test('an event source that is disabled, and one that is gone', async () => {
  const EventSourceArn = arnOfQueue('ChangeQueue');
  const { EventSourceMappings: [mapping] = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn }),
  );
  const UUID = mapping?.UUID ?? '';
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  await finds(['event source ChangeQueue', 'wrong', 'source-disabled']);
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
  await finds();
  const fallback = { EventSourceArn: arnOfQueue('CloudTrailQueue') };
  const { EventSourceMappings: [other] = [] } = await lambda.send(
    new ListEventSourceMappingsCommand(fallback),
  );
  await lambda.send(new DeleteEventSourceMappingCommand({ UUID: other?.UUID ?? '' }));
  await finds(['event source CloudTrailQueue', 'wrong', 'source-gone']);
  const again = `aws lambda create-event-source-mapping --function-name ${STACK}-on-change --region ${HOME}`;
  const how = '--function-response-types ReportBatchItemFailures --batch-size 10';
  await terminal.run(`${again} --event-source-arn ${fallback.EventSourceArn} ${how}`);
  await finds();
});

test('a queue without its policy, and one without its dead-letter queue', async () => {
  const QueueUrl = stack.physicalId('ChangeQueue');
  await cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: '' } }));
  await finds(['queue ChangeQueue', 'wrong', 'queue-policy']);
  await allowRules('ChangeQueue', RULES.ChangeQueue.slice(1));
  await finds(['queue ChangeQueue', 'wrong', 'queue-policy']);
  await allowRules('ChangeQueue', RULES.ChangeQueue);
  const dead = (deadLetterTargetArn: string) => JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 });
  const redrive = async (to: string) => {
    const Attributes = { RedrivePolicy: dead(arnOfQueue(to)) };
    await cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    // With it moto forgets the policy.
    await allowRules('ChangeQueue', RULES.ChangeQueue);
  };
  await redrive('RuleDeadLetterQueue');
  await finds(['queue ChangeQueue', 'wrong', 'no-dead-letters']);
  await redrive('ChangeDeadLetterQueue');
  await finds();
});

test('a role that has lost a permission, and one that has lost all', async () => {
  const on = { RoleName: stack.physicalId('OnChangeRole'), PolicyName: 'on-change' };
  const { PolicyDocument: document = '' } = await iam.send(new GetRolePolicyCommand(on));
  const json = decodeURIComponent(document).replaceAll("'", '"');
  const put = (PolicyDocument: string) => iam.send(new PutRolePolicyCommand({ ...on, PolicyDocument }));
  const narrowed = json.replace('"ecs:UpdateService"', '"ecs:UpdateCluster"');
  expect(narrowed).not.toBe(json);
  await put(narrowed);
  const { bad } = await finds(['permissions of on-change', 'wrong', 'permission-missing']);
  expect(bad[0]?.finding).toBe(`role ${on.RoleName} may not ecs:UpdateService`);
  await iam.send(new DeleteRolePolicyCommand(on));
  await finds(['permissions of on-change', 'wrong', 'permission-missing']);
  await put(json);
  await finds();
});

test('a trail that does not log, and none', async () => {
  await trails.send(new StopLoggingCommand({ Name: 'all' }));
  await finds(['trail', 'warning', 'trail-off']);
  await trails.send(new DeleteTrailCommand({ Name: 'all' }));
  await finds(['trail', 'warning', 'no-trail']);
  await startTrail();
  await finds();
});

test('an alarm that rings, dead letters, and lost events', async () => {
  const state = (StateValue: 'ALARM' | 'OK') =>
    watch.send(new SetAlarmStateCommand({ AlarmName: ALARM, StateValue, StateReason: 'a test' }));
  await state('ALARM');
  await finds(['alarms', 'wrong', 'alarm']);
  await state('OK');
  for (const [queue, check, code] of [
    ['ChangeDeadLetterQueue', 'dead letters', 'dead-letters'],
    ['RuleDeadLetterQueue', 'lost events', 'lost-events'],
  ] as const) {
    const QueueUrl = stack.physicalId(queue);
    await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    await finds([check, 'wrong', code]);
    await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  }
  await finds();
});

test('mode observe, and a snapshot that is gone', async () => {
  expect((await esr('stop', '--yes')).code).toBe(0);
  await finds(['mode', 'warning', 'stopped']);
  expect((await esr('resume')).code).toBe(0);
  const object = { Bucket: stack.physicalId('SnapshotBucket'), Key: 'fleet.json.gz' };
  await s3.send(new DeleteObjectCommand(object));
  await finds(['snapshot', 'warning', 'no-snapshot']);
  await s3.send(new PutObjectCommand({ ...object, Body: 'any' }));
  await finds();
});

test('a function that is gone, and no stack at all', async () => {
  await terminal.run(`aws lambda delete-function --function-name ${STACK}-on-request --region ${HOME}`);
  await finds(['function on-request', 'wrong', 'function-gone']);
  const { bad, code } = await doctor('--stage', 'other');
  expect(bad.map(({ code: one }) => one)).toEqual(['not-installed']);
  expect(code).toBe(3);
});

/** What moto's CloudFormation does not make, and what stands outside of the stack. */
async function complete(): Promise<void> {
  await allowRules('ChangeQueue', RULES.ChangeQueue);
  await allowRules('CloudTrailQueue', RULES.CloudTrailQueue);
  await allowRules('RuleDeadLetterQueue', Object.values(RULES).flat());
  const metric = {
    Namespace: 'AWS/SQS',
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Statistic: 'Maximum',
  } as const;
  const limit = {
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
  } as const;
  await watch.send(new PutMetricAlarmCommand({ AlarmName: ALARM, ...metric, ...limit }));
  const Bucket = stack.physicalId('SnapshotBucket');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'fleet.json.gz', Body: 'any' }));
  const CreateBucketConfiguration = { LocationConstraint: HOME } as const;
  await s3.send(new CreateBucketCommand({ Bucket: 'trails', CreateBucketConfiguration }));
  await startTrail();
}

async function startTrail(): Promise<void> {
  await trails.send(
    new CreateTrailCommand({ Name: 'all', S3BucketName: 'trails', IsMultiRegionTrail: true }),
  );
  await trails.send(new StartLoggingCommand({ Name: 'all' }));
}

/** The queue policy of infra/queues.yml. */
async function allowRules(queue: string, rules: readonly string[]): Promise<void> {
  const { region, account } = cloud.place;
  const arns = rules.map((id) => `arn:aws:events:${region}:${account}:rule/${stack.physicalId(id)}`);
  const Condition = { ArnEquals: { 'aws:SourceArn': arns } };
  const Principal = { Service: 'events.amazonaws.com' };
  const common = { Action: 'sqs:SendMessage', Resource: arnOfQueue(queue) };
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Condition, ...common }],
  });
  await cloud.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: stack.physicalId(queue), Attributes: { Policy } }),
  );
}

function arnOfQueue(logicalId: string): string {
  const { region, account } = cloud.place;
  return `arn:aws:sqs:${region}:${account}:${stack.physicalId(logicalId).split('/').at(-1)}`;
}

async function targetsOf(Rule: string): Promise<Target[]> {
  return (await events.send(new ListTargetsByRuleCommand({ Rule }))).Targets ?? [];
}

function esr(...args: readonly string[]) {
  const keys = { AWS_ACCESS_KEY_ID: ANYBODY.accessKeyId, AWS_SECRET_ACCESS_KEY: ANYBODY.secretAccessKey };
  return runEsr({ ...ALONE, ...keys, AWS_REGION: HOME, AWS_ENDPOINT_URL: moto.endpoint }, args);
}

async function doctor(...args: readonly string[]) {
  const { out, code } = await esr('doctor', '-o', 'json', ...args);
  const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] };
  return { bad: checks.filter(({ state }) => state !== 'ok'), code };
}

/** Doctor says exactly this, or, without it, that everything is ok. */
async function finds(
  ...lines: readonly (readonly [check: string, state: Check['state'], code: Check['code']])[]
) {
  const found = await doctor();
  expect(found.bad.map(({ check, state, code }) => [check, state, code])).toEqual(lines);
  expect(found.code).toBe(lines.length === 0 ? 0 : 3);
  return found;
}
