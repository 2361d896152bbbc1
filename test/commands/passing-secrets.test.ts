import { describe, expect, onTestFinished, test } from 'vitest';
import { clientsFor } from '../simulator/testing.ts';
import { type Loop, startLoop } from '../support/loop.ts';
import {
  AS_ON_AWS,
  type Changed,
  type Container,
  containerOfPage,
  environment,
  followPage,
  forced,
  forceNewDeployment,
  heldByWeb,
  installRules,
  putNewValue,
  type Stored,
  staleServices,
} from '../support/passing-secrets.ts';

type Case = {
  readonly changed: Changed;
  readonly by: string;
  readonly containerFor: (stored: Stored) => Container;
};

/** The task definition of the page, and the other forms that AWS's pages give a reference. */
const CASES: readonly Case[] = [
  { changed: 'secret', by: 'the page itself', containerFor: containerOfPage },
  { changed: 'secret', by: 'partial ARN', containerFor: (of) => environment(of.partialArn) },
  { changed: 'secret', by: 'full ARN', containerFor: (of) => environment(of.secretArn) },
  { changed: 'secret', by: 'JSON key', containerFor: (of) => environment(`${of.secretArn}:password::`) },
  { changed: 'secret', by: 'stage', containerFor: (of) => environment(`${of.secretArn}::AWSCURRENT:`) },
  { changed: 'parameter', by: 'the page itself', containerFor: containerOfPage },
  { changed: 'parameter', by: 'name', containerFor: (of) => environment(of.name) },
];

const MINUTE = 60_000;
/**
 * A person's time for one step. It is shorter than the minute after which the fleet is read again for a change that
 * matched nothing, so such reads are still to come when the next service starts.
 */
const A_STEP = 20_000;

describe("after the steps of AWS's page on secrets for containers,", () => {
  test.each(CASES)(
    'a new value of the $changed reaches the task with the last step, by hand ($by)',
    async ({ changed, containerFor }) => {
      const { loop, clients } = await account();
      const page = await followPage(clients, changed, containerFor, () => loop.run(A_STEP));
      const version = await putNewValue(clients, page.stored, changed);
      await loop.run(5 * MINUTE);
      expect(staleServices(loop.sim, page)).toEqual(['web']);
      await forceNewDeployment(clients, 'web');
      await loop.run(MINUTE);
      expect(staleServices(loop.sim, page)).toEqual([]);
      expect(heldByWeb(loop.sim, page)).toEqual([version]);
    },
  );

  test.each(CASES)(
    'a new value of the $changed reaches the task, and no other is replaced, without that step ($by)',
    async ({ changed, containerFor }) => {
      const { loop, clients } = await account();
      installRules(loop.sim, loop.queueUrl);
      const page = await followPage(clients, changed, containerFor, () => loop.run(A_STEP));
      await loop.run();
      expect(forced(loop.sim)).toEqual([]);
      const version = await putNewValue(clients, page.stored, changed);
      expect(staleServices(loop.sim, page)).toEqual(['web']);
      await loop.run();
      expect(forced(loop.sim)).toEqual(['web']);
      expect(staleServices(loop.sim, page)).toEqual([]);
      expect(heldByWeb(loop.sim, page)).toEqual([version]);
    },
  );
});

async function account(): Promise<{ readonly loop: Loop; readonly clients: ReturnType<typeof clientsFor> }> {
  const loop = await startLoop(AS_ON_AWS);
  const clients = clientsFor(loop.sim);
  onTestFinished(() => clients.destroy());
  return { loop, clients };
}
