import { describe, expect, test } from 'vitest';
import { type AskedAbout, accessTo } from '../../functions/commands/access.ts';
import type { AccessReport } from '../../functions/core/report/access-report.ts';
import type { Simulator } from '../simulator/index.ts';
import { startPreflight } from '../support/preflight.ts';

const GET = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' } as const;
const ELSEWHERE = { account: '222233334444' };

type References = readonly string[];

/** An account, and services with these references, whose one role may read secrets and no parameter. */
async function scene(references: (sim: Simulator) => Readonly<Record<string, References>>) {
  const { sim, run, ask: askOf } = await startPreflight();
  const executionRole = sim.world.role({ inline: [GET] }).arn;
  for (const [name, secrets] of Object.entries(references(sim)))
    sim.world.service({ name, secrets, executionRole });
  const ask = ({ secrets = [], parameters = [] }: Partial<AskedAbout>) =>
    accessTo({ secrets, parameters }, 'asked', { ...run(), account: sim.account });
  return { sim, ask, askOf };
}

/** `service reference certainty` of each reference. */
const told = ({ services }: AccessReport): readonly string[] =>
  services.flatMap(({ service, references }) =>
    references.map(({ valueFrom, certainty }) => `${service.split('/').at(-1)} ${valueFrom} ${certainty}`),
  );

describe('whether services can read what a person names', () => {
  const fleet = ({ world }: Simulator) => {
    const [db] = [world.secret({ name: 'db' }), world.parameter({ name: '/key' })];
    const other = world.secret({ name: 'other' });
    return {
      both: [db.arn, '/key'],
      secret: [db.partialArn, other.arn],
      parameter: ['/key'],
      other: [other.arn],
    };
  };

  test('is told of each service that refers to it, and of no other reference', async () => {
    const { sim, ask } = await scene(fleet);
    const db = sim.act('secretsmanager', 'DescribeSecret', { SecretId: 'db' }) as { readonly ARN: string };
    const ofSecret = [`both ${db.ARN} nothing-against`, `secret ${db.ARN.slice(0, -7)} nothing-against`];
    const ofParameter = ['both /key cannot', 'parameter /key cannot'];
    expect(told(await ask({ secrets: ['db'] }))).toEqual(ofSecret);
    expect(told(await ask({ parameters: ['/key'] }))).toEqual(ofParameter);
    const both = await ask({ secrets: ['db'], parameters: ['/key'] });
    expect(told(both).toSorted()).toEqual([...ofSecret, ...ofParameter].toSorted());
    expect(both.summary).toEqual({ cannot: 2, 'probably-cannot': 0, unknown: 0, 'nothing-against': 1 });
  });

  test('is told of every reference of a service that a person names', async () => {
    const { askOf } = await scene(fleet);
    expect(told(await askOf(['main/both']))).toEqual([
      expect.stringMatching(/^both .* nothing-against$/),
      'both /key cannot',
    ]);
  });

  test('names the services that read it by themselves, and none that read something else', async () => {
    const { sim, ask } = await scene(() => ({}));
    for (const name of ['db', 'other'])
      sim.world.service({
        name: `reads-${sim.world.secret({ name }).name}`,
        tags: { 'secret-redeploy:also': name },
      });
    expect(await ask({ secrets: ['db'] })).toMatchObject({
      services: [],
      readByThemselves: [{ service: expect.stringMatching(/reads-db$/), cluster: 'main' }],
    });
  });

  test('is told of what another account shows to nobody here, because only the role is asked about', async () => {
    const arns: string[] = [];
    const { sim, ask } = await scene(({ world, region }) => {
      arns.push(world.secret({ name: 'theirs', place: ELSEWHERE }).arn);
      arns.push(`arn:aws:ssm:${region}:${ELSEWHERE.account}:parameter/theirs`);
      return { api: arns };
    });
    sim.faults.add({ operation: 'DescribeSecret', kind: 'access-denied', times: Infinity });
    const [secret = '', parameter = ''] = arns;
    expect(told(await ask({ secrets: [secret] }))).toEqual([expect.stringMatching(`^api ${secret} `)]);
    expect(told(await ask({ parameters: [parameter] }))).toEqual([
      expect.stringMatching(`^api ${parameter} `),
    ]);
  });
});
