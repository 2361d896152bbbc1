import { onTestFinished, vi } from 'vitest';
import type { Fleet } from '../../functions/core/model/fleet.ts';
import { onRequest } from '../../functions/on-request.ts';
import type { Run } from '../../functions/pipeline/run.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import { actAs, type Loop, QUICK, redeploys, startLoop } from './loop.ts';

const HOUR = 3_600_000;
/** Of the 50 s of a request, those before the last write and its follow-up (`pipeline/apply/hurry.ts`). */
const READ_WITHIN_MS = 20_000;

/** What is different about the run of an invocation. */
export type Different = (run: Run) => Partial<Run>;

export type Asking = {
  readonly env?: Readonly<Record<string, string>>;
  readonly different?: Different;
};

/** The id of every request. */
export const REQUEST_ID = 'request-1';

/** Sends a request to on-request in a new environment, in the account and by the clock of the loop. */
export async function ask(
  { clock }: Loop,
  request: object,
  { env = {}, different = () => ({}) }: Asking = {},
): Promise<Readonly<Record<string, unknown>>> {
  const handle = connectedHandler(
    readConfig([], { ...QUICK, ...env }),
    (raw: unknown, run, invocation) => onRequest(raw, { ...run, ...different(run) }, invocation),
    { now: clock.now, sleep: (ms) => Promise.resolve(clock.advance(ms)) },
  );
  actAs('on-request');
  const answer = await handle(request, { awsRequestId: REQUEST_ID }).finally(() => actAs('on-change'));
  return { ...answer };
}

/** With the queue of the loop, so that what a request cannot finish goes on. */
export const queued = ({ queueUrl }: Loop): Readonly<Record<string, string>> => ({
  CHANGE_QUEUE_URL: queueUrl,
});

/**
 * A read of the fleet that is slow, so that services are redeployed before it ends. It stands still in the cluster `zz` until
 * a part of the fleet was read and so many services are redeployed; then it goes on, or the time for reading ends. Where none
 * is to be redeployed, nobody hears of that part.
 */
export function slowRead(loop: Loop, redeployed: number, end: 'goes on' | 'out of time'): Different {
  const over = new AbortController();
  let isShown = false;
  loop.sim.world.service({ cluster: 'zz' });
  loop.sim.faults.add({
    operation: 'ListServices',
    // The SDK repeats a call that is answered with an error of the server.
    kind: end === 'goes on' ? 'server-error' : 'hang',
    match: ({ cluster }) => String(cluster).endsWith('/zz'),
    after: async () => {
      await vi.waitUntil(() => isShown && redeploys(loop).length >= redeployed, { interval: 2 });
      if (end === 'out of time') over.abort(new Error('the time for reading is over'));
    },
  });
  return ({ ports }) => ({
    reading: over.signal,
    ports: {
      ...ports,
      ecs: {
        ...ports.ecs,
        readFleet(globs, signal, options) {
          loop.clock.advance(4_000);
          const onPart = (part: Fleet) => {
            if (redeployed > 0) options?.onPart?.(part);
            isShown = true;
          };
          return ports.ecs.readFleet(globs, signal, { ...options, onPart });
        },
      },
    },
  });
}

/** The last step of a command fails, when everything else is done. */
export const lastStepFails =
  (failure: unknown): Different =>
  ({ fleets }) => {
    vi.spyOn(fleets.snapshot, 'save').mockRejectedValue(failure);
    return {};
  };

/** Two services of the secret `prod/db`, which was rotated since they were started. */
export async function twoStale() {
  const loop = await startLoop();
  takeAllTheTime();
  const secret = loop.sim.world.secret({ name: 'prod/db' });
  for (const name of ['api', 'web'])
    loop.sim.world.service({ name, secrets: [secret.arn], startedAt: loop.clock.now() - HOUR });
  loop.sim.rotateSecret('prod/db');
  loop.clock.advance(10_000);
  return { loop, secret };
}

/** The limit within which a request is answered counts real time: a busy machine may take longer. */
function takeAllTheTime(): void {
  const { setTimeout } = globalThis;
  const spy = vi.spyOn(globalThis, 'setTimeout');
  spy.mockImplementation((pass, ms = 0, ...rest) =>
    setTimeout(pass, ms === READ_WITHIN_MS ? HOUR : ms, ...rest),
  );
  onTestFinished(() => spy.mockRestore());
}
