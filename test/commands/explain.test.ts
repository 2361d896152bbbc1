import { describe, expect, test } from 'vitest';
import { type AskedAbout, explainService } from '../../functions/commands/explain.ts';
import { type Loop, startLoop } from '../support/loop.ts';
import { named, quietRuns } from '../support/quiet-runs.ts';

type ServiceSpec = NonNullable<Parameters<Loop['sim']['world']['service']>[0]>;
type TaskDefinitionSpec = NonNullable<Parameters<Loop['sim']['world']['taskDefinition']>[0]>;

const HOUR = 3_600_000;
const NOTHING: AskedAbout = { secrets: [], parameters: [] };

/** The secret prod/db and the parameter /prod/key, which changed four hours ago, and the service prod/api. */
async function scene(uses: TaskDefinitionSpec = {}, spec: ServiceSpec = {}) {
  const loop = await startLoop();
  const { world } = loop.sim;
  const at = loop.clock.now() - 4 * HOUR;
  const secret = world.secret({
    name: 'prod/db',
    versions: [{ labels: ['AWSCURRENT'], createdAt: at }],
    lastChangedAt: at,
  });
  const parameter = world.parameter({ name: '/prod/key', modifiedAt: at });
  const add = (name: string, secrets: TaskDefinitionSpec, more: ServiceSpec = {}) =>
    world.service({
      cluster: 'prod',
      name,
      taskDefinition: world.taskDefinition({ family: name, ...secrets }),
      startedAt: loop.clock.now() - 5 * HOUR,
      ...more,
    });
  const service = add('api', { secrets: [secret.arn, parameter.arn], ...uses }, spec);
  const explain = (asked: Partial<AskedAbout> = {}, settings = {}, name = 'api') =>
    explainService(
      named(`prod/${name}`),
      { ...NOTHING, ...asked },
      'asked',
      quietRuns(loop.clock, settings)(),
    );
  return { loop, secret, parameter, service, add, explain };
}

describe('a service whose tasks are older than the change', () => {
  test('would be redeployed, by a decision and by each rule', async () => {
    const { service, secret, explain } = await scene();
    const answer = await explain({ secrets: ['prod/db'] });
    expect(answer).toMatchObject({
      service: service.arn,
      cluster: 'prod',
      decision: { action: 'redeploy', reason: null, changeIds: ['asked'] },
      because: expect.stringMatching(/^the change was at 2026-11-21 23:00:00Z; .*, before it$/),
      subjects: [{ arn: secret.arn, kind: 'secret', verdict: { action: 'redeploy', reason: null } }],
    });
  });

  test('is asked about for everything that it refers to if nothing is named', async () => {
    const { secret, parameter, explain } = await scene();
    const { decision, subjects } = await explain();
    expect(decision).toMatchObject({ action: 'redeploy' });
    expect(subjects.map(({ arn }) => arn)).toEqual([secret.arn, parameter.arn]);
  });

  test('is asked about for what is named alone, for secrets and parameters alike', async () => {
    const { loop, secret, parameter, explain } = await scene();
    const asked = async (what: Parameters<typeof explain>[0]) =>
      (await explain(what)).subjects.map(({ arn }) => arn);
    expect(await asked({ secrets: ['prod/db'] })).toEqual([secret.arn]);
    expect(await asked({ parameters: ['/prod/key'] })).toEqual([parameter.arn]);
    loop.sim.world.secret({ name: 'prod/other' });
    expect(await asked({ secrets: ['prod/other'], parameters: ['/prod/key'] })).toEqual([parameter.arn]);
  });

  test('waits for services of an earlier wave, which are planned with it', async () => {
    const { secret, add, explain } = await scene();
    add('batch', { secrets: [secret.arn] }, { tags: { 'secret-redeploy:wave': '1' } });
    expect(await explain({ secrets: ['prod/db'] }, {}, 'batch')).toMatchObject({
      decision: { action: 'wait', reason: 'earlier-wave' },
      because: 'wave 1; services of earlier waves that are not fresh yet: 1',
    });
  });
});

test.each([
  ['what it refers to', {}],
  ['a secret', { secrets: ['prod/db'] }],
  ['a parameter', { parameters: ['/prod/key'] }],
])('a service that is younger than the change is fresh, asked about for %s', async (_, asked) => {
  const { explain } = await scene({}, { startedAt: Date.UTC(2026, 10, 22) });
  expect(await explain(asked)).toMatchObject({
    decision: { action: 'skip', reason: 'already-fresh' },
    because: expect.stringMatching(/^the change was at .*, after it$/),
  });
});

describe('everything that a service refers to', () => {
  test('is what this account and Region show', async () => {
    const { secret, add, explain } = await scene();
    const foreign = [
      secret.arn.replace('111122223333', '999999999999'),
      secret.arn.replace('eu-west-1', 'eu-central-1'),
      '/aws/key',
    ];
    add('both', { secrets: [secret.arn, ...foreign] });
    expect((await explain({}, {}, 'both')).subjects.map(({ arn }) => arn)).toEqual([secret.arn]);
    add('foreign', { secrets: foreign });
    expect(await explain({}, {}, 'foreign')).toMatchObject({
      decision: null,
      because: 'it refers to no secret and no parameter of this account and Region',
    });
  });

  test('holds a secret that a reference names by its name', async () => {
    const { secret, explain } = await scene({ secrets: [], pullCredentials: 'prod/db' });
    expect((await explain()).subjects.map(({ arn }) => arn)).toEqual([secret.arn]);
  });

  test('has the name of a secret that is gone where a reference names it by its name', async () => {
    const { explain } = await scene({ secrets: [], pullCredentials: 'prod/none' });
    expect((await explain()).subjects).toMatchObject([{ arn: 'prod/none' }]);
  });

  test('may be gone', async () => {
    const { explain } = await scene({ secrets: ['/prod/none'] });
    expect(await explain()).toMatchObject({
      decision: { action: 'skip', reason: 'secret-gone' },
      because: 'not-found',
    });
  });

  test.each([
    ['the secret', 'prod/db', ['secret']],
    ['the parameter', '/prod/key', ['parameter']],
    ['both', 'both', ['secret', 'parameter']],
    ['neither', 'none', []],
  ])('is %s of the name in an also tag, whichever exists', async (_, name, kinds) => {
    const tags = { 'secret-redeploy:also': name };
    const { loop, explain } = await scene({ secrets: [] }, { tags });
    loop.sim.world.secret({ name: 'both' });
    loop.sim.world.parameter({ name: 'both' });
    expect((await explain()).subjects.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('holds an ARN in an also tag, whether it exists or not', async () => {
    const gone = 'arn:aws:ssm:eu-west-1:111122223333:parameter/prod/none';
    const { explain } = await scene({ secrets: [] }, { tags: { 'secret-redeploy:also': gone } });
    expect(await explain()).toMatchObject({ subjects: [{ arn: gone, verdict: { reason: 'secret-gone' } }] });
  });
});

describe('nothing is decided about a service', () => {
  const undecided = ({ service }: Awaited<ReturnType<typeof scene>>, because: string) => ({
    service: service.arn,
    cluster: 'prod',
    decision: null,
    because,
    subjects: [],
  });

  test('that refers to nothing', async () => {
    const asked = await scene({ secrets: [] });
    expect(await asked.explain()).toEqual(
      undecided(asked, 'it refers to no secret and no parameter of this account and Region'),
    );
  });

  test('that refers to something else', async () => {
    const asked = await scene({ secrets: ['/prod/key'] });
    expect(await asked.explain({ secrets: ['prod/db'] })).toEqual(
      undecided(asked, 'none of its references names what was asked about'),
    );
  });

  test('in a cluster outside the settings', async () => {
    const asked = await scene();
    expect(await asked.explain({}, { CLUSTERS: 'test' })).toEqual(
      undecided(asked, 'its cluster is not among the clusters of the settings'),
    );
  });

  test('that ECS refuses to describe', async () => {
    const asked = await scene();
    asked.loop.sim.faults.add({ operation: 'DescribeServices', kind: 'client-error', times: Infinity });
    expect(await asked.explain()).toEqual(
      undecided(asked, expect.stringMatching(/^ECS does not show it: ./)),
    );
  });
});

test('a service that does not exist is an error', async () => {
  const { explain } = await scene();
  await expect(explain({}, {}, 'none')).rejects.toMatchObject({
    name: 'NoSuchService',
    asGiven: ['prod/none'],
  });
});

test('what keeps the fleet from being read is an error', async () => {
  const { loop, explain } = await scene();
  let calls = 0;
  loop.sim.faults.add({
    operation: 'ListClusters',
    kind: 'access-denied',
    times: Infinity,
    match: () => ++calls > 1,
  });
  await expect(explain()).rejects.toMatchObject({ name: 'ReadFailed' });
});
