import type { SQSEvent } from 'aws-lambda';
import { onTestFinished, vi } from 'vitest';
import { onChange } from '../../functions/on-change.ts';
import { readConfig } from '../../functions/runtime/config.ts';
import { connectedHandler } from '../../functions/runtime/handler.ts';
import type { BundleName } from '../e2e/bundles.ts';
import { expectGranted } from '../e2e/grants.ts';
import { expectMirrored } from '../own-events/mirror.ts';
import {
  type AwsEvent,
  createClock,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type VirtualClock,
} from '../simulator/index.ts';

/** A record of the log, as far as tests look at it. */
export type LogRecord = Readonly<Record<string, unknown>> & {
  readonly event?: string;
  readonly changeId?: string;
};

/** The service in simulated time: an hour passes in a second, and nothing happens but what is on the queue. */
export type Loop = {
  readonly sim: Simulator;
  readonly clock: VirtualClock;
  readonly records: readonly LogRecord[];
  readonly queueUrl: string;
  /** Puts an event on the queue, as a rule does. */
  send(event: object): void;
  /** Handles messages until none is left or `forMs` have passed; answers how many invocations there were. */
  run(forMs?: number): Promise<number>;
  /** Forgets all that a warm environment remembers. */
  restart(): void;
  /** Records of one kind. */
  told(event: string): readonly LogRecord[];
  /** Kills the handler at its n-th call from now on: this and every later call of the invocation never gets an answer. */
  killAtCall(n: number): void;
};

export type LoopOptions = SimulatorOptions & {
  readonly env?: Readonly<Record<string, string>>;
  readonly deliverTwice?: boolean;
  /** What each invocation is told that it has left, and has: real milliseconds. */
  readonly remainingMs?: number;
};

/** No quota that a test would have to wait for. */
export const QUICK = { READ_RATE: '10000', READ_BURST: '10000', UPDATE_RATE: '1000', UPDATE_BURST: '1000' };

export async function startLoop({
  env = {},
  deliverTwice = false,
  remainingMs,
  ...options
}: LoopOptions = {}): Promise<Loop> {
  const clock = createClock();
  const sim = await startSimulator({ throttling: false, now: clock.now, rolloutMs: 20_000, ...options });
  const { url } = sim.world.queue({ name: 'changes', visibilitySeconds: 300, maxReceiveCount: 5 });
  for (const [name, value] of Object.entries(sim.env)) vi.stubEnv(name, value);
  actAs('on-change');
  const records = captureRecords();
  const connect = () =>
    connectedHandler(
      readConfig(['CHANGE_QUEUE_URL'], { CHANGE_QUEUE_URL: url, ...QUICK, ...env }),
      onChange,
      {
        now: clock.now,
        sleep: (ms) => Promise.resolve(clock.advance(ms)),
      },
    );
  let handle = connect();
  const received = new Map<string, number>();
  let killAfter = Infinity;
  let killed = false;
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await sim.close();
    expectGranted(sim, 'on-change');
    expectGranted(sim, 'on-schedule');
    if (!killed) expectMirrored(sim, records);
  });

  const invoke = async (messages: readonly Received[]) => {
    const event = {
      Records: messages.map(({ MessageId, Body }) => ({
        messageId: MessageId,
        body: Body,
        attributes: { ApproximateReceiveCount: String(received.get(MessageId) ?? 1) },
      })),
    } as SQSEvent;
    const context = remainingMs === undefined ? {} : { getRemainingTimeInMillis: () => remainingMs };
    if (killAfter === Infinity) return handle(event, context);
    killed = true;
    const revive = kill(sim, killAfter);
    killAfter = Infinity;
    await handle(event).catch(() => undefined);
    revive();
    handle = connect();
    return undefined;
  };

  /** What Lambda's event source does with a batch: deletes what was not given back. */
  const deliver = async (messages: readonly Received[]) => {
    const answer = await invoke(messages);
    if (deliverTwice) await invoke(messages);
    if (answer === undefined) return;
    const back = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { ReceiptHandle } of messages.filter(({ MessageId }) => !back.has(MessageId))) {
      sim.act('sqs', 'DeleteMessage', { QueueUrl: url, ReceiptHandle });
    }
  };

  return {
    sim,
    clock,
    records,
    queueUrl: url,
    told: (event) => records.filter((record) => record.event === event),
    restart: () => {
      handle = connect();
    },
    killAtCall: (n) => {
      killAfter = n;
    },
    send: (event) =>
      void sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: JSON.stringify(event) }),
    async run(forMs = Infinity) {
      const end = clock.now() + forMs;
      const nextDue = () => Math.min(...sim.messagesIn(url).map(({ visibleAt }) => visibleAt));
      let invocations = 0;
      for (let due = nextDue(); due <= end && due < Infinity; due = nextDue()) {
        clock.set(due);
        const messages = await receiveAll(sim, url);
        for (const { MessageId } of messages) received.set(MessageId, (received.get(MessageId) ?? 0) + 1);
        await deliver(messages);
        invocations++;
      }
      if (forMs < Infinity) clock.set(end);
      sim.advance();
      return invocations;
    },
  };
}

/** By its access key the simulator knows which function makes a call. */
export function actAs(name: BundleName): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', name);
}

type Received = { readonly MessageId: string; readonly Body: string; readonly ReceiptHandle: string };

async function receiveAll(sim: Simulator, url: string): Promise<readonly Received[]> {
  const all: Received[] = [];
  for (;;) {
    const { Messages = [] } = (await sim.act('sqs', 'ReceiveMessage', {
      QueueUrl: url,
      MaxNumberOfMessages: 10,
    })) as { Messages?: Received[] };
    if (Messages.length === 0 || all.length >= 100) return all;
    all.push(...Messages);
  }
}

/** What a killed process leaves behind: the effects of the calls before the n-th, and nothing after them. */
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

/** The native event that tells that a secret's AWSCURRENT moved now. */
export function currentMoved(sim: Simulator, secretId: string): AwsEvent {
  const before = sim.events.length;
  sim.rotateSecret(secretId);
  const event = sim.events.slice(before).find((one) => one['detail-type'] === 'Secret Label Updated');
  if (event === undefined) throw new Error('the rotation told nothing');
  return event;
}
