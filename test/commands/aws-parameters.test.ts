import { describe, expect, test } from 'vitest';
import { ask } from '../support/asking.ts';
import { type Loop, redeploys, startLoop } from '../support/loop.ts';

const WEEK = 604_800_000;
const NAME = '/aws/service/global/endpoint';

/** A service with a parameter of AWS, which no list shows. */
async function world(): Promise<Loop> {
  const loop = await startLoop();
  loop.sim.world.service({
    cluster: 'main',
    name: 'api',
    secrets: [NAME],
    startedAt: loop.clock.now() - WEEK,
  });
  return loop;
}

describe.each([NAME, NAME.slice(1), `arn:aws:ssm:eu-west-1:111122223333:parameter${NAME}`])(
  'a parameter of AWS, named as %s,',
  (parameter) => {
    test('is not told to be gone by a plan, which says what to send instead', async () => {
      const loop = await world();
      await expect(ask(loop, { action: 'plan', parameter })).rejects.toThrow('needs no description');
      expect(loop.told('change.notice')).toEqual([]);
    });

    test('is unchecked for stale', async () => {
      const answer = await ask(await world(), { action: 'stale', parameter });
      expect(answer).toMatchObject({ unchecked: 1, complete: false, notices: [], decisions: [] });
    });

    test('is used by its services, which are redeployed since an instant, and followed to the end', async () => {
      const loop = await world();
      expect(await ask(loop, { action: 'uses', parameter })).toMatchObject({ uses: [{ cluster: 'main' }] });
      const at = new Date(loop.clock.now()).toISOString();
      const env = { CHANGE_QUEUE_URL: loop.queueUrl };
      await ask(loop, { action: 'redeploy', parameter, at }, { env });
      await loop.run();
      expect(redeploys(loop)).toHaveLength(1);
      expect(loop.told('change.settled')).toHaveLength(1);
    });
  },
);
