import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Blueprint } from '../../functions/core/doctor/blueprint.ts';
import { blueprintOf } from '../../functions/formats/blueprint.ts';
import { packageInto, removeFolder } from '../infra/packaged.ts';
import { EVERY_CONDITION, grantedActions, loadRules, NEEDED_BY_LAMBDA } from '../infra/template.ts';

const HOME = { partition: 'aws-cn', region: 'cn-north-1', account: '111122223333' };
const FUNCTIONS = {
  OnDashchangeLambdaFunction: 'on-change',
  OnDashrequestLambdaFunction: 'on-request',
  OnDashscheduleLambdaFunction: 'on-schedule',
} as const;

let folder: string;
let asIs: Blueprint;
let withMore: Blueprint;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blueprint-test-'));
  const more = {
    snapshot: 'ENABLED',
    preflight: 'warn',
    cloudTrailRules: 'DISABLED',
    trustedAccounts: '999988887777',
  };
  [asIs, withMore] = await Promise.all([
    deployed(join(folder, 'as-is'), {}),
    deployed(join(folder, 'more'), { ...more, redeployableTag: 'team=payments' }),
  ]);
});
afterAll(() => removeFolder(folder));

/** Packages the stack, and names each resource as AWS may. */
async function deployed(path: string, parameters: Readonly<Record<string, string>>): Promise<Blueprint> {
  const { resources, parameters: Parameters, conditions: Conditions } = await packageInto(path, parameters);
  const physical = (id: string, type: string) =>
    type === 'AWS::SQS::Queue' ? `https://sqs.cn-north-1.amazonaws.com.cn/111122223333/${id}-1` : `${id}-1`;
  const made = Object.entries(resources).map(
    ([id, { Type }]) => [id, { type: Type, physicalId: physical(id, Type) }] as const,
  );
  const deployment = {
    home: HOME,
    stack: 'any',
    parameters: new Map<string, string>(),
    resources: new Map(made),
  };
  const found = blueprintOf(JSON.stringify({ Parameters, Conditions, Resources: resources }), deployment);
  if (found === undefined) throw new Error('the packaged template is no blueprint');
  return found;
}

const arn = (service: string, resource: string) =>
  `arn:aws-cn:${service}:cn-north-1:111122223333:${resource}`;

describe('the packaged template says', () => {
  test('each rule with its pattern, its target and the dead letters of it', () => {
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
    expect(asIs.rules.toSorted(byId)).toEqual(
      loadRules()
        .map(({ name: id, pattern, queue }) => ({
          id,
          name: `${id}-1`,
          arn: arn('events', `rule/${id}-1`),
          isEnabled: true,
          pattern,
          targets: [
            {
              arn: arn('sqs', queue === 'changes' ? 'ChangeQueue-1' : 'CloudTrailQueue-1'),
              deadLetters: arn('sqs', 'RuleDeadLetterQueue-1'),
            },
          ],
        }))
        .toSorted(byId),
    );
    const off = withMore.rules.filter(({ isEnabled }) => !isEnabled).map(({ id }) => id);
    expect(off.filter((id) => !id.startsWith('Trusted')).toSorted()).toEqual([
      'CloudTrailCallRule',
      'CloudTrailRotationRule',
    ]);
    const trusted = withMore.rules.filter(({ bus }) => bus === 'TrustedEventBus-1');
    expect(trusted).toHaveLength(5);
    expect(trusted[0]?.arn).toBe(arn('events', `rule/TrustedEventBus-1/${trusted[0]?.id}-1`));
  });

  test('what Lambda takes from which queue, and where a queue puts what fails', () => {
    expect(asIs.sources).toEqual(
      ['ChangeQueue-1', 'CloudTrailQueue-1'].map((queue) => ({
        queue: arn('sqs', queue),
        functionArn: arn('lambda', 'function:OnDashchangeLambdaFunction-1'),
        reportsItemFailures: true,
      })),
    );
    expect(Object.fromEntries(asIs.queues.map(({ id, deadLetters }) => [id, deadLetters]))).toEqual({
      ChangeQueue: arn('sqs', 'ChangeDeadLetterQueue-1'),
      CloudTrailQueue: arn('sqs', 'ChangeDeadLetterQueue-1'),
      ChangeDeadLetterQueue: undefined,
      RuleDeadLetterQueue: undefined,
    });
  });

  test('what each function does with its role, which is what the role grants', () => {
    for (const [id, name] of Object.entries(FUNCTIONS)) {
      const actions = (blueprint: Blueprint) =>
        [
          ...new Set(blueprint.functions.find((one) => one.id === id)?.needs.map(({ action }) => action)),
        ].toSorted();
      expect(actions(asIs)).toEqual(grantedActions(name));
      expect(actions(withMore)).toEqual([...new Set(grantedActions(name, EVERY_CONDITION))].toSorted());
    }
    expect(grantedActions('on-change')).toEqual(expect.arrayContaining([...NEEDED_BY_LAMBDA]));
  });

  test('on what, and with which keys of conditions', () => {
    const needs = (blueprint: Blueprint, action: string) =>
      blueprint.functions
        .find(({ id }) => id === 'OnDashchangeLambdaFunction')
        ?.needs.filter((one) => one.action === action);
    expect(needs(asIs, 'ecs:UpdateService')).toEqual([
      { action: 'ecs:UpdateService', resource: arn('ecs', 'service/any'), context: new Map() },
    ]);
    expect(needs(withMore, 'ecs:UpdateService')?.[0]?.context).toEqual(
      new Map([['aws:resourcetag/team', 'payments']]),
    );
    expect(needs(asIs, 'events:PutEvents')).toEqual([
      {
        action: 'events:PutEvents',
        resource: arn('events', 'event-bus/default'),
        context: new Map([['events:source', 'secret-redeploy']]),
      },
    ]);
    expect(needs(asIs, 'ssm:DescribeParameters')?.[0]?.resource).toBe('*');
    expect(needs(withMore, 's3:GetObject')?.[0]?.resource).toBe(
      'arn:aws-cn:s3:::SnapshotBucket-1/fleet.json.gz',
    );
    expect(needs(withMore, 'iam:GetRole')?.[0]?.resource).toBe('arn:aws-cn:iam::111122223333:role/any');
  });

  test('the alarms, and the bucket where a snapshot is kept', () => {
    expect(asIs.alarms).toContain('ecs-secret-redeploy-prod-dead-letters');
    expect(asIs.alarms.length).toBeGreaterThan(10);
    expect([asIs.bucket, withMore.bucket]).toEqual([undefined, { name: 'SnapshotBucket-1' }]);
  });
});
