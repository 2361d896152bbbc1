import { describe, expect, it, vi } from 'vitest';
import { clientsFor } from '../simulator/testing.ts';
import { deliverBatch } from '../support/event-source.ts';
import { answerOf, type Lambda } from '../support/lambda.ts';
import {
  AS_ON_AWS,
  containerOfPage,
  followPage,
  forced,
  heldByWeb,
  installRules,
  putNewValue,
  staleServices,
} from '../support/passing-secrets.ts';
import { simulatedQueue } from '../support/queue.ts';
import { type Scene, scene } from './scene.ts';

// `commands/passing-secrets.test.ts` has the other forms of a reference, and the looks that come minutes later.
describe.concurrent("after the steps of AWS's page on secrets for containers,", () => {
  it.concurrent.for(['secret', 'parameter'] as const)(
    'the built function makes the last step unnecessary: the new value of the %s reaches the task of the page and no other',
    async (changed, context) => {
      const stage = await scene(context, { rolloutMs: 300, ...AS_ON_AWS });
      const { sim, queue } = stage;
      installRules(sim, queue.url);
      const clients = clientsFor(sim);
      context.onTestFinished(() => clients.destroy());
      const first = await stage.lambda('on-change', QUICK_LOOKS);
      const page = await followPage(clients, changed, containerOfPage, () => handleDue(stage, first));
      expect(forced(sim)).toEqual([]);
      // An environment that has just read the whole fleet in vain reads it again a minute later; a new one need not wait.
      const second = await stage.lambda('on-change', QUICK_LOOKS);
      const version = await putNewValue(clients, page.stored, changed);
      expect(staleServices(sim, page)).toEqual(['web']);
      const untilFresh = async () => {
        await handleDue(stage, second);
        expect(staleServices(sim, page)).toEqual([]);
      };
      await vi.waitFor(untilFresh, { timeout: 20_000 });
      expect(forced(sim)).toEqual(['web']);
      expect(heldByWeb(sim, page)).toEqual([version]);
    },
  );
});

const QUICK_LOOKS = { FOLLOW_UP_SECONDS: '1' };

/** Hands what is due on the queue to a function, once every deployment has ended; a message that waits stays there. */
async function handleDue({ sim, queue }: Scene, lambda: Lambda): Promise<void> {
  const haveEnded = () => expect(sim.ledger.deployments.every(({ finishedAt }) => finishedAt)).toBe(true);
  await vi.waitFor(haveEnded, { timeout: 20_000 });
  await deliverBatch({
    queue: simulatedQueue(sim, queue),
    invoke: async (event) => answerOf(await lambda.invoke(event, 270_000)),
  });
}
