import { describe, expect, test } from 'vitest';
import { currentMoved, type Loop, startLoop } from '../../support/loop.ts';
import { metricIn, sweepOnce } from '../../support/sweeper.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every operation by which a function reads, and where it is called. */
const OPERATIONS = {
  ListClusters: ['first look', 'sweep'],
  DescribeClusters: ['first look', 'later look', 'sweep'],
  ListServices: ['first look', 'sweep'],
  DescribeServices: ['first look', 'later look', 'sweep'],
  DescribeTaskDefinition: ['first look', 'sweep'],
  ListServiceDeployments: ['first look', 'later look', 'sweep'],
  ListTasks: ['later look', 'sweep'],
  DescribeTasks: ['later look', 'sweep'],
  DescribeSecret: ['first look', 'later look'],
  ListSecrets: ['sweep'],
  ListSecretVersionIds: ['sweep'],
  DescribeParameters: ['sweep'],
} as const;
type Position = (typeof OPERATIONS)[keyof typeof OPERATIONS][number];

const ROWS = Object.entries(OPERATIONS).flatMap(([operation, positions]) =>
  positions.flatMap((position: Position) =>
    ([1, Infinity] as const).map((times) => ({ operation, position, times })),
  ),
);

/** Two clusters with 110 and 2 services, three of which use a secret; one of these is in wave 1, one uses a parameter. */
async function world() {
  const loop = await startLoop({ env: { COOLDOWN_SECONDS: '0' } });
  const before = loop.clock.now() - 7 * DAY;
  const secret = loop.sim.world.secret({
    name: 'prod/db',
    createdAt: before - DAY,
    lastChangedAt: before - DAY,
  });
  loop.sim.world.parameter({ name: '/app/key', modifiedAt: before - DAY });
  const make = (cluster: string, name: string, secrets: readonly string[], wave = 0) =>
    loop.sim.world.service({
      cluster,
      name,
      secrets,
      startedAt: before,
      tags: { 'secret-redeploy:wave': String(wave) },
    });
  for (let i = 0; i < 108; i++) make('big', `idle-${i}`, []);
  make('big', 'canary', [secret.arn]);
  make('big', 'keyed', [secret.arn, '/app/key']);
  make('small', 'late', [secret.arn], 1);
  make('small', 'other', []);
  return { loop, secret };
}

const staleIn = (loop: Loop, arn: string) => [
  ...new Set(loop.sim.staleTasks(arn).map(({ serviceArn }) => serviceArn)),
];

/** Whether the end of the change says that this service, or its whole cluster, is not known to be fresh. */
function isNamed(loop: Loop, service: string): boolean {
  const cluster = service.split('/').at(-2);
  const ends = loop.told('change.unsettled');
  // A record lists a hundred of them, and how many there are.
  if (ends.some((record) => Number(record['waitingTotal']) > 100)) return true;
  return ends
    .flatMap((record) => record['waiting'] as readonly { service?: string; cluster: string }[])
    .some((one) => one.service === service || (one.service === undefined && one.cluster === cluster));
}

function expectNothingLost(loop: Loop, arn: string): void {
  const dead = loop.sim.messagesIn(`${loop.sim.endpoint}/${loop.sim.account}/changes-dead`);
  const stale = staleIn(loop, arn);
  const skipped = loop.told('service.skipped').filter(({ reason }) => reason === 'earlier-wave-failed');
  const isTold = (service: string) =>
    isNamed(loop, service) || skipped.some((record) => record['service'] === service);
  if (dead.length === 0) expect(stale.filter((service) => !isTold(service))).toEqual([]);
  if (stale.length === 0) return;
  expect(loop.told('change.settled')).toEqual([]);
  expect(JSON.stringify(loop.records)).not.toContain('"exposureSeconds":');
}

describe('what AWS refuses to show', () => {
  test.each(ROWS.filter(({ position }) => position !== 'sweep'))(
    'leaves nothing stale that is not named: $operation at the $position, $times times',
    async ({ operation, position, times }) => {
      const { loop, secret } = await world();
      const event = currentMoved(loop.sim, 'prod/db');
      loop.send(event);
      if (position === 'later look') await loop.run(5_000);
      loop.sim.faults.add({ operation, kind: 'client-error', times });
      await loop.run();
      expectNothingLost(loop, secret.arn);
      if (times === 1) expect(staleIn(loop, secret.arn)).toEqual([]);
    },
  );

  test.each(ROWS.filter(({ position }) => position === 'sweep'))(
    'is no clean sweep: $operation, $times times',
    async ({ operation, times }) => {
      const { loop, secret } = await world();
      loop.clock.advance(HOUR);
      loop.sim.rotateSecret(secret.arn);
      loop.clock.advance(DAY);
      loop.sim.faults.add({ operation, kind: 'client-error', times });
      const stale = staleIn(loop, secret.arn).length;
      const swept = await sweepOnce(loop).catch(() => undefined);
      if (swept === undefined) return;
      const { done, records } = swept;
      if (done.complete) expect(done.staleForCertain).toBe(stale);
      else expect(metricIn(records, 'StaleServices')).not.toContain(0);
    },
  );
});
