import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import type { Fleet } from '../../../functions/core/model/fleet.ts';
import {
  doubtfulArns,
  everythingUsedIn,
  mentionsToTell,
  usesOf,
} from '../../../functions/core/report/uses.ts';
import {
  asSubject,
  change,
  deployment,
  draining,
  fleet,
  PARAMETER,
  POLICY,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';

test('uses names what ECS did not show, if there is any', () => {
  const world = fleet([service()], { 'api:1': [SECRET] });
  const dark = { arn: service().cluster.arn, cluster: 'main', why: 'no permission' };
  const subjects = [asSubject(change())];
  expect(usesOf({ ...world, unreadableClusters: [dark] }, subjects, POLICY).unreadable).toEqual([
    { cluster: 'main', why: 'no permission' },
  ]);
  expect(usesOf(world, subjects, POLICY)).not.toHaveProperty('unreadable');
});

test('uses lists every reference of every service, pinned ones and registry credentials included, sorted by ARN', () => {
  const world = fleet(
    [
      service({ name: 'web', tags: new Map([['enabled', 'false']]) }),
      service({
        taskDefinition: revisionArn('old:1'),
        deployments: [deployment({ taskDefinition: revisionArn('old:1') }), draining()],
      }),
      service({ name: 'none', taskDefinition: revisionArn('none:1'), deployments: [] }),
    ],
    {
      'api:1': [`${SECRET}::BLUE:v1`],
      'old:1': [{ place: 'pull', valueFrom: 'prod/db', container: 'side' }, PARAMETER],
      'none:1': ['/else'],
    },
  );
  const subjects = [change(), change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER })];
  const { uses, notCovered } = usesOf(world, subjects.map(asSubject), POLICY);
  const at = (revision: string) => ({
    taskDefinition: revisionArn(revision),
    container: 'app',
    place: 'secrets',
  });
  const blue = {
    ...at('api:1'),
    valueFrom: `${SECRET}::BLUE:v1`,
    form: 'full-arn',
    label: 'BLUE',
    versionId: 'v1',
  };
  const plain = { label: null, versionId: null };
  expect(uses).toEqual([
    {
      service: service().arn,
      cluster: 'main',
      optedOut: false,
      references: [
        { ...at('old:1'), container: 'side', place: 'pull', valueFrom: 'prod/db', form: 'name', ...plain },
        blue,
        { ...at('old:1'), valueFrom: PARAMETER, form: 'full-arn', ...plain },
      ],
    },
    { service: service({ name: 'web' }).arn, cluster: 'main', optedOut: true, references: [blue] },
  ]);
  expect(notCovered).toMatch(/Standalone and scheduled tasks .* not covered/);
});

test('with SELECT=tagged a service without the tag counts as opted out', () => {
  const { uses } = usesOf(fleet([service()]), [asSubject(change())], { ...POLICY, select: 'tagged' });
  expect(uses.map(({ optedOut }) => optedOut)).toEqual([true]);
});

test('uses are sorted by ARN, in whatever order the services were read', () => {
  const services = ['c', 'a', 'd', 'b'].map((name) => service({ name }));
  const inOrder = services.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const read of [services, inOrder, inOrder.toReversed()]) {
    const { uses } = usesOf(fleet(read), [asSubject(change())], POLICY);
    expect(uses.map((one) => one.service.at(-1))).toEqual(['a', 'b', 'c', 'd']);
  }
});

describe('a service whose environment only names the resource', () => {
  const tagged = new Map([['enabled', 'false']]);
  const names = ['c', 'a', 'b'];
  const off = service({ name: 'off', tags: tagged });
  /** No service refers to the secret, and each one names it. */
  const world = (services = [...names.map((name) => service({ name })), off]): Fleet => {
    const mentions = [{ container: 'app', names: SECRET }];
    return {
      ...fleet(services),
      revisions: new Map([[revisionArn(), { kind: 'readable', references: [], mentions }]]),
    };
  };
  const subjects = [asSubject(change())];
  const asked = (read: Fleet) => [read, subjects, match(read, subjects, 'ignore'), POLICY] as const;
  const mention = (name: string) => ({
    service: service({ name }).arn,
    cluster: 'main',
    container: 'app',
    arn: SECRET,
    also: { key: 'secret-redeploy:also', value: SECRET },
  });

  test('is listed apart, by ARN, with the tag with which it would be redeployed', () => {
    const { uses, mentions } = usesOf(world(), subjects, POLICY);
    expect(uses).toEqual([]);
    expect(mentions).toEqual(
      ['a', 'b', 'c', 'off'].map((name) => ({ ...mention(name), optedOut: name === 'off' })),
    );
    const inOrder = world(['a', 'b'].map((name) => service({ name })));
    expect(usesOf(inOrder, subjects, POLICY).mentions).toMatchObject([mention('a'), mention('b')]);
  });

  test('is told of in a plan unless it is opted out', () => {
    expect(mentionsToTell(...asked(world()))).toEqual(['a', 'b', 'c'].map(mention));
  });

  test('leaves no list behind if there is none', () => {
    expect(usesOf(fleet([service()]), subjects, POLICY)).not.toHaveProperty('mentions');
  });
});

describe('everything that a fleet uses', () => {
  const PARTIAL = SECRET.slice(0, -7);
  const world = fleet(
    [
      service(),
      service({
        name: 'off',
        tags: new Map([['enabled', 'false']]),
        taskDefinition: revisionArn('x:1'),
        deployments: [],
      }),
    ],
    {
      'api:1': [`${SECRET}:key:blue:`, PARTIAL],
      'x:1': [PARAMETER, '/app/key', { place: 'pull', valueFrom: 'prod/db-a1B2c3' }],
    },
  );
  const forms = (known: ReadonlyMap<string, boolean> = new Map()) =>
    everythingUsedIn(world, POLICY, known).uses.map(({ references }) => references.map(({ form }) => form));

  test('is listed by service, with every reference and what it follows', () => {
    const { uses, notCovered } = everythingUsedIn(world, POLICY, new Map());
    expect(uses.map(({ service: arn, cluster, optedOut }) => [arn, cluster, optedOut])).toEqual([
      [service().arn, 'main', false],
      [service({ name: 'off' }).arn, 'main', true],
    ]);
    expect(uses[0]?.references[0]).toEqual({
      taskDefinition: revisionArn(),
      container: 'app',
      place: 'secrets',
      valueFrom: `${SECRET}:key:blue:`,
      form: 'full-arn',
      label: 'blue',
      versionId: null,
    });
    expect(notCovered).toMatch(/Standalone and scheduled tasks .* not covered/);
  });

  test('is named by full and partial ARNs as Secrets Manager says, or as they look', () => {
    expect(forms()).toEqual([
      ['full-arn', 'partial-arn'],
      ['full-arn', 'name', 'name'],
    ]);
    const known = new Map([
      [SECRET, false],
      [PARTIAL, true],
      [PARAMETER, false],
    ]);
    expect(forms(known)).toEqual([
      ['partial-arn', 'full-arn'],
      ['full-arn', 'name', 'name'],
    ]);
  });

  test('leaves the ARNs of secrets in doubt that end like full ones, and nothing else', () => {
    const parameter = `${PARAMETER}-a1B2c3`;
    const doubtful = fleet([service()], {
      'api:1': [SECRET, PARTIAL, parameter, '/app/key-a1B2c3', { place: 'pull', valueFrom: 'prod/x-a1B2c3' }],
    });
    expect(doubtfulArns(doubtful)).toEqual(new Set([SECRET]));
  });
});
