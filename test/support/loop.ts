import { onTestFinished, vi } from 'vitest';
import { onChange } from '../../functions/on-change.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import {
  type AwsEvent,
  createClock,
  type QueueRef,
  type Simulator,
  type SimulatorOptions,
  type VirtualClock,
} from '../simulator/index.ts';
import type { BundleName } from './bundles.ts';
import { expectGranted } from './grants.ts';
import { expectMirrored, ownEventsOf } from './own-event-mirror.ts';
import { type Received, returnedIn, sqsEvent } from './queue.ts';
import { simulatedAccount } from './simulated.ts';
import { simulatedEventSource } from './simulated-event-source.ts';

/** A record of the log, with the fields that tests read. */
export type LogRecord = Readonly<Record<string, unknown>> & {
  readonly event?: string;
  readonly changeId?: string;
};

/** The function on-change in simulated time: an hour passes in a second, and only the queue makes something happen. */
export type Loop = {
  readonly sim: Simulator;
  readonly clock: VirtualClock;
  readonly records: readonly LogRecord[];
  readonly queueUrl: string;
  /** Puts an event on the queue, as a rule does. */
  send(event: object): void;
  /** Puts a body on the queue of the event bus that other accounts reach; needs `trusts`. */
  forward(event: object | string): void;
  /** Handles messages until none is left or `forMs` have passed; returns the number of invocations. */
  run(forMs?: number): Promise<number>;
  /** Starts a new environment, which remembers nothing of the warm one; `env` are settings that are different now. */
  restart(env?: Readonly<Record<string, string>>): void;
  /** The records of one kind. */
  told(event: string): readonly LogRecord[];
  /** Kills the handler at its n-th call from now on: this call and all later ones of the invocation get no answer. */
  killAtCall(n: number): void;
};

export type LoopOptions = SimulatorOptions & {
  readonly env?: Readonly<Record<string, string>>;
  readonly deliverTwice?: boolean;
  /** TRUSTED_ACCOUNTS, or the organization, and the queue of the event bus. */
  readonly trusts?: readonly string[];
  /** The remaining time in real milliseconds, of each invocation or as it is now. */
  readonly remainingMs?: number | (() => number);
};

/** Rates that are so high that no test has to wait for them. */
export const QUICK = { READ_RATE: '10000', READ_BURST: '10000', UPDATE_RATE: '1000', UPDATE_BURST: '1000' };

export async function startLoop({
  env = {},
  deliverTwice = false,
  trusts,
  remainingMs,
  ...options
}: LoopOptions = {}): Promise<Loop> {
  const clock = createClock();
  const sim = await simulatedAccount({ now: clock.now, rolloutMs: 20_000, ...options });
  const queue = sim.world.queue({ name: 'changes', visibilitySeconds: 300, maxReceiveCount: 5 });
  const { url } = queue;
  const forwarded =
    trusts && sim.world.queue({ name: 'forwarded', visibilitySeconds: 300, maxReceiveCount: 5 });
  const source = simulatedEventSource(sim, clock, forwarded ? [queue, forwarded] : [queue]);
  actAs('on-change');
  const records = captureRecords();
  let settings = { ...trustIn(trusts, forwarded), ...env };
  const connect = () =>
    connectedHandler(
      readConfig(['CHANGE_QUEUE_URL'], { CHANGE_QUEUE_URL: url, ...QUICK, ...settings }),
      onChange,
      {
        now: clock.now,
        sleep: (ms) => Promise.resolve(clock.advance(ms)),
      },
    );
  let handle = connect();
  let killAfter = Infinity;
  let killed = false;
  onTestFinished(() => {
    expectGranted(sim, 'on-change');
    expectGranted(sim, 'on-schedule');
    if (!killed) expectMirrored(ownEventsOf(sim), records);
  });

  const invoke = async (messages: readonly Received[]) => {
    const event = sqsEvent(messages);
    const remaining = typeof remainingMs === 'function' ? remainingMs : () => remainingMs ?? Infinity;
    const context = { getRemainingTimeInMillis: remaining };
    if (killAfter === Infinity) return handle(event, context);
    killed = true;
    const revive = kill(sim, killAfter);
    killAfter = Infinity;
    await handle(event).catch(() => undefined);
    revive();
    handle = connect();
    return undefined;
  };

  const deliver = async (messages: readonly Received[]) => {
    const answer = await invoke(messages);
    if (deliverTwice) await invoke(messages);
    if (answer === undefined) return;
    source.settle(messages, returnedIn(answer, messages));
  };

  return {
    sim,
    clock,
    records,
    queueUrl: url,
    told: (event) => records.filter((record) => record.event === event),
    restart: (different = {}) => {
      settings = { ...settings, ...different };
      handle = connect();
    },
    killAtCall: (n) => {
      killAfter = n;
    },
    send: (event) =>
      void sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: JSON.stringify(event) }),
    forward: (event) =>
      void sim.act('sqs', 'SendMessage', {
        QueueUrl: forwarded?.url,
        MessageBody: typeof event === 'string' ? event : JSON.stringify(event),
      }),
    async run(forMs = Infinity) {
      const end = clock.now() + forMs;
      let invocations = 0;
      for (let due = source.nextDue(); due <= end && due < Infinity; due = source.nextDue()) {
        clock.set(due);
        await deliver(await source.receive());
        invocations++;
      }
      if (forMs < Infinity) clock.set(end);
      sim.advance();
      return invocations;
    },
  };
}

function trustIn(
  trusts: readonly string[] = [],
  queue: QueueRef | undefined,
): Readonly<Record<string, string>> {
  if (queue === undefined) return {};
  const [organization] = trusts.filter((one) => one.startsWith('o-'));
  return {
    TRUSTED_ACCOUNTS: trusts.filter((one) => one !== organization).join(),
    ...(organization !== undefined && { TRUSTED_ORGANIZATION: organization }),
    TRUSTED_QUEUE_ARN: queue.arn,
  };
}

/** Sets the access key by which the simulator knows which function makes a call. */
export function actAs(name: BundleName): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', name);
}

/** Leaves what a killed process leaves behind: the effects of the calls before the n-th one, and of no later call. */
function kill(sim: Simulator, n: number): () => void {
  let calls = 0;
  return sim.faults.add({
    operation: '*',
    kind: 'client-error',
    code: 'UnrecognizedClientException',
    match: () => ++calls >= n,
    times: Infinity,
  });
}

function captureRecords(): LogRecord[] {
  const records: LogRecord[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      for (const line of String(chunk).split('\n'))
        if (line.startsWith('{')) records.push(JSON.parse(line) as LogRecord);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  return records;
}

/** Rotates a secret and returns the native event which says that its AWSCURRENT moved. */
export function currentMoved(sim: Simulator, secretId: string): AwsEvent {
  const before = sim.events.length;
  sim.rotateSecret(secretId);
  const event = sim.events.slice(before).find((one) => one['detail-type'] === 'Secret Label Updated');
  if (event === undefined)
    throw new Error('expected the rotation to send the event Secret Label Updated, found no such event');
  return event;
}

/** A secret with `count` services that use it. Its AWSCURRENT moves now. */
export function rotate(
  loop: Loop,
  count: number,
  spec: Parameters<Loop['sim']['world']['service']>[0] = {},
  name = 'prod/db',
) {
  const secret = loop.sim.world.secret({ name });
  const services = Array.from({ length: count }, (_, i) =>
    loop.sim.world.service({
      name: `${name.replace('/', '-')}-${i}`,
      secrets: [secret.arn],
      startedAt: loop.clock.now() - 86_400_000,
      ...spec,
    }),
  );
  const event = currentMoved(loop.sim, name);
  loop.send(event);
  return { secret, services, event };
}

/** The calls of UpdateService that ECS accepted. */
export const redeploys = (loop: Loop) =>
  loop.sim.ledger.calls.filter(({ operation, outcome }) => operation === 'UpdateService' && outcome === 'ok');
