import { describe, expect, it } from 'vitest';
import { TO_DO, WHY } from '../../functions/cli/render/reasons.ts';
import { currentMoved, redeploys, startLoop } from '../support/loop.ts';
import { threeWaves } from './fleets.ts';
import { pictured } from './picture.ts';
import { esrIn } from './virtual.ts';

/** Services of three waves that refer to a secret which has just been rotated; the functions of the loop redeploy them. */
async function rotated(count: number, failing?: number) {
  const loop = await startLoop();
  const { sim } = loop;
  const secret = sim.world.secret({ name: 'prod/db' });
  const services = threeWaves(loop, secret, count, failing);
  loop.send(currentMoved(sim, 'prod/db'));
  return { loop, secret, services };
}

describe('watch', () => {
  it('follows what the service does until nothing is stale, and ends with 0', async () => {
    const { loop } = await rotated(6);
    const { out, code } = await esrIn(loop, ['watch', 'prod/db']);
    expect(out).toBe('prod/db: 6 of 6 services are fresh\n');
    expect(code).toBe(0);
    expect(redeploys(loop)).toHaveLength(6);
  });

  it('says one line for each transition where no line can change', async () => {
    const { loop } = await rotated(6);
    const { err } = await esrIn(loop, ['watch', 'prod/db']);
    expect(statesOf('prod/api-1', err)).toEqual(['earlier-wave', 'stale', 'progressing', 'fresh']);
  });

  it('ends with 4 and says which rollout failed', async () => {
    const { loop } = await rotated(6, 4);
    const { out, code } = await esrIn(loop, ['watch', 'prod/db']);
    expect(out.split('\n').map((line) => line.trim())).toEqual([
      'prod/db: 3 of 6 services are fresh · 1 failed · 2 left as they are',
      expect.stringMatching(/^SERVICE +WAVE +STATE +NEW +OLD +TIME$/),
      expect.stringMatching(/^prod\/api-4 +1 +rolled-back \(health-check\) +\d\/2 +\d +\d+ s$/),
      expect.stringMatching(/^prod\/api-2 +2 +earlier-wave-failed +0\/2 +2$/),
      expect.stringMatching(/^prod\/api-5 +2 +earlier-wave-failed +0\/2 +2$/),
      `prod/api-4 (health-check): ${WHY['health-check']}`,
      `what helps (rotate-again): ${TO_DO['rotate-again']}`,
      '',
    ]);
    expect(code).toBe(4);
  });

  it('ends with 5 when the time for waiting is over', async () => {
    const { loop } = await rotated(3);
    const { out, code } = await esrIn(loop, ['watch', 'prod/db', '--timeout', '5s']);
    expect(out).toContain('the time for waiting is over');
    expect(code).toBe(5);
  });

  it('writes nothing', async () => {
    const { loop } = await rotated(3);
    await esrIn(loop, ['watch', 'prod/db']);
    const { sim } = loop;
    expect(
      [...sim.ledger.actionsOf('PERSON')].filter((action) => !/:(Describe|List|Get)/.test(action)),
    ).toEqual([]);
  });

  it('follows the youngest rollout of a service, also one by another process', async () => {
    const { loop } = await rotated(1);
    const { sim } = loop;
    await loop.run(5_000);
    sim.act('ecs', 'UpdateService', { cluster: 'prod', service: 'api-0', forceNewDeployment: true });
    const { out, err, code } = await esrIn(loop, ['watch', 'prod/api-0']);
    expect(statesOf('prod/api-0', err)).toEqual(['progressing', 'fresh']);
    expect(out).toBe('prod/api-0: 1 of 1 service is fresh\n');
    expect(code).toBe(0);
  });

  it('of a service whose last rollout was rolled back ends with 4', async () => {
    const { loop } = await rotated(1, 0);
    await loop.run();
    const { out, code } = await esrIn(loop, ['watch', '--service', 'prod/api-0']);
    expect(out).toContain('prod/api-0: 0 of 1 service are fresh · 1 failed');
    expect(code).toBe(4);
  });
});

describe('a live picture', () => {
  it('is what ECS had when it was read last, frame by frame', async () => {
    const { loop, secret, services } = await rotated(12, 7);
    const { frames } = await pictured(loop, ['watch', 'prod/db'], secret.arn, services);
    expect(frames).toBeGreaterThan(10);
  });
});

/** The states of one service, line by line. */
function statesOf(service: string, err: string): readonly string[] {
  return err
    .split('\n')
    .flatMap((line) => /^\S+ (\S+): ([\w-]+)/.exec(line)?.slice(1, 3) ?? [])
    .flatMap((part, i, all) => (part === service ? (all[i + 1] ?? []) : []));
}
