import { TagResourceCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { simulate } from './testing.ts';

describe('the tags of a simulated world', () => {
  const refused = [
    ['a value with ?', { also: 'rds?db' }],
    ['a value with !', { also: 'rds!db' }],
    ['a value of 257 characters', { also: 'x'.repeat(257) }],
    ['a key with *', { 'al*so': 'x' }],
    ['a key of 129 characters', { ['k'.repeat(129)]: 'x' }],
  ] as const;

  it.each(refused)('are refused by TagResource and by the builders with %s', async (_, tags) => {
    const { sim, ecs } = await simulate();
    const { arn } = sim.world.service({ name: 'api' });
    const [[key, value] = ['', '']] = Object.entries(tags);
    await expect(
      ecs.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key, value }] })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    expect(() => sim.world.service({ name: 'web', tags })).toThrow('failed to satisfy constraint');
    expect(() => sim.world.cluster({ name: 'edge', tags })).toThrow('failed to satisfy constraint');
    expect(() => sim.world.taskDefinition({ tags })).toThrow('failed to satisfy constraint');
    expect(() => sim.world.parameter({ tags })).toThrow('failed to satisfy constraint');
  });

  it('are 50 at most, and none of them begins with aws:', async () => {
    const { sim, ecs } = await simulate();
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'x']));
    const { arn: resourceArn } = sim.world.service({ name: 'api', tags });
    const set = (key: string) =>
      ecs.send(new TagResourceCommand({ resourceArn, tags: [{ key, value: 'y' }] }));
    await set('k0');
    await expect(set('k50')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(set('aws:k0')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('cannot be set on a service that has the old form of an ARN, by either form', async () => {
    const { sim, ecs } = await simulate();
    const { arn } = sim.world.service({ name: 'old', oldArn: true });
    const set = (resourceArn: string) =>
      ecs.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'k', value: 'v' }] }));
    await expect(set(arn)).rejects.toThrow('Long arn format must be used for tagging operations');
    await expect(set(arn.replace('/old', '/main/old'))).rejects.toThrow('does not have the longArn format');
  });

  it.each([
    [{ also: 'rds=21db-1a2b prod/db arn:aws:ssm:eu-west-1:111122223333:parameter/x' }],
    [{ ['k'.repeat(128)]: 'Ünïcode_.:/=+-@ 0'.padEnd(256, 'x') }],
    [{ empty: '' }],
  ])('are accepted: %o', async (tags) => {
    const { sim, ecs } = await simulate();
    const { arn } = sim.world.service({ name: 'api', tags });
    const [[key, value] = ['', '']] = Object.entries(tags);
    await ecs.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key, value }] }));
  });

  it('may hold any character on a secret, which limits the length only', async () => {
    const { sim } = await simulate();
    sim.world.secret({ name: 'a', tags: { owner: 'me? *you*' } });
    expect(() => sim.world.secret({ name: 'b', tags: { owner: 'x'.repeat(257) } })).toThrow('length');
  });
});
