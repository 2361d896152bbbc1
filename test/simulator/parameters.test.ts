import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

const named = (name: string) => ({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }] });

describe('Parameter Store', () => {
  it('describes a parameter by its exact name, a root parameter with or without a leading slash', async () => {
    const { sim, clock, ssm } = await simulate();
    sim.world.parameter({ name: '/app/db', description: 'words' });
    const root = sim.world.parameter({ name: 'root', type: 'String' });
    expect(root.arn).toBe('arn:aws:ssm:eu-west-1:111122223333:parameter/root');
    clock.advance(1234);
    await ssm.send(new PutParameterCommand({ Name: '/app/db', Value: 'hunter2', Overwrite: true }));
    const { Parameters } = await ssm.send(new DescribeParametersCommand(named('/app/db')));
    expect(Parameters).toHaveLength(1);
    expect(Parameters?.[0]).toMatchObject({
      Name: '/app/db',
      ARN: 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/db',
      Version: 2,
      Type: 'SecureString',
      Description: 'words',
    });
    expect(Parameters?.[0]?.LastModifiedDate?.getTime()).toBe(clock.now());
    expect((await ssm.send(new DescribeParametersCommand(named('/root')))).Parameters).toHaveLength(1);
    expect((await ssm.send(new DescribeParametersCommand(named('/app')))).Parameters).toEqual([]);
    expect(JSON.stringify([sim.ledger.calls, sim.events])).not.toContain('hunter2');
  });

  it('gives pages of at most 50', async () => {
    const { sim, ssm } = await simulate({ throttling: false });
    for (let i = 0; i < 60; i++) sim.world.parameter();
    const first = await ssm.send(new DescribeParametersCommand({ MaxResults: 50 }));
    const second = await ssm.send(
      new DescribeParametersCommand({ MaxResults: 50, NextToken: first.NextToken }),
    );
    expect([first.Parameters?.length, second.Parameters?.length]).toEqual([50, 10]);
    expect((await ssm.send(new DescribeParametersCommand({}))).Parameters).toHaveLength(10);
    await expect(ssm.send(new DescribeParametersCommand({ MaxResults: 51 }))).rejects.toThrow();
    await expect(ssm.send(new DescribeParametersCommand({ NextToken: 'x' }))).rejects.toMatchObject({
      name: 'InvalidNextToken',
    });
  });

  it('takes up to 50 exact names at once, and can give an empty page though more pages follow', async () => {
    const { sim, ssm } = await simulate({ throttling: false });
    for (let i = 0; i < 60; i++) sim.world.parameter({ name: `/p/${i}` });
    sim.world.parameter({ name: '/q' });
    const asked = (Option: string, Values: string[]) =>
      new DescribeParametersCommand({ MaxResults: 50, ParameterFilters: [{ Key: 'Name', Option, Values }] });
    const names = Array.from({ length: 51 }, (_, i) => `/p/${i}`);
    expect((await ssm.send(asked('Equals', names.slice(1)))).Parameters).toHaveLength(50);
    await expect(ssm.send(asked('Equals', names))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(ssm.send(asked('Equals', []))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(ssm.send(asked('EndsWith', ['q']))).rejects.toMatchObject({ name: 'InvalidFilterOption' });
    const first = await ssm.send(asked('BeginsWith', ['/q']));
    expect(first).toMatchObject({ Parameters: [], NextToken: expect.any(String) });
    const { input } = asked('BeginsWith', ['/q']);
    const second = await ssm.send(new DescribeParametersCommand({ ...input, NextToken: first.NextToken }));
    expect(second.Parameters?.map(({ Name }) => Name)).toEqual(['/q']);
  });

  it('emits an event for every kind of change, for failed changes and expired parameters too', async () => {
    const { sim, ssm } = await simulate();
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: '1', Type: 'String', Description: 'd' }));
    await expect(ssm.send(new PutParameterCommand({ Name: '/a', Value: '2' }))).rejects.toMatchObject({
      name: 'ParameterAlreadyExists',
    });
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: '2', Overwrite: true }));
    await ssm.send(new LabelParameterVersionCommand({ Name: '/a', Labels: ['live'] }));
    sim.world.failParameterUpdate('/a');
    await ssm.send(new DeleteParameterCommand({ Name: '/a' }));
    sim.world.parameter({ name: '/b' });
    sim.world.expireParameter('/b');
    expect(sim.events.map(({ detail }) => detail['operation'] ?? detail['policy-type'])).toEqual([
      'Create',
      'Update',
      'LabelParameterVersion',
      'Update',
      'Delete',
      'Expiration',
    ]);
    expect(sim.events[0]).toMatchObject({
      'detail-type': 'Parameter Store Change',
      source: 'aws.ssm',
      resources: ['arn:aws:ssm:eu-west-1:111122223333:parameter/a'],
      detail: { name: '/a', type: 'String', description: 'd' },
    });
    expect(sim.events.map(({ detail }) => 'exception' in detail)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect((await ssm.send(new DescribeParametersCommand({}))).Parameters).toEqual([]);
  });

  it('adds tags to a parameter and lists them', async () => {
    const { sim, ssm } = await simulate();
    sim.world.parameter({ name: '/a', tags: { x: '1' } });
    await ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'Parameter',
        ResourceId: '/a',
        Tags: [{ Key: 'y', Value: '2' }],
      }),
    );
    const ask = (ResourceId: string) =>
      ssm.send(new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId }));
    expect((await ask('/a')).TagList).toEqual([
      { Key: 'x', Value: '1' },
      { Key: 'y', Value: '2' },
    ]);
    await expect(ask('/b')).rejects.toMatchObject({ name: 'InvalidResourceId' });
  });
});
