import { describe, expect, it } from 'vitest';
import type { Check } from '../../functions/core/doctor/check.ts';
import type { Statement } from '../simulator/iam/policy.ts';
import type { Simulator } from '../simulator/index.ts';
import { type Installed, type InstalledSpec, installService } from '../support/installed.ts';
import { schema } from '../support/schemas.ts';
import { HOUR, MINUTE } from './fleets.ts';
import { account, esr, PERSON } from './terminal.ts';

/** What doctor found that is not ok: what was looked at, its state, its code, and the finding. */
type Line = readonly [check: string, state: Check['state'], code: Check['code'], finding: string];

async function doctor(sim: Simulator, ...args: readonly string[]) {
  const { out, err, code } = await esr(sim, 'doctor', '-o', 'json', ...args);
  const validate = schema('doctor');
  const answer = JSON.parse(out) as { readonly checks: readonly Check[] };
  expect(validate(answer) ? [] : validate.errors).toEqual([]);
  const bad = answer.checks.filter(({ state }) => state !== 'ok');
  for (const { todo } of bad) expect(todo).not.toBe('');
  return {
    err,
    code,
    checks: answer.checks,
    bad: bad.map((one): Line => [one.check, one.state, one.code, one.finding]),
  };
}

type Broken = {
  readonly spec?: InstalledSpec;
  readonly args?: readonly string[];
  readonly broken: (sim: Simulator, installed: Installed) => void;
  readonly found: readonly Line[] | ((installed: Installed) => readonly Line[]);
};

const PROD = 'ecs-secret-redeploy-prod';
const RULE = `${PROD}-ParameterChangedRule-A1B2C3D4`;
const ROLE = `role ${PROD}-OnChangeRole-A1B2C3D4`;

function ruleOf({ world }: Simulator, name = RULE) {
  const rule = world.installed.rules.get(name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  return rule;
}
const trailOf = ({ world }: Simulator) => {
  const trail = world.installed.trails.get('all');
  if (trail === undefined) throw new Error('there is no trail');
  return trail;
};
const sourceOf = ({ world }: Simulator, { arn }: Installed) => {
  const source = world.installed.sources.get(arn('ChangeQueue'));
  if (source === undefined) throw new Error('there is no event source');
  return source;
};
const attributes = (sim: Simulator, QueueUrl: string, Attributes: object) =>
  sim.act('sqs', 'SetQueueAttributes', { QueueUrl, Attributes });
const send = (sim: Simulator, QueueUrl: string) =>
  sim.act('sqs', 'SendMessage', { QueueUrl, MessageBody: '{}' });
const policy = (sim: Simulator, { id }: Installed, statements: readonly object[], PolicyName = 'on-change') =>
  sim.act('iam', 'PutRolePolicy', {
    RoleName: id('OnChangeRole'),
    PolicyName,
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  });
const allowAll: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
const CLOUDTRAIL = 'deletions and failed rotations are not told';
const SLOWER = 'a function that starts reads the whole fleet first';
const withSnapshot = { parameters: { snapshot: 'ENABLED' } };

function stored({ world }: Simulator, ago: number): void {
  const object = { body: Buffer.from('abc'), etag: '"e"', modifiedAt: Date.now() - ago };
  const plain = {
    contentType: 'binary/octet-stream',
    contentEncoding: undefined,
    metadata: {},
    checksum: undefined,
  };
  world.buckets.get(`${PROD}-snapshot`)?.objects.set('fleet.json.gz', { ...object, ...plain });
}

const BROKEN: Readonly<Record<string, Broken>> = {
  'a rule that is disabled': {
    broken: (sim) => Object.assign(ruleOf(sim), { state: 'DISABLED' }),
    found: [
      [
        'rule ParameterChangedRule',
        'wrong',
        'rule-disabled',
        `${RULE} is disabled: its events reach no queue`,
      ],
    ],
  },
  'a rule with another pattern': {
    broken: (sim) =>
      Object.assign(ruleOf(sim), { pattern: ruleOf(sim).pattern.replace('"Delete"', '"Remove"') }),
    found: [
      [
        'rule ParameterChangedRule',
        'wrong',
        'rule-changed',
        `the event pattern of ${RULE} is another than it was deployed`,
      ],
    ],
  },
  'a rule with a pattern that is none': {
    broken: (sim) => Object.assign(ruleOf(sim), { pattern: 'no JSON' }),
    found: [
      [
        'rule ParameterChangedRule',
        'wrong',
        'rule-changed',
        `the event pattern of ${RULE} is another than it was deployed`,
      ],
    ],
  },
  'a rule that is gone': {
    broken: ({ world }) => void world.installed.rules.delete(RULE),
    found: [['rule ParameterChangedRule', 'wrong', 'rule-gone', `there is no rule ${RULE}`]],
  },
  'a rule without targets': {
    broken: (sim) => Object.assign(ruleOf(sim), { targets: [] }),
    found: ({ arn }) => [
      [
        'rule ParameterChangedRule',
        'wrong',
        'target-gone',
        `${RULE} does not send to ${arn('ChangeQueue').split(':').at(-1)}: its events are lost`,
      ],
    ],
  },
  'a rule that sends to another queue': {
    broken: (sim) =>
      Object.assign(ruleOf(sim), {
        targets: [{ Id: 'queue', Arn: 'arn:aws:sqs:eu-west-1:111122223333:other' }],
      }),
    found: ({ arn }) => [
      [
        'rule ParameterChangedRule',
        'wrong',
        'target-gone',
        `${RULE} does not send to ${arn('ChangeQueue').split(':').at(-1)}: its events are lost`,
      ],
    ],
  },
  'a target without dead letters': {
    broken: (sim) =>
      Object.assign(ruleOf(sim), {
        targets: ruleOf(sim).targets.map(({ Id, Arn }) => ({ Id, Arn })),
      }),
    found: ({ arn }) => {
      const [queue, dead] = [arn('ChangeQueue'), arn('RuleDeadLetterQueue')].map((one) =>
        one.split(':').at(-1),
      );
      return [
        [
          'rule ParameterChangedRule',
          'warning',
          'no-dead-letters',
          `what ${RULE} cannot deliver to ${queue} does not go to ${dead}`,
        ],
      ];
    },
  },
  'a target that sends something else': {
    broken: (sim) =>
      Object.assign(ruleOf(sim), { targets: ruleOf(sim).targets.map((one) => ({ ...one, Input: '{}' })) }),
    found: ({ arn }) => [
      [
        'rule ParameterChangedRule',
        'wrong',
        'target-changed',
        `${RULE} sends ${arn('ChangeQueue').split(':').at(-1)} something else than the event`,
      ],
    ],
  },
  'an event source that is disabled': {
    broken: (sim, installed) => Object.assign(sourceOf(sim, installed), { state: 'Disabled' }),
    found: [
      [
        'event source ChangeQueue',
        'wrong',
        'source-disabled',
        `the trigger of ${PROD}-on-change is Disabled: its messages stay in the queue`,
      ],
    ],
  },
  'an event source that is being enabled': {
    broken: (sim, installed) => Object.assign(sourceOf(sim, installed), { state: 'Enabling' }),
    found: [
      [
        'event source ChangeQueue',
        'warning',
        'source-disabled',
        `the trigger of ${PROD}-on-change is Enabling`,
      ],
    ],
  },
  'an event source that is gone': {
    broken: ({ world }, { arn }) => void world.installed.sources.delete(arn('ChangeQueue')),
    found: [
      [
        'event source ChangeQueue',
        'wrong',
        'source-gone',
        `${PROD}-on-change does not receive from ChangeQueue: its messages stay there`,
      ],
    ],
  },
  'an event source of another function': {
    broken: (sim, installed) =>
      Object.assign(sourceOf(sim, installed), { functionArn: installed.arn('OnDashrequestLambdaFunction') }),
    found: [
      [
        'event source ChangeQueue',
        'wrong',
        'source-gone',
        `${PROD}-on-change does not receive from ChangeQueue: its messages stay there`,
      ],
    ],
  },
  'an event source that no longer reports item failures': {
    broken: ({ world }, { arn }) => {
      const queueArn = arn('ChangeQueue');
      const functionArn = arn('OnDashchangeLambdaFunction');
      world.installed.sources.set(queueArn, { queueArn, functionArn, state: 'Enabled', responseTypes: [] });
    },
    found: [
      [
        'event source ChangeQueue',
        'wrong',
        'source-changed',
        `the trigger of ${PROD}-on-change no longer reports item failures: what fails is deleted`,
      ],
    ],
  },
  'a queue without a policy': {
    broken: (sim, { id }) => attributes(sim, id('CloudTrailQueue'), { Policy: '' }),
    found: [
      [
        'queue CloudTrailQueue',
        'wrong',
        'queue-policy',
        'it has no policy: nothing arrives from CloudTrailRotationRule, CloudTrailCallRule',
      ],
    ],
  },
  'a queue that lets in one rule less': {
    broken(sim, { id, arn }) {
      const ArnEquals = { 'aws:SourceArn': [arn('SecretLabelUpdatedRule'), arn('ParameterExpiresRule')] };
      const Principal = { Service: 'events.amazonaws.com' };
      const one = {
        Effect: 'Allow',
        Principal,
        Action: 'sqs:SendMessage',
        Resource: '*',
        Condition: { ArnEquals },
      };
      attributes(sim, id('ChangeQueue'), { Policy: JSON.stringify({ Statement: one }) });
    },
    found: [
      [
        'queue ChangeQueue',
        'wrong',
        'queue-policy',
        'its policy does not let EventBridge send: nothing arrives from ParameterChangedRule',
      ],
    ],
  },
  'a queue for lost events that denies everything': {
    broken(sim, { id }) {
      const all = { Principal: '*', Action: 'sqs:*', Resource: '*' };
      const Statement = [
        { ...all, Effect: 'Allow' },
        { ...all, Effect: 'Deny' },
      ];
      attributes(sim, id('RuleDeadLetterQueue'), { Policy: JSON.stringify({ Statement }) });
    },
    found: [
      [
        'queue RuleDeadLetterQueue',
        'wrong',
        'queue-policy',
        'its policy does not let EventBridge send: nothing arrives from SecretLabelUpdatedRule, ParameterChangedRule, ParameterExpiresRule, CloudTrailRotationRule, CloudTrailCallRule',
      ],
    ],
  },
  'a queue whose policy depends on something that is not known': {
    broken(sim, { id }) {
      const Principal = { Service: 'events.amazonaws.com' };
      const Condition = { StringEquals: { 'aws:SourceOrgID': 'o-1' } };
      const one = { Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: '*', Condition };
      attributes(sim, id('CloudTrailQueue'), { Policy: JSON.stringify({ Statement: [one] }) });
    },
    found: [
      [
        'queue CloudTrailQueue',
        'warning',
        'queue-policy',
        'whether its policy lets EventBridge send depends on a condition: CloudTrailRotationRule, CloudTrailCallRule',
      ],
    ],
  },
  'a queue without a dead-letter queue': {
    broken: (sim, { id }) => attributes(sim, id('ChangeQueue'), { RedrivePolicy: '' }),
    found: [
      [
        'queue ChangeQueue',
        'wrong',
        'no-dead-letters',
        'a message that fails five times does not go to its dead-letter queue: it comes back until SQS forgets it',
      ],
    ],
  },
  'a queue that is gone': {
    broken: (sim, { id }) => sim.act('sqs', 'DeleteQueue', { QueueUrl: id('ChangeDeadLetterQueue') }),
    found: [
      ['queue ChangeDeadLetterQueue', 'wrong', 'queue-gone', 'there is no queue ChangeDeadLetterQueue'],
    ],
  },
  'a role that has lost its policy': {
    broken: (sim, { id }) =>
      sim.act('iam', 'DeleteRolePolicy', { RoleName: id('OnScheduleRole'), PolicyName: 'on-schedule' }),
    found: [
      [
        'permissions of on-schedule',
        'wrong',
        'permission-missing',
        `role ${PROD}-OnScheduleRole-A1B2C3D4 may not ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:DescribeTaskDefinition, ecs:DescribeClusters, ecs:DescribeServices, ecs:DescribeTasks, ecs:ListServiceDeployments, ecs:DescribeServiceDeployments, secretsmanager:ListSecrets, secretsmanager:DescribeSecret, secretsmanager:ListSecretVersionIds, ssm:DescribeParameters, sqs:SendMessage, logs:CreateLogStream, logs:PutLogEvents`,
      ],
    ],
  },
  'a role that is denied one action': {
    broken: (sim, installed) =>
      policy(sim, installed, [{ Effect: 'Deny', Action: 'ecs:Update*', Resource: '*' }], 'denial'),
    found: [['permissions of on-change', 'wrong', 'permission-missing', `${ROLE} may not ecs:UpdateService`]],
  },
  'a role that is denied one action by the organization': {
    broken: ({ world }) =>
      world.organization([[allowAll, { Effect: 'Deny', Action: 'events:*', Resource: '*' }]]),
    found: [
      ['permissions of on-change', 'wrong', 'permission-missing', `${ROLE} may not events:PutEvents`],
      [
        'permissions of on-request',
        'wrong',
        'permission-missing',
        `role ${PROD}-OnRequestRole-A1B2C3D4 may not events:PutEvents`,
      ],
    ],
  },
  'a role that may act from one place alone': {
    broken: (sim, installed) =>
      policy(sim, installed, [{ ...allowAll, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }]),
    found: [
      [
        'permissions of on-change',
        'warning',
        'permission-unsure',
        `whether ${ROLE} may ecs:ListClusters, ecs:ListServices, ecs:ListTasks, ecs:DescribeTaskDefinition, ecs:DescribeClusters, ecs:DescribeServices, ecs:DescribeTasks, ecs:ListServiceDeployments, ecs:DescribeServiceDeployments, ecs:UpdateService, secretsmanager:DescribeSecret, ssm:DescribeParameters, sqs:SendMessage, events:PutEvents, sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes, logs:CreateLogStream, logs:PutLogEvents depends on conditions that are not known here`,
      ],
    ],
  },
  'a role that is gone': {
    broken: (sim, { id }) => sim.act('iam', 'DeleteRole', { RoleName: id('OnChangeRole') }),
    found: [
      ['permissions of on-change', 'wrong', 'role-gone', `${ROLE} does not exist: the function cannot run`],
    ],
  },
  'a rule of the event bus for trusted accounts that is disabled, and a dead letter of theirs': {
    spec: { parameters: { trustedAccounts: '999988887777' } },
    broken(sim, { id }) {
      Object.assign(ruleOf(sim, id('TrustedParameterChangedRule')), { state: 'DISABLED' });
      send(sim, id('TrustedDeadLetterQueue'));
    },
    found: ({ id }) => [
      ['trusted dead letters', 'wrong', 'dead-letters', '1 message given up by on-change'],
      [
        'rule TrustedParameterChangedRule',
        'wrong',
        'rule-disabled',
        `${id('TrustedParameterChangedRule')} is disabled: its events reach no queue`,
      ],
    ],
  },
  'no trail': {
    broken: ({ world }) => world.installed.trails.clear(),
    found: [['trail', 'warning', 'no-trail', `no trail of CloudTrail reaches this Region: ${CLOUDTRAIL}`]],
  },
  'a trail of another Region alone': {
    broken({ world }) {
      const trail = { name: 'far', homeRegion: 'us-east-1', isMultiRegion: false, isLogging: true };
      world.installed.trails.clear();
      world.installed.trails.set('far', { ...trail, eventSelectors: [], advancedEventSelectors: [] });
    },
    found: [['trail', 'warning', 'no-trail', `no trail of CloudTrail reaches this Region: ${CLOUDTRAIL}`]],
  },
  'a trail that does not log': {
    broken: (sim) => Object.assign(trailOf(sim), { isLogging: false }),
    found: [['trail', 'warning', 'trail-off', `all does not log: ${CLOUDTRAIL}`]],
  },
  'a trail that records reads alone': {
    broken({ world, ...sim }) {
      const eventSelectors = [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: true }];
      world.installed.trails.set('all', { ...trailOf({ world, ...sim }), eventSelectors });
    },
    found: [['trail', 'warning', 'trail-off', `all records no management events that write: ${CLOUDTRAIL}`]],
  },
  'a trail that records data alone, by advanced selectors': {
    broken({ world, ...sim }) {
      const advancedEventSelectors = [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Data'] }] }];
      world.installed.trails.set('all', { ...trailOf({ world, ...sim }), advancedEventSelectors });
    },
    found: [['trail', 'warning', 'trail-off', `all records no management events that write: ${CLOUDTRAIL}`]],
  },
  'an alarm that rings': {
    broken: ({ world }, { id }) =>
      world.alarm({
        name: id('NoSweepAlarm'),
        state: 'ALARM',
        changedAt: Date.now() - 2.5 * HOUR,
        description: 'It stands still. First: look.',
      }),
    found: [['alarms', 'wrong', 'alarm', `alarm ${PROD}-no-sweep rings for 2 h`]],
  },
  'an alarm that is gone': {
    broken: ({ world }, { id }) => void world.alarms.delete(id('NoSweepAlarm')),
    found: [['alarms', 'warning', 'alarm-gone', `there is no alarm ${PROD}-no-sweep`]],
  },
  'a dead letter': {
    broken: (sim, { id }) => send(sim, id('ChangeDeadLetterQueue')),
    found: [['dead letters', 'wrong', 'dead-letters', '1 message given up by on-change']],
  },
  'an event that reached no queue': {
    broken: (sim, { id }) => send(sim, id('RuleDeadLetterQueue')),
    found: [['lost events', 'wrong', 'lost-events', '1 event reached no queue']],
  },
  'no sweep within a day': {
    spec: { createdAt: Date.now() - 30 * HOUR },
    broken: () => undefined,
    found: [
      [
        'last sweep',
        'wrong',
        'no-sweep',
        'no sweep has begun within a day: what no event tells of is not found',
      ],
    ],
  },
  'mode observe': {
    spec: { environment: { MODE: 'observe' } },
    broken: () => undefined,
    found: [['mode', 'warning', 'stopped', 'the service is stopped: it redeploys nothing']],
  },
  'settings that are wrong': {
    spec: { environment: { MAX_SERVICES: 'ten' } },
    broken: () => undefined,
    found: [
      [
        'settings',
        'wrong',
        'settings-wrong',
        'every invocation of on-change, on-request, on-schedule fails: wrong configuration: MAX_SERVICES: expected a whole number from 0 to 999999999, in digits alone',
      ],
    ],
  },
  'a function without the queue that it sends to': {
    broken: (sim) =>
      sim.act('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: `${PROD}-on-schedule`,
        Environment: { Variables: { STAGE: 'prod' } },
      }),
    found: [
      [
        'settings',
        'wrong',
        'settings-wrong',
        'every invocation of on-schedule fails: wrong configuration: CHANGE_QUEUE_URL: must be set',
      ],
    ],
  },
  'modes that differ': {
    broken: (sim) =>
      sim.act('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: `${PROD}-on-request`,
        Environment: { Variables: { MODE: 'observe' } },
      }),
    found: [
      [
        'mode',
        'wrong',
        'modes-differ',
        'the functions have different modes: on-change enforce, on-request observe, on-schedule enforce',
      ],
    ],
  },
  'a function that is gone': {
    broken: ({ world }) => void world.installed.functions.delete(`${PROD}-on-request`),
    found: [['function on-request', 'wrong', 'function-gone', `there is no function ${PROD}-on-request`]],
  },
  'a function that cannot run': {
    broken({ world }) {
      const before = world.installed.functions.get(`${PROD}-on-request`);
      if (before !== undefined) world.installed.functions.set(before.name, { ...before, state: 'Failed' });
    },
    found: [
      ['function on-request', 'wrong', 'function-broken', `${PROD}-on-request cannot run: State Failed`],
    ],
  },
  'functions of two versions': {
    broken({ world }) {
      const before = world.installed.functions.get(`${PROD}-on-request`);
      if (before !== undefined) world.installed.functions.set(before.name, { ...before, version: '0.0.9' });
    },
    found: [
      [
        'stack',
        'warning',
        'versions-differ',
        'the functions have different versions: on-change 0.1.0, on-request 0.0.9, on-schedule 0.1.0',
      ],
    ],
  },
  'a bucket that is gone': {
    spec: withSnapshot,
    broken: ({ world }) => world.buckets.clear(),
    found: [['snapshot', 'wrong', 'bucket-gone', `its bucket ${PROD}-snapshot does not exist: ${SLOWER}`]],
  },
  'a snapshot that no function renews': {
    spec: withSnapshot,
    broken: (sim) => stored(sim, 40 * 24 * HOUR),
    found: [['snapshot', 'warning', 'snapshot-old', '3 bytes, written 40 d ago']],
  },
  'a snapshot that is gone': {
    spec: withSnapshot,
    broken: () => undefined,
    found: [['snapshot', 'warning', 'no-snapshot', `bucket ${PROD}-snapshot holds none: ${SLOWER}`]],
  },
};

describe.concurrent('doctor finds', () => {
  it.concurrent.for(Object.entries(BROKEN))('%s, and nothing else', async ([, one], context) => {
    const sim = await account(context);
    const installed = installService(sim, one.spec);
    one.broken(sim, installed);
    const { bad, code } = await doctor(sim, ...(one.args ?? []));
    expect(bad).toEqual(typeof one.found === 'function' ? one.found(installed) : one.found);
    expect(code).toBe(3);
  });
});

const CHECKS = [
  'stack',
  'function on-change',
  'function on-request',
  'function on-schedule',
  'mode',
  'last event',
  'last sweep',
  'alarms',
  'dead letters',
  'lost events',
  'rule SecretLabelUpdatedRule',
  'rule ParameterChangedRule',
  'rule ParameterExpiresRule',
  'rule CloudTrailRotationRule',
  'rule CloudTrailCallRule',
  'event source ChangeQueue',
  'event source CloudTrailQueue',
  'queue ChangeQueue',
  'queue CloudTrailQueue',
  'queue ChangeDeadLetterQueue',
  'queue RuleDeadLetterQueue',
  'permissions of on-change',
  'permissions of on-request',
  'permissions of on-schedule',
  'trail',
  'snapshot',
] as const;

/** The calls of doctor about an intact stack. Each is an action of IAM. */
const CALLS: Readonly<Record<string, number>> = {
  'sts:GetCallerIdentity': 1,
  'cloudformation:DescribeStacks': 1,
  'cloudformation:DescribeStackResources': 1,
  'cloudformation:GetTemplate': 1,
  'lambda:GetFunctionConfiguration': 3,
  'lambda:ListEventSourceMappings': 2,
  'events:ListRules': 1,
  'events:ListTargetsByRule': 5,
  'sqs:GetQueueAttributes': 4,
  'iam:SimulatePrincipalPolicy': 3,
  'cloudtrail:DescribeTrails': 1,
  'cloudtrail:GetTrailStatus': 1,
  'cloudtrail:GetEventSelectors': 1,
  'cloudwatch:DescribeAlarms': 1,
  'cloudwatch:GetMetricData': 1,
  's3:GetObject': 1,
};

function callsOf({ ledger }: Simulator): Readonly<Record<string, number>> {
  const made = ledger.calls.filter(({ accessKeyId }) => accessKeyId === PERSON);
  const names = made.map(({ service, operation }) => `${service}:${operation}`);
  return Object.fromEntries(
    [...new Set(names)].map((name) => [name, names.filter((one) => one === name).length]),
  );
}

describe.concurrent('of an intact stack doctor says ok, and nothing else,', () => {
  it.concurrent('with 28 calls that only read', async (context) => {
    const sim = await account(context);
    installService(sim, withSnapshot);
    stored(sim, 20 * MINUTE);
    const { checks, bad, code } = await doctor(sim);
    expect(bad).toEqual([]);
    expect(checks.map(({ check }) => check)).toEqual(CHECKS);
    expect(code).toBe(0);
    expect(callsOf(sim)).toEqual(CALLS);
    expect(Object.values(CALLS).reduce((sum, one) => sum + one)).toBe(28);
    const { out } = await esr(sim, 'doctor');
    expect(out).toMatch(/^ok: 26 checks\n/);
    expect((await esr(sim, 'doctor', '-o', 'name')).out).toBe('');
  });

  const INTACT: Readonly<Record<string, InstalledSpec>> = {
    'with a preflight': { parameters: { preflight: 'block' } },
    'without the rules of CloudTrail, and without a trail': { parameters: { cloudTrailRules: 'DISABLED' } },
    'with redeploys in some clusters alone': {
      parameters: {
        redeployableServices:
          'arn:aws:ecs:eu-west-1:111122223333:service/a/*,arn:aws:ecs:eu-west-1:111122223333:service/b/*',
      },
    },
    'with trusted accounts': { parameters: { trustedAccounts: '999988887777' } },
    'with a trail of another Region that records all Regions': {},
    'with a stage of an odd name': { stage: 'A-1--b' },
    'with a stack of another name': { stack: 'My-Own-Stack-9' },
  };

  it.concurrent.for(Object.entries(INTACT))('%s', async ([title, spec], context) => {
    const sim = await account(context);
    const { stack } = installService(sim, spec);
    if (spec.parameters?.['cloudTrailRules'] !== undefined) sim.world.installed.trails.clear();
    if (title.includes('another Region'))
      sim.world.installed.trails.set('all', { ...trailOf(sim), homeRegion: 'us-east-1' });
    const { bad, code } = await doctor(sim, '--stack', stack, '--stage', spec.stage ?? 'prod');
    expect({ bad, code }).toEqual({ bad: [], code: 0 });
  });

  it.concurrent.for([
    ['aws', 'us-east-1'],
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-iso', 'us-iso-east-1'],
    ['aws-iso-b', 'us-isob-east-1'],
    ['aws-iso-e', 'eu-isoe-west-1'],
    ['aws-iso-f', 'us-isof-south-1'],
    ['aws-eusc', 'eusc-de-east-1'],
  ] as const)('in partition %s', async ([partition, region], context) => {
    const sim = await account(context, { partition, region });
    installService(sim, withSnapshot);
    stored(sim, 20 * MINUTE);
    const { bad, code } = await doctor(sim);
    expect({ bad, code }).toEqual({ bad: [], code: 0 });
  });

  it.concurrent('although another stage of the account is broken', async (context) => {
    const sim = await account(context);
    installService(sim);
    const other = installService(sim, { stage: 'prod-2', environment: { MODE: 'observe' } });
    sim.world.installed.rules.delete(other.id('ParameterExpiresRule'));
    send(sim, other.id('RuleDeadLetterQueue'));
    expect(await doctor(sim)).toMatchObject({ bad: [], code: 0 });
    const { bad, code, err } = await doctor(sim, '--stage', 'prod-2');
    expect(bad.map(([check]) => check)).toEqual(['mode', 'lost events', 'rule ParameterExpiresRule']);
    expect(code).toBe(3);
    expect(err).toBe('111122223333 · eu-west-1 · stage prod-2 · stack ecs-secret-redeploy-prod-2\n');
  });
});

describe.concurrent('where a permission of the person is missing, doctor', () => {
  const asked = Object.keys(CALLS).filter((action) => action !== 'sts:GetCallerIdentity');

  it.concurrent.for(asked)('warns that %s is missing, and goes on', async (action, context) => {
    const sim = await account(context);
    installService(sim, withSnapshot);
    stored(sim, 20 * MINUTE);
    const [service = '', operation = ''] = action.split(':');
    sim.faults.add({ service, operation, kind: 'access-denied', times: Infinity });
    const { bad, checks, code } = await doctor(sim);
    expect(bad.length).toBeGreaterThan(0);
    expect(new Set(bad.map(([, state, one, finding]) => [state, one, finding].join()))).toEqual(
      new Set([`warning,not-shown,not known: the permission ${action} is missing`]),
    );
    if (action !== 'cloudformation:DescribeStackResources') expect(checks.length).toBeGreaterThan(10);
    expect(code).toBe(3);
  });

  it.concurrent('reads the policies of a role instead of asking the policy simulator, and warns all the same', async (context) => {
    const sim = await account(context);
    const installed = installService(sim);
    const fault = { service: 'iam', operation: 'SimulatePrincipalPolicy', times: Infinity } as const;
    const restore = sim.faults.add({ ...fault, kind: 'access-denied' });
    policy(sim, installed, [{ Effect: 'Deny', Action: 'ecs:Update*', Resource: '*' }], 'denial');
    expect((await doctor(sim)).bad).toEqual([
      ['permissions of on-change', 'wrong', 'permission-missing', `${ROLE} may not ecs:UpdateService`],
      ...['on-request', 'on-schedule'].map((name) => [
        `permissions of ${name}`,
        'warning',
        'not-shown',
        'not known: the permission iam:SimulatePrincipalPolicy is missing',
      ]),
    ]);
    restore();
    sim.faults.add({ ...fault, kind: 'server-error' });
    const { bad, checks } = await doctor(sim);
    expect(bad.map(([check]) => check)).toEqual(['permissions of on-change']);
    expect(checks.find(({ check }) => check === 'permissions of on-request')?.finding).toBe(
      "its policies allow everything that it calls (IAM's policy simulator gave no answer)",
    );
    for (const operation of ['GetRole', 'ListRolePolicies', 'GetRolePolicy', 'ListAttachedRolePolicies']) {
      const end = sim.faults.add({ service: 'iam', operation, kind: 'access-denied', times: Infinity });
      const denied = (await doctor(sim)).bad;
      end();
      expect(denied.map(([, state, , finding]) => `${state}: ${finding}`)).toEqual(
        Array.from({ length: 3 }, () => `warning: not known: the permission iam:${operation} is missing`),
      );
    }
  });

  it.concurrent('reads policies beside a role, and its permissions boundary', async (context) => {
    const sim = await account(context);
    const { id } = installService(sim);
    const fault = { service: 'iam', operation: 'SimulatePrincipalPolicy', kind: 'server-error' } as const;
    sim.faults.add({ ...fault, times: Infinity });
    const name = id('OnScheduleRole');
    sim.world.role({ name, managed: { all: [allowAll] }, boundary: [allowAll] });
    expect((await doctor(sim)).bad).toEqual([]);
    sim.world.role({
      name,
      managed: { all: [allowAll] },
      boundary: [{ ...allowAll, Action: ['ecs:*', 'ssm:*', 'sqs:*'] }],
    });
    expect((await doctor(sim)).bad.map(([, , , finding]) => finding)).toEqual([
      `role ${name} may not secretsmanager:ListSecrets, secretsmanager:DescribeSecret, secretsmanager:ListSecretVersionIds`,
    ]);
    sim.act('iam', 'DeleteRole', { RoleName: name });
    expect((await doctor(sim)).bad.map(([, , code]) => code)).toEqual(['role-gone']);
  });
});

describe.concurrent('of the stack doctor says', () => {
  it.concurrent('that it is not there, with 3', async (context) => {
    const sim = await account(context);
    const { bad, code } = await doctor(sim);
    expect(bad).toEqual([
      ['stack', 'wrong', 'not-installed', `there is no stack ${PROD} in eu-west-1 of account 111122223333`],
    ]);
    expect(code).toBe(3);
  });

  it.concurrent.for([
    ['ROLLBACK_COMPLETE', 'wrong', 'stack-failed'],
    ['ROLLBACK_FAILED', 'wrong', 'stack-failed'],
    ['CREATE_FAILED', 'wrong', 'stack-failed'],
    ['DELETE_FAILED', 'wrong', 'stack-failed'],
    ['UPDATE_ROLLBACK_FAILED', 'wrong', 'stack-failed'],
    ['REVIEW_IN_PROGRESS', 'wrong', 'stack-failed'],
    ['UPDATE_ROLLBACK_COMPLETE', 'warning', 'stack-rolled-back'],
    ['UPDATE_IN_PROGRESS', 'warning', 'stack-changing'],
    ['ROLLBACK_IN_PROGRESS', 'warning', 'stack-changing'],
  ] as const)('that it is %s', async ([status, state, wanted], context) => {
    const sim = await account(context);
    installService(sim, { status });
    const { bad, code } = await doctor(sim);
    expect(bad.map((line) => line.slice(0, 3))).toEqual([['stack', state, wanted]]);
    expect(bad[0]?.[3]).toContain(`${PROD} is ${status}, version 0.1.0`);
    expect(code).toBe(3);
  });

  it.concurrent('what a deployment that was rolled back has left of it', async (context) => {
    const sim = await account(context);
    sim.world.installed.stacks.set(PROD, {
      name: PROD,
      status: 'ROLLBACK_COMPLETE',
      createdAt: Date.now(),
      template: JSON.stringify({ Resources: { ServerlessDeploymentBucket: { Type: 'AWS::S3::Bucket' } } }),
      resources: new Map([
        [
          'OnDashchangeLambdaFunction',
          { type: 'AWS::Lambda::Function', physicalId: `${PROD}-on-change`, status: 'DELETE_COMPLETE' },
        ],
        ['ChangeQueue', { type: 'AWS::SQS::Queue', physicalId: '', status: 'DELETE_COMPLETE' }],
      ]),
    });
    const { bad, code } = await doctor(sim);
    expect(bad.map(([check, state, one]) => [check, state, one])).toEqual([
      ['stack', 'wrong', 'stack-failed'],
      ...['on-change', 'on-request', 'on-schedule'].map((name) => [
        `function ${name}`,
        'wrong',
        'function-gone',
      ]),
      ['stack', 'wrong', 'incomplete'],
    ]);
    expect(code).toBe(3);
  });

  it.concurrent('that it is another one, whose template is not even JSON', async (context) => {
    const sim = await account(context);
    sim.world.stack({ name: 'other', template: 'Resources:\n  Queue: {}' });
    const { bad } = await doctor(sim, '--stack', 'other');
    expect(bad).toContainEqual(['template', 'wrong', 'incomplete', 'its template is none of this service']);
  });
});

it('no value, no environment and no message is in what doctor prints', async (context) => {
  const sim = await account(context);
  const sentinel = 'SENTINEL-4711';
  const { id } = installService(sim, { ...withSnapshot, environment: { OWN_TOKEN: sentinel } });
  sim.world.secret({ name: 'prod/db', description: sentinel });
  sim.act('sqs', 'SendMessage', { QueueUrl: id('ChangeDeadLetterQueue'), MessageBody: sentinel });
  for (const output of ['table', 'wide', 'json', 'name']) {
    const { out, err } = await esr(sim, 'doctor', '-o', output);
    expect(`${out}${err}`).not.toContain('SENTINEL');
    expect(`${out}${err}`).not.toContain(sim.env['AWS_SECRET_ACCESS_KEY']);
  }
});
