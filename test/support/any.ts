import * as fc from 'fast-check';
import { possibleMatches } from '../../functions/core/match/match.ts';
import { clusterArn, type TaskDefinitionArn } from '../../functions/core/model/arn.ts';
import type { Change, Notice, Subject } from '../../functions/core/model/change.ts';
import type { Deployment, Fleet, Service } from '../../functions/core/model/fleet.ts';
import type { Evidence } from '../../functions/core/plan/evidence.ts';
import type { PlanInput } from '../../functions/core/plan/plan.ts';
import type { Policy } from '../../functions/core/plan/policy.ts';
import {
  ACCOUNT,
  asSubject,
  CHANGED_AT,
  change,
  deployment,
  fleet,
  NOW,
  PARAMETER,
  POLICY,
  REGION,
  revisionArn,
  SECRET,
  service,
} from './build.ts';

/** What the readable revisions of every generated fleet refer to. One more revision cannot be described. */
const REFERENCES = {
  'api:1': [SECRET],
  'api:2': [PARAMETER],
  'api:3': [`${SECRET}:::pinned`],
  'api:4': [`${SECRET}::BLUE:`, '/app/db/password'],
  'api:5': [{ place: 'pull', valueFrom: 'prod/db' } as const],
  'api:6': [SECRET.slice(0, -7), PARAMETER],
  'api:7': [],
};
const UNREADABLE = revisionArn('api:8');

const anyRevision: fc.Arbitrary<TaskDefinitionArn> = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...Object.keys(REFERENCES)).map((name) => revisionArn(name)) },
  { weight: 1, arbitrary: fc.constant(UNREADABLE) },
);

/** Instants around the changes, around the start of the cooldown before now and of the hour before now. */
const anyInstant = fc.constantFrom(
  CHANGED_AT - 7_200_000,
  CHANGED_AT - 1,
  CHANGED_AT,
  CHANGED_AT + 1,
  CHANGED_AT + 5_000,
);

const anyDeployment: fc.Arbitrary<Deployment> = fc
  .record({
    id: fc.integer({ min: 1, max: 9 }).map((id) => `ecs-svc/${id}`),
    taskDefinition: anyRevision,
    createdAt: anyInstant,
    rolloutState: fc.constantFrom('COMPLETED', 'COMPLETED', 'IN_PROGRESS', 'FAILED', null),
    rolloutStateReason: fc.constantFrom('', '', 'rolling back to ecs-svc/1'),
    running: fc.integer({ min: 0, max: 2 }),
    pending: fc.constantFrom(0, 0, 1),
  })
  .map((one) => deployment(one));

const anyTags = fc
  .record({
    enabled: fc.constantFrom(undefined, undefined, undefined, 'true', 'false', 'odd'),
    wave: fc.constantFrom(undefined, undefined, '0', '1', '2', 'odd'),
  })
  .map(
    (tags) =>
      new Map(Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
  );

/** A service in one of two clusters. In the old ARN format two services of the same name share one ARN. */
export const anyService: fc.Arbitrary<Service> = fc
  .record({
    name: fc.stringMatching(/^[a-c]{1,2}$/),
    cluster: fc.constantFrom('main', 'edge'),
    oldForm: fc.boolean(),
    status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'DRAINING'),
    controller: fc.constantFrom('ECS', 'ECS', 'ECS', 'CODE_DEPLOY'),
    strategy: fc.constantFrom('ROLLING', 'ROLLING', 'CANARY'),
    desired: fc.integer({ min: 0, max: 2 }),
    maximumPercent: fc.constantFrom(200, 200, 100),
    tags: anyTags,
    deployments: fc.array(anyDeployment, { minLength: 1, maxLength: 3 }),
  })
  .map(({ cluster, oldForm, ...one }) => {
    const deployments = one.deployments.map((each, i) => ({ ...each, primary: i === 0 }));
    const [primary] = deployments;
    const within = oldForm ? '' : `${cluster}/`;
    return service({
      ...one,
      arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${within}${one.name}`,
      cluster: {
        arn: clusterArn(`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`),
        name: cluster,
        tags: new Map(),
      },
      running: deployments.reduce((sum, { running }) => sum + running, 0),
      pending: deployments.reduce((sum, { pending }) => sum + pending, 0),
      taskDefinition: primary?.taskDefinition ?? null,
      deployments,
    });
  });

const anyServices = fc.uniqueArray(anyService, { selector: ({ key }) => key, maxLength: 8 });

/** Changes of both resources and of two labels; two of the changes come from one event. */
const CHANGES: readonly Change[] = [
  change(),
  change({ changeId: 'change-2', changedAt: CHANGED_AT - 1_000, label: 'BLUE', versionId: 'version-3' }),
  change({ changeId: 'change-2', kind: 'parameter', arn: PARAMETER, changedAt: CHANGED_AT - 1_000 }),
  change({ changeId: 'change-3', kind: 'parameter', arn: PARAMETER, possiblyUntil: CHANGED_AT + 2_000 }),
  change({ changeId: 'change-4', optedOut: true }),
];
const NOTICES: readonly Notice[] = [
  { changeId: 'notice-1', kind: 'parameter', arn: PARAMETER, notice: 'deleted', at: NOW, source: 'a test' },
  { changeId: 'notice-2', kind: 'secret', arn: SECRET, notice: 'rotation-failed', at: NOW, source: 'a test' },
];
export const anyChanges = fc.subarray([...CHANGES], { minLength: 1 });
const anySubjects = fc
  .tuple(anyChanges, fc.subarray([...NOTICES]))
  .map(([changes, notices]) => [...changes, ...notices]);

const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  select: fc.constantFrom('all', 'all', 'tagged'),
  tagPrefix: fc.constant('secret-redeploy'),
  clusters: fc.constant([]),
  pull: fc.constantFrom('ignore', 'redeploy'),
  maxServices: fc.constantFrom(0, 0, 2),
  preflight: fc.constant('off'),
  cooldownMs: fc.constantFrom(0, 60_000),
  maxPerHour: fc.constantFrom(1, 6),
});

const anyEvidence: fc.Arbitrary<Evidence> = fc.record(
  {
    serviceDeployments: fc.array(
      fc.record({
        createdAt: anyInstant,
        status: fc.constantFrom('SUCCESSFUL', 'SUCCESSFUL', 'IN_PROGRESS', 'STOPPED', 'ROLLBACK_IN_PROGRESS'),
      }),
      { maxLength: 3 },
    ),
    tasks: fc.array(fc.record({ createdAt: anyInstant }), { maxLength: 3 }),
    unreadable: fc.constant('refused'),
  },
  { requiredKeys: [] },
);

/** The complete input of a plan. */
export const anyBasis: fc.Arbitrary<PlanInput> = fc
  .record({
    services: anyServices,
    subjects: anySubjects,
    policy: anyPolicy,
    evidence: fc.array(anyEvidence, { minLength: 8, maxLength: 8 }),
    now: fc.constantFrom(NOW, CHANGED_AT + 130_000),
  })
  .map(({ services, subjects, policy, evidence, now }) => ({
    ...basis(services, subjects.map(asSubject), policy),
    evidence: new Map(services.map(({ key }, i) => [key, evidence[i] ?? {}])),
    now,
  }));

/** The input of a plan for these services and subjects, without evidence beyond DescribeServices. */
export function basis(
  services: readonly Service[],
  subjects: readonly Subject[],
  policy = POLICY,
): PlanInput {
  const world: Fleet = fleet(services, REFERENCES);
  const revisions = new Map([
    ...world.revisions,
    [UNREADABLE, { kind: 'unreadable', why: 'refused' }] as const,
  ]);
  const whole = { ...world, revisions };
  return {
    fleet: whole,
    subjects,
    matches: possibleMatches(whole, subjects, policy.pull),
    evidence: new Map(),
    policy,
    earlier: { failed: new Map(), unseen: new Set(), overdue: new Set() },
    now: NOW,
  };
}
