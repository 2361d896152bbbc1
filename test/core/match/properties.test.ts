import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { match, type PullPolicy } from '../../../functions/core/match/match.ts';
import { serviceArn, taskDefinitionArn } from '../../../functions/core/model/arn.ts';
import type { Change } from '../../../functions/core/model/change.ts';
import type { Service } from '../../../functions/core/model/fleet.ts';
import { PLACES, parseReference, type RawReference } from '../../../functions/core/model/reference.ts';
import { asSubject, change, deployment, service } from '../../support/build.ts';
import { expectedOf } from './oracle.ts';

// Few values of each, so that many references differ from the changed resource in one part only.
const home = fc.record({
  partition: fc.constantFrom('aws', 'aws-cn'),
  region: fc.constantFrom('eu-west-1', 'us-east-1'),
  account: fc.constantFrom('111122223333', '444455556666'),
});
const name = fc.constantFrom(
  'db',
  'db-a1B2c3',
  'prod/db',
  'prod/db-a1B2c3',
  'prod',
  'Prod/db',
  'rds!db-0a',
  'aws/reference/secretsmanager/db',
);
const suffix = fc.constantFrom('a1B2c3', 'Zz9Yy8');

const secretArn = fc
  .record({ home, name, suffix })
  .map(
    (one) =>
      `arn:${one.home.partition}:secretsmanager:${one.home.region}:${one.home.account}:secret:${one.name}-${one.suffix}`,
  );
const parameterArn = fc
  .record({ home, name })
  .map((one) => `arn:${one.home.partition}:ssm:${one.home.region}:${one.home.account}:parameter/${one.name}`);

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc
    .record({ arn: secretArn, label: fc.constantFrom('AWSCURRENT', 'BLUE', undefined) })
    .map(({ arn, label }) => {
      const { label: _, ...whole } = change({ arn });
      return label === undefined ? whole : { ...whole, label };
    }),
  parameterArn.map((arn) => change({ arn, kind: 'parameter' })),
);

const rest = fc.constantFrom(
  '',
  '',
  '',
  ':::',
  ':key::',
  '::BLUE:',
  '::AWSPREVIOUS:',
  ':::v1',
  ':3',
  ':a:b',
  ':a:b:c:d',
  '/',
);
const spelling = (arn: string) =>
  fc
    .tuple(
      fc.oneof(
        fc.constant(arn),
        fc.constant(arn.slice(0, -7)),
        fc.integer({ min: 1, max: 12 }).map((cut) => arn.slice(0, -cut)),
        secretArn,
        parameterArn,
        name,
        name.map((one) => `/${one}`),
        name.map((one) => `/aws/reference/secretsmanager/${one}`),
      ),
      rest,
    )
    .map((parts) => parts.join(''));

const prefix = fc.constantFrom('credentialspec:', 'credentialspecdomainless:', '');

/** The partition, the Region and the account of the changed resource. */
function homeOf({ arn }: Change) {
  const [, partition = '', , region = '', account = ''] = arn.split(':');
  return { partition, region, account };
}

const anyCase = fc
  .record({
    changed: anyChange,
    elsewhere: fc.option(home, { freq: 1 }),
    place: fc.constantFrom(...PLACES),
    prefix,
  })
  .map(({ elsewhere, ...one }) => ({ ...one, home: elsewhere ?? homeOf(one.changed) }))
  .chain((one) => spelling(one.changed.arn).map((valueFrom) => ({ ...one, valueFrom })))
  // A parameter cannot be a registry credential: a task that has one there does not start.
  .filter(({ place, valueFrom }) => place !== 'pull' || !valueFrom.includes(':ssm:'));

type Case = { readonly raw: RawReference; readonly world: Parameters<typeof match>[0] };

function fleetWith(one: typeof anyCase extends fc.Arbitrary<infer Of> ? Of : never): Case {
  const { partition, region, account } = one.home;
  const taskDefinition = taskDefinitionArn(`arn:${partition}:ecs:${region}:${account}:task-definition/api:1`);
  const valueFrom = one.place === 'credential-spec' ? one.prefix + one.valueFrom : one.valueFrom;
  const raw: RawReference = { taskDefinition, container: 'app', place: one.place, valueFrom };
  const reference = parseReference(raw, one.home);
  const only: Service = {
    ...service(),
    arn: serviceArn(`arn:${partition}:ecs:${region}:${account}:service/main/api`),
    taskDefinition,
    deployments: [deployment({ taskDefinition })],
  };
  return {
    raw,
    world: {
      beganAt: 0,
      services: [only],
      revisions: new Map([[taskDefinition, { kind: 'readable', references: [reference] }]]),
      unreadable: [],
      unreadableClusters: [],
    },
  };
}

describe('matching', () => {
  test.each<PullPolicy>(['ignore', 'redeploy'])(
    'agrees with a second implementation of the rules, with the policy for registry credentials: %s',
    (pull) => {
      const seen = new Map<string, number>();
      fc.assert(
        fc.property(anyCase, (one) => {
          const { raw, world } = fleetWith(one);
          const found = match(world, [asSubject(one.changed)], pull).flatMap(({ hits }) =>
            hits.map(({ form, effect }) => ({ form, effect })),
          );
          const expected = expectedOf({ ...raw, home: one.home }, one.changed, pull);
          expect(found).toEqual(expected === undefined ? [] : [expected]);
          const what = expected === undefined ? 'no match' : `${expected.form} ${expected.effect}`;
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }),
        { numRuns: 1000, seed: 1 },
      );
      // Without cases of each kind the property would prove little.
      expect([...seen.keys()]).toEqual(
        expect.arrayContaining([
          'no match',
          'full-arn moves',
          'partial-arn moves',
          'name moves',
          'pass-through moves',
        ]),
      );
    },
  );
});
