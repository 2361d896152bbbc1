import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OWN_SOURCE } from '../../functions/core/report/own-event.ts';
import { type Packaged, packageInto, removeFolder } from './packaged.ts';
import {
  deniedActions,
  EVERY_CONDITION,
  grantedActions,
  loadRules,
  NEEDED_BY_LAMBDA,
  type Queue,
  SNAPSHOT_KEY,
} from './template.ts';

const FUNCTIONS = ['on-change', 'on-request', 'on-schedule'] as const;
const ROLES = {
  'on-change': 'OnChangeRole',
  'on-request': 'OnRequestRole',
  'on-schedule': 'OnScheduleRole',
} as const;
/** The policies beside the roles, each for a setting that is not the default. */
const BESIDES = {
  'on-change': ['SnapshotPolicy', 'PreflightPolicy', 'PreflightVersionsPolicy'],
  'on-request': ['SnapshotPolicy', 'PreflightPolicy'],
  'on-schedule': ['SnapshotPolicy'],
} as const;
/** The functions that act on services and send own events. */
const TELLING = ['on-change', 'on-request'] as const;
const SOURCES = ['ChangeQueue', 'CloudTrailQueue'] as const;
const BOUNDARY = 'arn:aws:iam::111122223333:policy/boundary';
const DEAD_LETTERS = ['ChangeDeadLetterQueue', 'RuleDeadLetterQueue'] as const;

let folder: string;
let asIs: Packaged;
let adjusted: Packaged;
let withSnapshot: Packaged;
let withPreflight: Packaged;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-test-'));
  [asIs, withSnapshot, withPreflight, adjusted] = await Promise.all([
    packageInto(join(folder, 'as-is')),
    packageInto(join(folder, 'with-snapshot'), { snapshot: 'ENABLED' }),
    packageInto(join(folder, 'with-preflight'), { preflight: 'block' }),
    packageInto(join(folder, 'adjusted'), {
      batchingWindowSeconds: '30',
      cloudTrailDelaySeconds: '0',
      cloudTrailRules: 'DISABLED',
      logRetentionDays: '7',
      mode: 'observe',
      sweepRate: 'rate(6 hours)',
      permissionsBoundary: BOUNDARY,
      redeployableTag: 'secret-redeploy:enabled=true',
      redeployableServices:
        'arn:aws:ecs:eu-west-1:111122223333:service/a/*,arn:aws:ecs:eu-west-1:111122223333:service/b/*',
    }),
  ]);
});

afterAll(() => removeFolder(folder));

describe('in the packaged stack,', () => {
  test.each(FUNCTIONS)('%s is the bundle of its own folder and nothing else', async (name) => {
    expect(await asIs.filesOf(name)).toEqual([
      `dist/${name}/THIRD-PARTY-LICENCES.txt`,
      `dist/${name}/chunk-PLACE.mjs`,
      `dist/${name}/index.mjs`,
    ]);
    expect(propertiesOf(asIs, functionId(name))).toMatchObject({
      Handler: `dist/${name}/index.handler`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: name === 'on-schedule' ? 900 : 270,
    });
  });

  test.each(FUNCTIONS)('%s has every setting under its name, with its default', (name) => {
    expect(propertiesOf(asIs, functionId(name))).toHaveProperty('Environment.Variables', {
      CHANGE_QUEUE_URL: { Ref: 'ChangeQueue' },
      SNAPSHOT_BUCKET: { 'Fn::If': ['HasSnapshot', { Ref: 'SnapshotBucket' }, ''] },
      MODE: 'enforce',
      SELECT: 'all',
      TAG_PREFIX: 'secret-redeploy',
      CLUSTERS: '*',
      MAX_SERVICES: '0',
      PULL_CREDENTIALS: 'ignore',
      PREFLIGHT: 'off',
      COOLDOWN_SECONDS: '60',
      MAX_REDEPLOYS_PER_HOUR: '6',
      FOLLOW_UP_SECONDS: '30',
      FOLLOW_UP_LIMIT_MINUTES: '60',
      FOLLOW_UP_MAX_HOURS: '72',
      UPDATE_RATE: '4',
      UPDATE_BURST: '40',
      READ_RATE: '16',
      READ_BURST: '40',
      SWEEP: 'report',
      LOG_LEVEL: 'INFO',
      POWERTOOLS_SERVICE_NAME: 'ecs-secret-redeploy',
      STAGE: 'prod',
    });
    expect(propertiesOf(adjusted, functionId(name))).toHaveProperty('Environment.Variables.MODE', 'observe');
  });

  test.each(FUNCTIONS)('%s has a log group with a limited retention', (name) => {
    expect(propertiesOf(asIs, logGroupId(name))).toMatchObject({ RetentionInDays: 90 });
    expect(propertiesOf(adjusted, logGroupId(name))).toMatchObject({ RetentionInDays: 7 });
  });

  test('only on-change may feed its own queue', () => {
    expect(propertiesOf(asIs, functionId('on-change'))).toMatchObject({ RecursiveLoop: 'Allow' });
    for (const name of ['on-request', 'on-schedule'])
      expect(propertiesOf(asIs, functionId(name))).not.toHaveProperty('RecursiveLoop');
  });

  test('on-request and on-schedule are never invoked again by Lambda after a failure', () => {
    expect(ofType(asIs, 'AWS::Lambda::EventInvokeConfig')).toMatchObject(
      ['on-request', 'on-schedule'].map((name) => ({
        FunctionName: { Ref: functionId(name) },
        MaximumRetryAttempts: 0,
      })),
    );
  });
});

describe('the sweep', () => {
  test('is started by a schedule at the configured rate, with a role that may do nothing else', () => {
    const schedules = [asIs, adjusted].flatMap((packaged) => ofType(packaged, 'AWS::Scheduler::Schedule'));
    const role = { 'Fn::GetAtt': ['SweepScheduleRole', 'Arn'] };
    const sweep = { 'Fn::GetAtt': [functionId('on-schedule'), 'Arn'] };
    expect(schedules).toMatchObject(
      ['rate(1 hour)', 'rate(6 hours)'].map((ScheduleExpression) => ({
        ScheduleExpression,
        State: 'ENABLED',
        Target: { Arn: sweep, RoleArn: role },
      })),
    );
    expect(statementsOf('SweepScheduleRole')).toEqual([
      { Sid: 'BeginTheSweep', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: sweep },
    ]);
    expect(JSON.stringify(propertiesOf(asIs, 'SweepScheduleRole'))).toContain('scheduler.amazonaws.com');
  });
});

describe('the queues', () => {
  test('feed on-change with at most two batches at a time, and take single messages back', () => {
    expect(ofType(asIs, 'AWS::Lambda::EventSourceMapping')).toEqual(
      SOURCES.map((queue) => ({
        EventSourceArn: { 'Fn::GetAtt': [queue, 'Arn'] },
        FunctionName: { 'Fn::GetAtt': [functionId('on-change'), 'Arn'] },
        Enabled: true,
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 5,
        ScalingConfig: { MaximumConcurrency: 2 },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      })),
    );
    for (const properties of ofType(adjusted, 'AWS::Lambda::EventSourceMapping'))
      expect(properties).toMatchObject({ MaximumBatchingWindowInSeconds: 30 });
  });

  test('keep a message invisible for as long as Lambda gathers it and the function may run', () => {
    const { Timeout } = propertiesOf(adjusted, functionId('on-change'));
    for (const queue of SOURCES) {
      const { VisibilityTimeout } = propertiesOf(adjusted, queue);
      expect(Number(VisibilityTimeout)).toBeGreaterThanOrEqual(Number(Timeout) + 30);
    }
  });

  test.each(['0', '31', '300', 'a while'])(
    'cannot be packaged with a batching window that the visibility does not hold: %s',
    async (batchingWindowSeconds) => {
      const refused = packageInto(join(folder, 'window'), { batchingWindowSeconds });
      await expect(refused).rejects.toThrow(
        'batchingWindowSeconds: expected a whole number from 1 to 30, found',
      );
    },
  );

  test.each(SOURCES)('move a message to the dead-letter queue after five deliveries: %s', (queue) => {
    expect(propertiesOf(asIs, queue)).toMatchObject({
      VisibilityTimeout: 300,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': ['ChangeDeadLetterQueue', 'Arn'] },
        maxReceiveCount: 5,
      },
    });
  });

  test('delay the events of CloudTrail, but not the native events', () => {
    expect(propertiesOf(asIs, 'CloudTrailQueue')).toMatchObject({ DelaySeconds: 120 });
    expect(propertiesOf(adjusted, 'CloudTrailQueue')).toMatchObject({ DelaySeconds: '0' });
    expect(propertiesOf(asIs, 'ChangeQueue')).not.toHaveProperty('DelaySeconds');
  });

  test.each(DEAD_LETTERS)('keep dead letters for fourteen days: %s', (queue) => {
    expect(propertiesOf(asIs, queue)).toMatchObject({ MessageRetentionPeriod: 14 * 24 * 3600 });
  });

  test('are these four, and each is encrypted and refuses plain HTTP', () => {
    const queues = namesOfType(asIs, 'AWS::SQS::Queue');
    expect(queues).toEqual([...SOURCES, ...DEAD_LETTERS]);
    for (const queue of queues) {
      expect(propertiesOf(asIs, queue)).toMatchObject({ SqsManagedSseEnabled: true });
      expect(policyOf(queue)).toContainEqual({
        Sid: 'NeverPlainHttp',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    }
  });

  test('accept messages of the rules only, each in its own queue and in the dead-letter queue of the rules', () => {
    expect(sendersTo('ChangeQueue')).toEqual(only(rulesOf('changes')));
    expect(sendersTo('CloudTrailQueue')).toEqual(only(rulesOf('cloudtrail')));
    expect(sendersTo('RuleDeadLetterQueue')).toEqual(only(loadRules().map((rule) => rule.name)));
    expect(sendersTo('ChangeDeadLetterQueue')).toEqual([]);
  });
});

describe('the rules', () => {
  test('are packaged as the tests read them from infra/, each with a dead-letter queue', () => {
    const queue = { changes: 'ChangeQueue', cloudtrail: 'CloudTrailQueue' };
    const packaged = namesOfType(asIs, 'AWS::Events::Rule').map((name) => ({
      name,
      ...propertiesOf(asIs, name),
    }));
    expect(packaged).toMatchObject(
      loadRules().map((rule) => ({
        name: rule.name,
        Targets: [
          {
            Id: 'queue',
            Arn: { 'Fn::GetAtt': [queue[rule.queue], 'Arn'] },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['RuleDeadLetterQueue', 'Arn'] } },
          },
        ],
      })),
    );
    for (const rule of loadRules())
      expect(propertiesOf(asIs, rule.name)['EventPattern']).toEqual({
        ...rule.pattern,
        account: [{ Ref: 'AWS::AccountId' }],
      });
  });

  test('of CloudTrail are enabled, and can be disabled together', () => {
    expect(statesOf(asIs)).toEqual([undefined, undefined, undefined, 'ENABLED', 'ENABLED']);
    expect(statesOf(adjusted)).toEqual([undefined, undefined, undefined, 'DISABLED', 'DISABLED']);
  });
});

const VALUES = [
  'secretsmanager:GetSecretValue',
  'secretsmanager:BatchGetSecretValue',
  'ssm:GetParameter',
  'ssm:GetParameters',
  'ssm:GetParametersByPath',
  'ssm:GetParameterHistory',
];
const DETOURS = [
  'ecs:RegisterTaskDefinition',
  'ecs:RunTask',
  'ecs:StartTask',
  'ecs:ExecuteCommand',
  'iam:PassRole',
  'kms:Decrypt',
];

describe('the roles', () => {
  test('are one per function and one for the schedule, with the statements that the tests read from infra/', () => {
    expect(namesOfType(asIs, 'AWS::IAM::Role')).toEqual([...Object.values(ROLES), 'SweepScheduleRole']);
    for (const name of FUNCTIONS) {
      expect(propertiesOf(asIs, functionId(name))).toMatchObject({
        Role: { 'Fn::Sub': `\${${ROLES[name]}.Arn}` },
      });
      expect(propertiesOf(asIs, ROLES[name])).not.toHaveProperty('ManagedPolicyArns');
      expect(besides(ROLES[name])).toEqual(BESIDES[name]);
      expect(actionsOf(statementsOf(ROLES[name]), 'Allow')).toEqual(grantedActions(name));
      expect(actionsOf(statementsOf(ROLES[name]), 'Deny')).toEqual(deniedActions(name));
    }
  });

  test.each(FUNCTIONS)('grant no wildcard, no value and no detour to a value: %s', (name) => {
    const granted = grantedActions(name, EVERY_CONDITION);
    expect(granted.filter((action) => action.includes('*'))).toEqual([]);
    expect(granted.filter((action) => [...VALUES, ...DETOURS].includes(action))).toEqual([]);
    // For what belongs to other accounts the same actions are granted once more.
    const atHome = grantedActions(
      name,
      EVERY_CONDITION.filter((one) => one !== 'TrustsOthers'),
    );
    expect(new Set(atHome).size).toBe(atHome.length);
  });

  test.each(FUNCTIONS)('deny values and detours to them explicitly: %s', (name) => {
    expect(deniedActions(name)).toEqual([...VALUES, ...DETOURS].sort());
  });

  test('and all other policies of the stack allow no wildcard of actions and name what they cover', () => {
    const allowed = Object.values(asIs.resources)
      .flatMap((resource) => allStatements(resource.Properties))
      .filter((statement) => statement['Effect'] === 'Allow');
    expect(allowed.length).toBeGreaterThan(10);
    expect(allowed.flatMap(actionsIn).filter((action) => action.includes('*'))).toEqual([]);
    for (const statement of allowed)
      for (const loophole of ['NotAction', 'NotResource', 'NotPrincipal'])
        expect(statement).not.toHaveProperty(loophole);
  });

  test('name `*` as a resource only where IAM supports no narrower one', () => {
    const wide = ['OnChangeRole', 'OnRequestRole', 'OnScheduleRole', 'SweepScheduleRole']
      .flatMap((role) => statementsOf(role))
      .filter(
        (statement) => statement['Effect'] === 'Allow' && JSON.stringify(statement['Resource']) === '"*"',
      )
      .flatMap(actionsIn);
    expect([...new Set(wide)].sort()).toEqual([
      'ecs:DescribeTaskDefinition',
      'ecs:ListClusters',
      'ecs:ListServices',
      'ecs:ListTasks',
      'secretsmanager:ListSecrets',
      'ssm:DescribeParameters',
    ]);
  });

  test('of on-request and on-schedule allow nothing on the queues but to send follow-ups', () => {
    for (const name of ['on-request', 'on-schedule'])
      expect(grantedActions(name).filter((action) => action.startsWith('sqs:'))).toEqual(['sqs:SendMessage']);
    expect(grantedActions('on-change')).toEqual(expect.arrayContaining([...NEEDED_BY_LAMBDA]));
  });

  test('and all other policies of the stack allow no read of a value and no detour to one', () => {
    const allowed = Object.values(asIs.resources)
      .flatMap((resource) => allStatements(resource.Properties))
      .filter((statement) => statement['Effect'] === 'Allow')
      .flatMap(actionsIn);
    expect(allowed).toContain('secretsmanager:DescribeSecret');
    expect(allowed.filter((action) => [...VALUES, ...DETOURS].includes(action))).toEqual([]);
  });

  test.each(TELLING)('allow own events on the default bus under our own source only: %s', (name) => {
    const [statement, ...others] = statementsOf(ROLES[name]).filter((one) =>
      actionsIn(one).includes('events:PutEvents'),
    );
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Action: 'events:PutEvents',
      Resource: {
        'Fn::Sub': `arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default`,
      },
      Condition: { StringEquals: { 'events:source': OWN_SOURCE } },
    });
  });

  test('allow the sweep neither own events nor redeploys', () => {
    expect(grantedActions('on-schedule')).not.toContain('events:PutEvents');
    expect(grantedActions('on-schedule')).not.toContain('ecs:UpdateService');
  });

  test('have the permissions boundary of the account if one is configured', () => {
    for (const role of ofType(asIs, 'AWS::IAM::Role'))
      expect(role).toMatchObject({ PermissionsBoundary: { Ref: 'AWS::NoValue' } });
    for (const role of ofType(adjusted, 'AWS::IAM::Role'))
      expect(role).toMatchObject({ PermissionsBoundary: BOUNDARY });
  });

  test.each(TELLING)(
    'allow redeploys only of services with a certain tag if one is configured: %s',
    (name) => {
      const condition = (packaged: Packaged) => startDeployments(ROLES[name], packaged)?.['Condition'];
      expect(condition(asIs)).toEqual({ Ref: 'AWS::NoValue' });
      expect(condition(adjusted)).toEqual({
        StringEquals: { 'aws:ResourceTag/secret-redeploy:enabled': 'true' },
      });
    },
  );

  test('cannot be packaged with a tag that has no value', async () => {
    const refused = packageInto(join(folder, 'refused'), { redeployableTag: 'team' });
    await expect(refused).rejects.toThrow('redeployableTag: expected key=value, found "team"');
  });

  test('allow redeploys of the configured services', () => {
    expect(redeployable(asIs)).toEqual({
      'Fn::Split': [
        ',',
        { 'Fn::Sub': `arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:service/*` },
      ],
    });
    expect(JSON.stringify(redeployable(adjusted))).toContain(
      'service/a/*,arn:aws:ecs:eu-west-1:111122223333:service/b/*',
    );
  });
});

describe('the snapshot of the fleet', () => {
  const CONDITIONAL = ['SnapshotBucket', 'SnapshotBucketPolicy', 'SnapshotPolicy'];

  test('has a bucket only if it is enabled', () => {
    for (const [packaged, setting] of [
      [asIs, 'DISABLED'],
      [withSnapshot, 'ENABLED'],
    ] as const) {
      expect(packaged.parameters['Snapshot']).toMatchObject({ Default: setting });
      expect(packaged.conditions['HasSnapshot']).toEqual({ 'Fn::Equals': [{ Ref: 'Snapshot' }, 'ENABLED'] });
      const conditional = Object.entries(packaged.resources).filter(
        ([, { Condition }]) => Condition === 'HasSnapshot',
      );
      expect(conditional.map(([name]) => name)).toEqual(CONDITIONAL);
    }
  });

  test('is encrypted at rest, has no public access, and expires if it is not renewed', () => {
    expect(propertiesOf(asIs, 'SnapshotBucket')).toEqual({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'ForgetWhatNobodyRenews',
            Status: 'Enabled',
            ExpirationInDays: 30,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    });
  });

  test('is the one object of the bucket that the functions may access, each for reads and writes', () => {
    const { Roles: roles, PolicyDocument: policy } = propertiesOf(asIs, 'SnapshotPolicy');
    expect(roles).toEqual(Object.values(ROLES).map((role) => ({ Ref: role })));
    const object = { 'Fn::Sub': `\${SnapshotBucket.Arn}/${SNAPSHOT_KEY}` };
    expect(allStatements(policy)).toEqual([
      { Sid: 'TakeTheHint', Effect: 'Allow', Action: 's3:GetObject', Resource: object },
      { Sid: 'LeaveAHint', Effect: 'Allow', Action: 's3:PutObject', Resource: object },
    ]);
  });

  test('accepts no setting but ENABLED and DISABLED', () => {
    expect(asIs.parameters['Snapshot']).toMatchObject({ AllowedValues: ['ENABLED', 'DISABLED'] });
  });
});

describe('the preflight', () => {
  test('is granted only if it is on', () => {
    expect(asIs.parameters['Preflight']).toMatchObject({
      Default: 'off',
      AllowedValues: ['off', 'warn', 'block'],
    });
    expect(withPreflight.parameters['Preflight']).toMatchObject({ Default: 'block' });
    for (const packaged of [asIs, withPreflight]) {
      expect(packaged.conditions['HasPreflight']).toEqual({
        'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Preflight' }, 'off'] }],
      });
      const conditional = Object.entries(packaged.resources).filter(
        ([, { Condition }]) => Condition === 'HasPreflight',
      );
      expect(conditional.map(([name]) => name)).toEqual(['PreflightPolicy', 'PreflightVersionsPolicy']);
    }
    expect(propertiesOf(withPreflight, functionId('on-change'))).toHaveProperty(
      'Environment.Variables.PREFLIGHT',
      'block',
    );
  });

  test('asks about roles, secrets and keys of this account alone', () => {
    const resources = ['PreflightPolicy', 'PreflightVersionsPolicy'].flatMap((policy) =>
      allStatements(propertiesOf(asIs, policy)).map(({ Resource }) => JSON.stringify(Resource)),
    );
    expect(resources).toHaveLength(4);
    for (const resource of resources) expect(resource).toContain(`:\${AWS::AccountId}:`);
  });
});

test('every resource with a policy of its own refuses plain HTTP: queues, topics, the deployment bucket', () => {
  const owners = [
    ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
    ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'],
    ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'],
  ] as const;
  for (const [type, policyType] of owners) {
    const denials = ofType(asIs, policyType).filter((policy) => allStatements(policy).some(deniesPlainHttp));
    const names = namesOfType(asIs, type);
    expect(names).not.toEqual([]);
    for (const name of names) expect(JSON.stringify(denials)).toContain(JSON.stringify({ Ref: name }));
  }
});

test('no ARN contains a fixed partition', () => {
  expect(JSON.stringify(asIs.resources)).not.toMatch(/arn:aws[:-]/);
});

test('an operator finds queues, functions, alarms and the dashboard among the outputs', () => {
  expect(asIs.outputs).toEqual([
    'ServerlessDeploymentBucketName',
    'ChangeQueueUrl',
    'CloudTrailQueueUrl',
    'ChangeDeadLetterQueueUrl',
    'RuleDeadLetterQueueUrl',
    'OnChangeFunctionName',
    'OnRequestFunctionName',
    'OnScheduleFunctionName',
    'SnapshotBucketName',
    'AlarmTopicArn',
    'DashboardName',
    'DashboardUrl',
  ]);
});

type Properties = Readonly<Record<string, unknown>>;

const functionId = (name: string) => `${logicalName(name)}LambdaFunction`;
const logGroupId = (name: string) => `${logicalName(name)}LogGroup`;
const logicalName = (name: string) => name.replace('on-', 'OnDash');

function propertiesOf(packaged: Packaged, name: string): Properties {
  const properties = packaged.resources[name]?.Properties;
  if (!isProperties(properties))
    throw new Error(`looked for the resource ${name}, which the template does not have`);
  return properties;
}

function namesOfType(packaged: Packaged, type: string): readonly string[] {
  return Object.entries(packaged.resources)
    .filter(([, { Type }]) => Type === type)
    .map(([name]) => name);
}

function ofType(packaged: Packaged, type: string): readonly Properties[] {
  return namesOfType(packaged, type).map((name) => propertiesOf(packaged, name));
}

/** The statements of the policies of one queue. */
function policyOf(queue: string): readonly Properties[] {
  return ofType(asIs, 'AWS::SQS::QueuePolicy')
    .filter((policy) => JSON.stringify(policy['Queues']) === JSON.stringify([{ Ref: queue }]))
    .flatMap(allStatements);
}

/** The statements that allow sending to a queue. */
function sendersTo(queue: string): readonly Properties[] {
  return policyOf(queue)
    .filter((statement) => statement['Effect'] === 'Allow')
    .map(({ Principal, Action, Condition }) => ({ Principal, Action, Condition }));
}

/** The value of `sendersTo` if these rules and no other senders are allowed. */
function only(rules: readonly string[]): readonly Properties[] {
  const arns = rules.map((name) => ({ 'Fn::GetAtt': [name, 'Arn'] }));
  return [
    {
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Condition: { ArnEquals: { 'aws:SourceArn': arns } },
    },
  ];
}

const rulesOf = (queue: Queue) =>
  loadRules()
    .filter((rule) => rule.queue === queue)
    .map((rule) => rule.name);

const statesOf = (packaged: Packaged) => ofType(packaged, 'AWS::Events::Rule').map((rule) => rule['State']);

function redeployable(packaged: Packaged): unknown {
  return startDeployments('OnChangeRole', packaged)?.['Resource'];
}

function startDeployments(role: string, packaged: Packaged): Properties | undefined {
  return statementsOf(role, packaged).find(({ Sid }) => Sid === 'StartDeployments');
}

/** The policies that are attached to a role from outside. */
function besides(role: string): readonly string[] {
  return namesOfType(asIs, 'AWS::IAM::Policy').filter((policy) =>
    JSON.stringify(propertiesOf(asIs, policy)['Roles']).includes(JSON.stringify({ Ref: role })),
  );
}

/** The statements about what a role may do, without those about which service may assume it. */
function statementsOf(role: string, packaged: Packaged = asIs): readonly Properties[] {
  return allStatements(propertiesOf(packaged, role)['Policies']);
}

function deniesPlainHttp({ Effect, Principal, Condition }: Properties): boolean {
  const secure = isProperties(Condition) && isProperties(Condition['Bool']) ? Condition['Bool'] : {};
  return Effect === 'Deny' && Principal === '*' && String(secure['aws:SecureTransport']) === 'false';
}

/** Every policy statement at any depth. */
function allStatements(value: unknown): readonly Properties[] {
  if (Array.isArray(value)) return value.flatMap(allStatements);
  if (!isProperties(value)) return [];
  return 'Effect' in value ? [value] : Object.values(value).flatMap(allStatements);
}

function actionsOf(statements: readonly Properties[], effect: string): readonly string[] {
  return statements
    .filter((statement) => statement['Effect'] === effect)
    .flatMap(actionsIn)
    .sort();
}

function actionsIn(statement: Properties): readonly string[] {
  const actions: readonly unknown[] = [statement['Action']].flat();
  return actions.filter((action) => typeof action === 'string');
}

function isProperties(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
