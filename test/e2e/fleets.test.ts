import { describe, expect, it } from 'vitest';
import { dice } from '../support/dice.ts';
import { apiCall, type Place, parameterChange, type RawEvent, serviceEvent } from '../support/events.ts';
import { buildFleet } from './build-fleet.ts';
import type { FleetModel, ServiceModel, TruthModel } from './fleet-model.ts';
import { mayLackSomething, type Verdict, verdictFor } from './oracle.ts';
import { followUpIn, openOf, takeAll } from './queue.ts';
import { type RandomChange, randomChange } from './random-change.ts';
import { PARTITIONS, randomFleet, randomSettings } from './random-fleet.ts';
import { deliver, type Scene, scene, told, updated } from './scene.ts';

const RUNS = Number(process.env['E2E_FLEETS'] ?? 40);
const FIRST = Number(process.env['E2E_SEED'] ?? 1);
const SEEDS = Array.from({ length: RUNS }, (_, index) => FIRST + index);

describe.concurrent('over random fleets and changes,', () => {
  it.concurrent.for(SEEDS)(
    'exactly the right services are redeployed, once each, and each decision has its record (seed %i)',
    async (seed, context) => {
      const roll = dice(seed * 7919);
      const options = { account: '111122223333', ...roll.pick(PARTITIONS) };
      const stage = await scene(context, { ...options, tickMs: 0, seed });
      const settings = randomSettings(roll);
      const lambda = await stage.lambda('on-change', {
        TAG_PREFIX: settings.prefix,
        SELECT: settings.select,
        PULL_CREDENTIALS: settings.pull,
        CLUSTERS: settings.clusters,
        COOLDOWN_SECONDS: String(settings.cooldownMs / 1000),
        READ_RATE: '1000',
      });
      const at = Math.floor(Date.now() / 1000) * 1000 - roll.pick([8, 20, 80, 200]) * 1000;
      const changes = randomChanges(roll.pick([1, 1, 1, 2, 4]), seed, stage.place, at, settings.prefix);
      const fleet = randomFleet(seed, stage.place, settings, changes);
      buildFleet(stage.sim.world, fleet);
      for (const { secret, parameter, truth } of changes) {
        if (secret !== undefined) stage.sim.world.secret(secret);
        if (parameter !== undefined) stage.sim.world.parameter({ ...parameter, modifiedAt: truth.changedAt });
      }
      const begun = Date.now();
      const events = [...changes.map(({ event }) => event), ...noise(changes, stage.place, at)];
      const back = await deliver(lambda, events);

      const truths = changes.map(({ truth }) => truth);
      const judge = judgeDuring(fleet, truths, begun, Date.now());
      const verdicts = fleet.services.map((service) => ({
        service,
        verdicts: changes.map(({ truth }) => judge(service, truth)),
      }));
      const got = updated(stage);
      const right = verdicts
        .filter(({ service, verdicts }) => {
          const isRight = verdicts.some((one) => one.includes('redeploy'));
          const isSure = verdicts.some((one) => one.every((verdict) => verdict === 'redeploy'));
          return isSure || (isRight && got.includes(path(service)));
        })
        .map(({ service }) => path(service));
      expect(got, explain(fleet, changes, stage)).toEqual(right.sort());
      expect(back).toEqual([]);
      expectBehaved(stage, changes);
      const problems = verdicts.flatMap((item) => problemsIn(item.service, item.verdicts, told(lambda)));
      expect(problems).toEqual([]);
      expectFollowed(stage, fleet, changes, judge);
    },
  );
});

/** The verdicts that are right: two if a time limit of the rules passed while a busy machine handled the change. */
type Judge = (service: ServiceModel, truth: TruthModel) => readonly Verdict[];

function judgeDuring(fleet: FleetModel, truths: readonly TruthModel[], begun: number, done: number): Judge {
  return (service, truth) => {
    const [first, last] = [begun, done].map((now) => verdictFor(fleet, service, truth, now));
    if (first === undefined || last === undefined) return [];
    const right = String(first) === String(last) ? [first] : [first, last];
    const mayWait = right.includes('redeploy') && mayLackSomething(fleet, service, truths);
    return mayWait ? [...right, ['unreadable']] : right;
  };
}

function randomChanges(count: number, seed: number, place: Place, at: number, prefix: string) {
  const byName = new Map<string, RandomChange>();
  for (let i = 0; i < count; i++) {
    const change = randomChange(seed * 31 + i, place, at - i * 1000, prefix);
    byName.set(change.truth.name, change);
  }
  return [...byName.values()];
}

/** Events about the same resources that must cause nothing. */
function noise(changes: readonly RandomChange[], place: Place, at: number): readonly RawEvent[] {
  return changes.flatMap(({ truth }): RawEvent[] => {
    if (truth.kind === 'parameter') {
      const named = { arn: 'arn:ignored', name: truth.name };
      return [parameterChange({ place, at }, named, { exception: 'ThrottlingException' })];
    }
    const { partition, region, account } = place;
    const arn = `arn:${partition}:secretsmanager:${region}:${account}:secret:${truth.name}-${truth.suffix}`;
    const secretId = truth.name;
    return [
      apiCall({ place, at }, 'RotateSecret', { secretId }, { responseElements: { arn } }),
      apiCall({ place, at }, 'PutSecretValue', { secretId, versionStages: ['AWSPENDING'] }),
      apiCall(
        { place, at },
        'PutSecretValue',
        { secretId },
        { errorCode: 'AccessDenied', errorMessage: 'no' },
      ),
      apiCall({ place, at }, 'TagResource', { secretId }, { responseElements: { arn } }),
      apiCall({ place, at }, 'GetSecretValue', { secretId }),
      serviceEvent({ place, at }, 'RotationStarted', arn),
    ];
  });
}

function expectBehaved(stage: Scene, changes: readonly RandomChange[]): void {
  const { ledger } = stage.sim;
  expect(ledger.forbidden).toEqual([]);
  expect(ledger.unknown).toEqual([]);
  const earliest = Math.min(...changes.map(({ truth }) => truth.changedAt)) + 2000;
  for (const { fields, at } of stage.updates()) {
    expect(fields).toEqual(['cluster', 'forceNewDeployment', 'service']);
    expect(at).toBeGreaterThanOrEqual(earliest);
  }
}

/** The follow-ups of each change hold exactly the services that the change waits for. */
function expectFollowed(
  stage: Scene,
  fleet: FleetModel,
  changes: readonly RandomChange[],
  judge: Judge,
): void {
  const followUps = takeAll(stage).flatMap(({ body }) => followUpIn(body)?.followUps ?? []);
  for (const { truth, event } of changes) {
    const open = new Set(
      followUps.filter(({ changeId }) => changeId === event.id).flatMap((one) => openOf(one)),
    );
    for (const service of fleet.services) {
      const mayBe = judge(service, truth).flatMap((verdict) =>
        verdict === 'unmatched' ? [false] : expectedLines(verdict).map((line) => !line.includes('.skipped')),
      );
      expect(mayBe, `${path(service)} for ${truth.name}`).toContain(open.has(path(service)));
    }
  }
}

/** Each decision has one record of the right kind. With several changes in a batch, at least one record must fit. */
function problemsIn(
  service: ServiceModel,
  verdicts: ReturnType<Judge>[],
  lines: readonly string[],
): readonly string[] {
  const mine = lines.filter((line) => line.split(' ')[1] === path(service));
  const kinds = verdicts.flat().flatMap(expectedLines);
  if (kinds.length === 0) return mine.map((line) => `should not be mentioned: ${line}`);
  const wrong = mine.filter((line) => !kinds.includes(line.replace(path(service), '*')));
  if (wrong.length > 0) return wrong.map((line) => `${line}, but expected ${kinds.join(' | ')}`);
  if (mine.length === 1 || (verdicts.length > 1 && mine.length > 0)) return [];
  return [`${path(service)} has ${mine.length} records instead of one, expected ${kinds.join(' | ')}`];
}

function expectedLines(verdict: Verdict): readonly string[] {
  if (verdict === 'redeploy') return ['service.redeployed *'];
  if (verdict === 'unmatched') return [];
  return verdict.map((reason) => `service.${WAITS.has(reason) ? 'waiting' : 'skipped'} * ${reason}`);
}

const WAITS = new Set(['rolling-out', 'deployment-in-progress', 'cooldown', 'unreadable']);

function path({ cluster, name }: ServiceModel): string {
  return `${cluster}/${name}`;
}

/** The services for which the oracle and the function differ, for the message of a failed run. */
function explain(fleet: FleetModel, changes: readonly RandomChange[], stage: Scene): string {
  const now = Date.now();
  const got = updated(stage);
  const differing = fleet.services.filter((service) => {
    const right = changes.some(({ truth }) => verdictFor(fleet, service, truth, now) === 'redeploy');
    return right !== got.includes(path(service));
  });
  return JSON.stringify(
    { truths: changes.map(({ truth }) => truth), settings: fleet.settings, differing },
    null,
    1,
  );
}
