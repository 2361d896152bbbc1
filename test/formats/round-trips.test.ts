import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FollowUp, type OpenService, openKey } from '../../functions/core/follow-up/follow-up.ts';
import {
  clusterArn,
  nameOf,
  type TaskDefinitionArn,
  taskDefinitionArn,
} from '../../functions/core/model/arn.ts';
import type { Change } from '../../functions/core/model/change.ts';
import { PLACES } from '../../functions/core/model/reference.ts';
import { DEPLOYMENT_STATES } from '../../functions/core/model/rollout.ts';
import type { Heard } from '../../functions/core/read/heard.ts';
import type { Scan } from '../../functions/core/read/scan.ts';
import type { SeenReference, SeenService, Snapshot } from '../../functions/core/read/snapshot.ts';
import { followUpBody, isFollowUp, parseFollowUps, scanBody } from '../../functions/formats/follow-up.ts';
import { parseSnapshot, snapshotBytes } from '../../functions/formats/snapshot.ts';
import { ACCOUNT, change, PARAMETER, REGION, revisionArn, SECRET } from '../support/build.ts';

/** The name of a cluster or a service: at most 255 letters, digits, hyphens and underscores. */
const ecsName = fc.stringMatching(/^[A-Za-z0-9_-]{1,255}$/);

/** The name of a secret: at most 512 letters, digits and `/_+=.@!-`. The names of parameters are more limited. */
const secretName = fc.stringMatching(/^[A-Za-z0-9/_+=.@!-]{1,512}$/);
const anyCluster = ecsName.map((name) => clusterArn(`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${name}`));
const instant = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const count = fc.nat();

/** Texts in our own messages come from AWS, from us or from a request that a person typed: they may be any text. */
const anyText = fc.string({ minLength: 1, unit: 'binary' });

const anyChange: fc.Arbitrary<Change> = fc
  .record({
    changeId: anyText,
    kind: fc.constantFrom('secret', 'parameter', 'service'),
    arn: secretName.map((name) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-a1B2c3`),
    label: anyText,
    versionId: anyText,
    changedAt: instant,
    source: anyText,
    optedOut: fc.boolean(),
    isConfirmed: fc.boolean(),
    isBehind: fc.boolean(),
  })
  .map(({ isConfirmed, isBehind, ...one }) =>
    change({ ...one, ...(!isConfirmed && { confirmed: false }), ...(isBehind && { behind: true }) }),
  );

const anyOpen: fc.Arbitrary<OpenService> = fc.record(
  {
    cluster: anyCluster,
    name: ecsName,
    deploymentId: fc.option(anyText),
    ours: fc.boolean(),
    lastLogged: fc.string({ unit: 'binary' }),
    rollout: fc.record({
      state: fc.constantFrom(...DEPLOYMENT_STATES),
      since: instant,
      alarmed: fc.boolean(),
    }),
    ranBefore: count,
  },
  { requiredKeys: ['cluster', 'name', 'deploymentId', 'ours', 'lastLogged'] },
);

/** In the order of the message, which groups services by cluster. */
const byCluster = <Of extends { readonly cluster: string }>(all: readonly Of[]): readonly Of[] =>
  [...new Set(all.map(({ cluster }) => cluster))].flatMap((cluster) =>
    all.filter((one) => one.cluster === cluster),
  );

const anyFollowUp: fc.Arbitrary<FollowUp> = fc.record({
  changeId: anyText,
  changes: fc.array(anyChange, { minLength: 1, maxLength: 3 }),
  firstHandledAt: instant,
  hop: count,
  open: fc.uniqueArray(anyOpen, { maxLength: 5, selector: openKey }).map(byCluster),
  tally: fc.record({ redeployed: count, fresh: count, failed: count, skipped: count, left: count }),
  denied: fc.boolean(),
  failedWave: fc.option(count),
  deniedWave: fc.option(count),
  triedAt: instant,
  unread: fc
    .tuple(
      fc.uniqueArray(anyCluster, { maxLength: 2 }),
      fc.array(ecsName, { maxLength: 3 }),
      fc.array(fc.record({ cluster: anyCluster, name: ecsName }), { maxLength: 3 }),
    )
    .map(([clusters, except, services]) => [
      ...clusters.map((cluster) => ({ cluster, except })),
      ...byCluster(services),
    ]),
  givenUp: fc.constant(false),
  limitRecorded: fc.boolean(),
  knownEnd: fc.option(instant),
  exposureEnd: fc.option(
    fc.record({ at: instant, by: fc.constantFrom('stopped-task', 'service-deployment', 'look') }),
  ),
  notMade: count,
  missing: fc.array(fc.record({ id: anyText, at: instant }), { minLength: 1, maxLength: 3 }),
});

const anyReading: fc.Arbitrary<Scan> = fc.record({
  changes: fc.array(anyChange, { maxLength: 3 }),
  notices: fc.array(
    fc.record({
      changeId: anyText,
      kind: fc.constantFrom('secret', 'parameter'),
      arn: anyText,
      notice: fc.constantFrom('deleted', 'expires-soon'),
      at: instant,
      source: anyText,
    }),
    { maxLength: 2 },
  ),
  firstHandledAt: instant,
  matched: fc.array(fc.record({ cluster: anyCluster, name: ecsName }), { maxLength: 5 }).map(byCluster),
  started: fc
    .array(fc.record({ cluster: anyCluster, name: ecsName, deploymentId: anyText }), { maxLength: 5 })
    .map(byCluster),
  remaining: fc.oneof(fc.constant('all' as const), fc.array(anyCluster, { minLength: 1, maxLength: 3 })),
  unread: fc
    .array(fc.record({ arn: anyCluster, why: fc.string() }), { maxLength: 2 })
    .map((some) => some.map((one) => ({ ...one, cluster: nameOf(one.arn) }))),
});

const anySeen: fc.Arbitrary<SeenReference> = fc.record({
  place: fc.constantFrom(...PLACES),
  valueFrom: fc.string({ maxLength: 2048, unit: 'binary' }),
});

const anyLabel = fc.string({ minLength: 1, maxLength: 256 });
const anyHeard: fc.Arbitrary<Heard> = fc.record(
  { arn: fc.constant(SECRET), at: instant, label: anyLabel, versionId: anyLabel },
  { requiredKeys: ['arn', 'at'] },
);

const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .dictionary(fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), fc.array(anySeen, { maxLength: 3 }), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  })
  .map(
    (families) => new Map(Object.entries(families).map(([name, seen]) => [revisionArn(`${name}:1`), seen])),
  )
  .chain((revisions) => {
    const anyService: fc.Arbitrary<SeenService> = fc.record({
      revisions: fc.subarray<TaskDefinitionArn>([...revisions.keys()]),
      own: fc.array(anySeen, { maxLength: 2 }),
    });
    const services = fc.array(fc.tuple(ecsName, anyService), { maxLength: 4 }).map((all) => new Map(all));
    const named = fc.subarray([SECRET, SECRET.slice(0, -7), PARAMETER, 'rds!db-1a2b'], { minLength: 1 });
    const mentions = fc
      .dictionary(fc.constantFrom(...revisions.keys()), named, { minKeys: 1, noNullPrototype: true })
      .map((all) => new Map(Object.entries(all).map(([arn, names]) => [taskDefinitionArn(arn), names])));
    return fc
      .record({
        clusters: fc.array(fc.tuple(anyCluster, services), { maxLength: 3 }),
        mentions: fc.option(mentions),
        heard: fc.option(fc.array(anyHeard, { maxLength: 3 })),
      })
      .map((one) => ({
        clusters: new Map(one.clusters),
        revisions,
        ...(one.mentions && { mentions: one.mentions }),
        ...(one.heard && { heard: one.heard }),
      }));
  });

describe('whatever names it holds,', () => {
  test('a message of follow-ups is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyFollowUp, { maxLength: 3 }), (followUps) => {
        const body = followUpBody(followUps);
        expect(isFollowUp(body)).toBe(true);
        expect(parseFollowUps(body)).toEqual({ followUps, scans: [] });
      }),
    );
  });

  test('a scan is read as it was written', () => {
    fc.assert(
      fc.property(anyReading, (reading) => {
        expect(parseFollowUps(scanBody(reading))).toEqual({ followUps: [], scans: [reading] });
      }),
    );
  });

  test('a snapshot of the fleet is read as it was written', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const bytes = snapshotBytes(snapshot);
        expect(parseSnapshot(bytes)).toEqual(snapshot);
        expect(snapshotBytes(parseSnapshot(bytes))).toEqual(bytes);
      }),
    );
  });
});
