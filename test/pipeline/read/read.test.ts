import { describe, expect, test } from 'vitest';
import { type Attempt, begin } from '../../../functions/core/follow-up/follow-up.ts';
import type { OpenScan } from '../../../functions/core/follow-up/trigger.ts';
import type { ClusterArn } from '../../../functions/core/model/arn.ts';
import type { Fleet } from '../../../functions/core/model/fleet.ts';
import type { Result } from '../../../functions/core/plan/planned.ts';
import { startScan } from '../../../functions/core/read/scan.ts';
import { newChanges, newSubjects, planInput } from '../../../functions/pipeline/read/observed.ts';
import { readFleet } from '../../../functions/pipeline/read/read.ts';
import { type Early, NOTHING_EARLY } from '../../../functions/pipeline/read/scan.ts';
import type { Run } from '../../../functions/pipeline/run.ts';
import {
  asSubject,
  change,
  fleet,
  NOW,
  notice,
  openService,
  POLICY,
  revisionArn,
  SECRET,
  service,
} from '../../support/build.ts';
import { confirmedOnly, fakeRun } from '../../support/fake-run.ts';

const api = service();
const web = service({ name: 'web', taskDefinition: revisionArn('web:1') });
const MAIN = api.cluster.arn;
const LEFT = MAIN.replace('main', 'left') as ClusterArn;
const first = (changeId: string): Attempt => ({
  ...begin(changeId, [change({ changeId })], NOW),
  messageIds: ['m'],
});
const later: Attempt = { ...first('later'), hop: 1, open: [openService({ name: 'web' })] };
const open = (one: Attempt, different: Partial<OpenScan['scan']> = {}): OpenScan => ({
  scan: { ...startScan(one.changes, [], NOW), ...different },
  attempts: [one],
  messageIds: ['m'],
});
const doneEarly = (changeId: string, result: 'accepted' | 'gone'): Result =>
  ({
    planned: { service: api, verdicts: [{ match: { subject: asSubject(change({ changeId })) } }] },
    outcome: { result, deploymentId: 'early' },
  }) as unknown as Result;

/** The whole fleet, what a read of clusters shows, and the services that are followed; what is done in which order. */
function scene({
  whole = { fleet: fleet([api]), remaining: [], anew: true },
  part = { fleet: fleet([]), remaining: [] },
  these = fleet([web], { 'web:1': [SECRET] }),
  early = [],
}: {
  readonly whole?: object;
  readonly part?: object;
  readonly these?: Fleet;
  readonly early?: readonly Result[];
} = {}) {
  const did: string[] = [];
  const noted =
    <T>(what: string, answer: T) =>
    () => {
      did.push(what);
      return answer;
    };
  const fleets = {
    read: noted('read', Promise.resolve(whole)),
    readOn: noted('read on', Promise.resolve(part)),
    knows: () => Promise.resolve(false),
  } as unknown as Run['fleets'];
  const { run } = fakeRun(
    { ecs: { readThese: noted('read these', Promise.resolve(these)) } },
    { fleets, remainingMs: () => 900_000 },
  );
  const doing: Early = {
    ...NOTHING_EARLY,
    begin: (scans) => did.push(`begin ${scans.length}`),
    finish: noted('finish', Promise.resolve(early)),
  };
  return { run, did, early: doing };
}

describe('one invocation reads', () => {
  test('the followed services first, then the fleet, and then waits for what was begun early', async () => {
    const { run, did, early } = scene();
    const observed = await readFleet(
      confirmedOnly({ attempts: [later], scans: [open(first('a'))] }),
      early,
      run,
    );
    expect(did).toEqual(['begin 1', 'read these', 'read', 'finish']);
    expect(observed).toMatchObject({
      attempts: [later, first('a')],
      notices: [],
      fleet: { services: [api], outOfScope: [], beganAt: NOW },
      postponed: [],
      early: { results: [], started: [] },
    });
    expect([...observed.revisions.keys()]).toEqual([revisionArn('api:1'), revisionArn('web:1')]);
    expect(observed.matches.map(({ service: { name }, following }) => [name, following])).toEqual([
      ['api', undefined],
      ['web', 'superseded'],
    ]);
    expect(observed.seen.described).toEqual(new Set([web.key]));
    expect(observed.sights.map(({ attempt }) => attempt.changeId)).toEqual(['later', 'a']);
  });

  test('parts of two reads as one fleet that is as old as the older one', async () => {
    const whole = { fleet: { ...fleet([api]), beganAt: NOW - 5 }, remaining: [], anew: true };
    const { run, early } = scene({ whole });
    const scans = [open(first('a')), open(first('b'), { remaining: [LEFT] })];
    const observed = await readFleet(confirmedOnly({ scans }), early, run);
    expect(observed.fleet).toMatchObject({ beganAt: NOW - 5, services: [api, web] });
    expect(observed.attempts.map(({ changeId }) => changeId)).toEqual(['a', 'b']);
  });

  test('a change once that came in two scans', async () => {
    const { run, early } = scene();
    const observed = await readFleet(
      confirmedOnly({ scans: [open(first('a')), open(first('a'))] }),
      early,
      run,
    );
    expect(observed.attempts).toHaveLength(1);
  });

  test('the notices of the scans', async () => {
    const { run, early } = scene();
    const scans = [open(first('a'), { notices: [notice()] })];
    expect((await readFleet(confirmedOnly({ scans }), early, run)).notices).toEqual([notice()]);
  });

  test('what was redeployed early for the changes that are decided now, and what earlier invocations began', async () => {
    const before = [{ cluster: MAIN, name: 'api', deploymentId: 'd' }];
    const { run, early } = scene({ early: [doneEarly('a', 'accepted'), doneEarly('x', 'accepted')] });
    const scans = [open(first('a'), { started: before })];
    const observed = await readFleet(confirmedOnly({ scans }), early, run);
    expect(observed.early).toEqual({ results: [doneEarly('a', 'accepted')], started: before });
  });

  test('what was redeployed early for a notice that is decided now', async () => {
    const { run, early } = scene({ early: [doneEarly('n', 'accepted')] });
    const scans = [open(first('a'), { notices: [notice()] })];
    expect((await readFleet(confirmedOnly({ scans }), early, run)).early.results).toHaveLength(1);
  });

  test('and a scan that goes on knows what was begun early for it', async () => {
    const before = { cluster: MAIN, name: 'b', deploymentId: 'd' };
    const whole = { fleet: fleet([api]), remaining: [LEFT], anew: true };
    const results = [
      doneEarly('a', 'accepted'),
      doneEarly('a', 'gone'),
      doneEarly('n', 'accepted'),
      doneEarly('x', 'accepted'),
    ];
    const { run, early } = scene({ whole, early: results });
    const scans = [open(first('a'), { started: [before], notices: [notice()] })];
    const observed = await readFleet(confirmedOnly({ scans }), early, run);
    const begun = { cluster: MAIN, name: 'api', deploymentId: 'early' };
    expect(observed.postponed).toMatchObject([
      { notBefore: 0, scan: { remaining: [LEFT], started: [before, begun, begun] } },
    ]);
    expect(observed.attempts).toEqual([]);
    expect(observed.early).toEqual({ results: [], started: [] });
  });
});

describe('what is decided', () => {
  const observed = { attempts: [first('a'), later], notices: [notice()] };

  test('for the first time are the changes of attempt 0, and notices', () => {
    expect(newChanges(observed)).toEqual([change({ changeId: 'a' })]);
    expect(newSubjects(observed)).toEqual([change({ changeId: 'a' }), notice()].map(asSubject));
  });

  test('takes what was seen and what earlier looks know', () => {
    const world = fleet([api]);
    const seen = {
      attempt: { ...first('a'), failedWave: 2 },
      missesOpen: false,
      unread: [],
      overdue: false,
      knownToRefer: false,
    };
    const evidence = new Map();
    const input = planInput(
      { ...observed, fleet: world, matches: [], sights: [seen] } as never,
      evidence,
      POLICY,
      NOW,
    );
    expect(input).toMatchObject({
      fleet: world,
      subjects: newSubjects(observed),
      matches: [],
      evidence,
      policy: POLICY,
      now: NOW,
    });
    expect(input.counted).toEqual(new Map([['a', 0]]));
    expect(input.earlier.failed).toEqual(new Map([['a', 2]]));
  });
});
