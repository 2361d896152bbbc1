import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readStack } from './observability/stack.ts';
import { type Packaged, packageInto, removeFolder } from './packaged.ts';
import { loadRules } from './template.ts';

const STAGES = ['prod', 'team2'] as const;
const folders: string[] = [];
const stacks = new Map<string, Packaged>();

beforeAll(async () => {
  for (const stage of STAGES) {
    const folder = await mkdtemp(join(tmpdir(), `stage-${stage}-`));
    folders.push(folder);
    stacks.set(stage, await packageInto(folder, {}, stage));
  }
});
afterAll(() => Promise.all(folders.map(removeFolder)));

const stackOf = (stage: string): Packaged => {
  const stack = stacks.get(stage);
  if (stack === undefined) throw new Error(`expected the packaged stage ${stage}, found none`);
  return stack;
};

/** The properties that give a resource a name of our own, which is the same in every stack of an account. */
const NAMES = [
  'AlarmName',
  'DashboardName',
  'Name',
  'FunctionName',
  'LogGroupName',
  'QueueName',
  'TopicName',
  'RoleName',
  'BucketName',
  'RuleName',
  'PolicyName',
  'GroupName',
];

/** Names, by type, of everything that CloudFormation does not name itself. */
function physicalNames({ resources }: Packaged): readonly string[] {
  return Object.values(resources).flatMap(({ Type, Properties }) => {
    // An inline policy is part of its role, whose name is made by CloudFormation.
    if (Type === 'AWS::IAM::Policy') return [];
    const entries = Object.entries(Properties ?? {});
    return entries.flatMap(([key, value]) =>
      NAMES.includes(key) && typeof value === 'string' ? [`${Type} ${value}`] : [],
    );
  });
}

/** Role names are given by osls as Fn::Join or text; every text in the template that names another stage. */
const textOf = (stage: string): string => JSON.stringify(stackOf(stage).resources);

describe('two stages in one account', () => {
  test('share no physical name', () => {
    const [prod, team2] = STAGES.map((stage) => physicalNames(stackOf(stage)));
    expect(prod?.length).toBeGreaterThan(20);
    expect(team2).toHaveLength(prod?.length ?? 0);
    expect(prod?.filter((name) => team2?.includes(name))).toEqual([]);
  });

  test('do not name each other', () => {
    expect(textOf('prod')).not.toContain('team2');
    expect(textOf('team2')).not.toMatch(/ecs-secret-redeploy-prod/);
  });

  test('have alarms and widgets whose metrics of our own differ by stage', () => {
    for (const stage of STAGES) {
      const { alarms, widgets } = readStack(stackOf(stage));
      const lines = widgets.flatMap((widget) => (widget.type === 'metric' ? widget.lines : []));
      const ours = [...alarms, ...lines].filter(({ namespace }) => namespace === 'SecretRedeploy');
      expect(ours.length).toBeGreaterThan(15);
      for (const { dimensions } of ours)
        expect(dimensions).toEqual({ service: 'ecs-secret-redeploy', stage });
    }
  });

  test.each(STAGES)('tell their functions which of them it is: %s', (stage) => {
    const functions = Object.values(stackOf(stage).resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::Lambda::Function' && JSON.stringify(Properties).includes('POWERTOOLS_SERVICE_NAME'),
    );
    expect(functions).toHaveLength(3);
    for (const { Properties } of functions)
      expect(Properties).toHaveProperty('Environment.Variables.STAGE', stage);
  });
});

test('no rule takes an event of another account', () => {
  for (const { name, pattern, matches } of loadRules()) {
    expect([name, pattern['account']]).toEqual([name, ['111122223333']]);
    expect(matches({ ...pattern, account: '999900001111' })).toBe(false);
  }
});
