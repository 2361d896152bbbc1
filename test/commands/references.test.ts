import { expect, test } from 'vitest';
import { references } from '../../functions/commands/references.ts';
import { startLoop } from '../support/loop.ts';
import { named, quietRuns } from '../support/quiet-runs.ts';

/** A service that refers to three secrets: the ARN of `word` is full, and that of `db-secret` has no suffix. */
async function scene() {
  const loop = await startLoop();
  const { world } = loop.sim;
  const word = world.secret({ name: 'prod/word', suffix: 'ptdwgz' });
  const partial = world.secret({ name: 'prod/db-secret', suffix: 'a1B2c3' });
  const service = world.service({
    cluster: 'prod',
    name: 'api',
    secrets: [word.arn, partial.partialArn, '/prod/url'],
    tags: { 'secret-redeploy:enabled': 'false' },
  });
  const forms = async () => {
    const { uses } = await references([named('prod/api')], quietRuns(loop.clock)());
    return uses.flatMap(({ references: found }) => found.map(({ form, valueFrom }) => [valueFrom, form]));
  };
  return { loop, word, partial, service, forms };
}

test('the answer holds each reference of the services that are named, whether they are opted out or not', async () => {
  const { loop, word, service } = await scene();
  loop.sim.world.service({ cluster: 'prod', name: 'other', secrets: [word.arn] });
  const { uses } = await references([named('prod/api')], quietRuns(loop.clock)());
  expect(uses).toMatchObject([{ service: service.arn, cluster: 'prod', optedOut: true }]);
  expect(uses[0]?.references.map(({ valueFrom }) => valueFrom)).toHaveLength(3);
});

test('Secrets Manager tells which ARNs are full where a suffix may be a word', async () => {
  const { word, partial, forms } = await scene();
  expect(await forms()).toEqual([
    [word.arn, 'full-arn'],
    [partial.partialArn, 'partial-arn'],
    ['/prod/url', 'name'],
  ]);
});

test.each([
  ['Secrets Manager refuses to describe a secret', 'access-denied'],
  ['a secret is gone', undefined],
] as const)('how the ARN looks decides where %s', async (_, kind) => {
  const { loop, word, partial, forms } = await scene();
  if (kind !== undefined) loop.sim.faults.add({ operation: 'DescribeSecret', kind, times: Infinity });
  else
    for (const { arn } of [word, partial])
      loop.sim.act('secretsmanager', 'DeleteSecret', { SecretId: arn, ForceDeleteWithoutRecovery: true });
  expect(await forms()).toEqual([
    [word.arn, 'partial-arn'],
    [partial.partialArn, 'partial-arn'],
    ['/prod/url', 'name'],
  ]);
});

test('a service that does not exist, or is outside the clusters of the settings, gets no answer of its own', async () => {
  const { loop } = await scene();
  await expect(
    references([named('prod/api'), named('prod/none')], quietRuns(loop.clock)()),
  ).rejects.toMatchObject({ name: 'NoSuchService', asGiven: ['prod/none'] });
  const elsewhere = quietRuns(loop.clock, { CLUSTERS: 'test' })();
  expect(await references([named('prod/api')], elsewhere)).toMatchObject({ uses: [] });
});
