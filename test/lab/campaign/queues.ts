import { isFollowUp } from '../../../functions/formats/follow-up.ts';
import type { JsonObject } from '../../infra/event-pattern.ts';
import { loadRules, type Rule } from '../../infra/template.ts';
import type { AwsEvent, Simulator } from '../../simulator/index.ts';
import { dice } from '../../support/dice.ts';
import type { Received } from '../../support/queue.ts';
import { simulatedEventSource } from '../../support/simulated-event-source.ts';
import { THEIRS } from './build-world.ts';
import type { Scenario } from './scenario.ts';
import type { Timeline } from './time.ts';

type Answer = { readonly Messages?: readonly Received[] };

/** The queues of the service, and the rules and the bus that deliver to them. */
export type Queues = {
  readonly url: string;
  /** The variables by which another account is trusted; none if no secret is foreign. */
  readonly trust: Readonly<Record<string, string>>;
  readonly send: (body: string) => void;
  /** Rewrites the follow-ups on the queue as the version of the code before the present one wrote them. */
  readonly rewriteAsBefore: () => void;
  /** When the next batch can be received; Infinity if the queues are empty. */
  readonly nextDue: () => number;
  /** The messages of one batch in random order; none if they moved to the dead-letter queue. */
  receive(): Promise<readonly Received[]>;
  /** Removes the messages that the function did not return. */
  readonly settle: (messages: readonly Received[], returned: ReadonlySet<string>) => void;
  /** Moves the messages of the dead-letter queue back; answers their number. */
  redrive(): Promise<number>;
  /** The bodies of the messages in the dead-letter queue. */
  dead(): readonly string[];
  /** The number of messages that are still on the queues. */
  open(): number;
  readonly delivered: readonly DeliveredEvent[];
  readonly counts: {
    delayed: number;
    duplicated: number;
    dropped: number;
    reordered: number;
    rewritten: number;
  };
};

/** An event that matched a rule, and how often it was put on a queue. */
export type DeliveredEvent = { readonly event: AwsEvent; copies: number };

/** What earlier versions of the code did not write into a follow-up of a format that they knew. */
const NEW_FIELDS = ['rollouts', 'missing', 'knownEnd', 'triedAt'];
/** An earlier version of the code cannot have written a follow-up of this version or a later one. */
const NEW_VERSION = 4;

function asBefore(body: string): string {
  if (!isFollowUp(body)) return body;
  const message = JSON.parse(body) as { readonly version: number; readonly followUps?: readonly object[] };
  if (message.version >= NEW_VERSION || message.followUps === undefined) return body;
  const followUps = message.followUps.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([field]) => !NEW_FIELDS.includes(field))),
  );
  return JSON.stringify({ ...message, followUps });
}

/** These values are those of infra/queues.yml and infra/params.yml. */
const QUEUE = { visibilitySeconds: 300, maxReceiveCount: 5 };
const CLOUDTRAIL_DELAY_S = 120;
/** The least and the greatest delay by EventBridge. */
const BUS_MS = [100, 3_000] as const;

/**
 * Of a secret here that may not be described only the native event is delivered: what CloudTrail tells of it says too little, and
 * would end in the dead-letter queue.
 */
function isUntold(event: AwsEvent, { resources }: Scenario): boolean {
  const isNative = !event['detail-type'].endsWith('via CloudTrail');
  const about = JSON.stringify(event.detail);
  const isOf = (name: string) => about.includes(`:secret:${name}-`);
  return !isNative && resources.some(({ name, hidden, foreign }) => hidden && !foreign && isOf(name));
}

/** The rules of infra/, read once. */
let rules: readonly Rule[] | undefined;

export function createQueues(sim: Simulator, scenario: Scenario, timeline: Timeline): Queues {
  const { settings, deliveries } = scenario;
  const { clock } = timeline;
  const roll = dice(scenario.seed * 17 + 5);
  const dead = sim.world.queue({ name: 'dead' });
  const changes = sim.world.queue({ name: 'changes', ...QUEUE, deadLetters: dead });
  const cloudtrail = sim.world.queue({
    name: 'cloudtrail',
    ...QUEUE,
    deadLetters: dead,
    delaySeconds: CLOUDTRAIL_DELAY_S,
  });
  // What other accounts send has dead letters of its own, which go back to where they came from (infra/other-accounts.yml).
  const deadForwarded = sim.world.queue({ name: 'dead-forwarded' });
  const forwarded = sim.world.queue({ name: 'forwarded', ...QUEUE, deadLetters: deadForwarded });
  const urls = { changes: changes.url, cloudtrail: cloudtrail.url, forwarded: forwarded.url };
  rules ??= loadRules();
  const known = rules;
  const delivered: DeliveredEvent[] = [];
  const counts = { delayed: 0, duplicated: 0, dropped: 0, reordered: 0, rewritten: 0 };
  const send = (url: string, body: string) =>
    void sim.act('sqs', 'SendMessage', { QueueUrl: url, MessageBody: body });
  const redriven = async (QueueUrl: string, to: string): Promise<number> => {
    for (let moved = 0; ; moved++) {
      const { Messages: [message] = [] } = (await sim.act('sqs', 'ReceiveMessage', { QueueUrl })) as Answer;
      if (message === undefined) return moved;
      send(to, message.Body);
      sim.act('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    }
  };
  let latest = 0;

  sim.onEvent((event) => {
    // The rules of the owner's account, and those behind the event bus, select the same as those here.
    const asHere = { ...event, account: sim.account } as unknown as JsonObject;
    const queue = known.find(({ matches }) => matches(asHere))?.queue;
    const matched = queue ?? (settings.wideRules ? 'changes' : undefined);
    if (matched === undefined || isUntold(event, scenario)) return;
    const url = event.account === sim.account ? urls[matched] : urls.forwarded;
    const entry = { event, copies: 0 };
    delivered.push(entry);
    const plan = deliveries.find((one) => one.event === delivered.length);
    if (plan?.dropped === true) {
      counts.dropped++;
      return;
    }
    const put = () => {
      entry.copies++;
      send(url, JSON.stringify(event));
    };
    const due = clock.now() + roll.int(...BUS_MS) + (plan?.delayMs ?? 0);
    if (plan?.delayMs !== undefined) counts.delayed++;
    timeline.at(due, put);
    if (plan?.copyAfterMs !== undefined) {
      counts.duplicated++;
      timeline.at(due + plan.copyAfterMs, put);
    }
  });

  const { windowMs, batch } = settings;
  const source = simulatedEventSource(sim, clock, [changes, cloudtrail, forwarded], { windowMs, batch });
  const waiting = () => Object.values(urls).flatMap((url) => sim.messagesIn(url));
  return {
    url: changes.url,
    trust: scenario.resources.some(({ foreign }) => foreign)
      ? { TRUSTED_ACCOUNTS: THEIRS, TRUSTED_QUEUE_ARN: forwarded.arn }
      : {},
    send: (body) => send(changes.url, body),
    rewriteAsBefore() {
      for (const message of sim.messagesIn(changes.url)) {
        const body = asBefore(message.body);
        if (body === message.body) continue;
        counts.rewritten++;
        Object.assign(message, { body });
      }
    },
    nextDue: source.nextDue,
    settle: source.settle,
    async receive() {
      const received = await source.receive();
      const shuffled = roll.shuffled(received);
      for (const { MessageId } of shuffled) {
        const sentAt = waiting().find(({ id }) => id === MessageId)?.sentAt ?? 0;
        if (sentAt < latest) counts.reordered++;
        latest = Math.max(latest, sentAt);
      }
      return shuffled;
    },
    async redrive() {
      return (await redriven(dead.url, changes.url)) + (await redriven(deadForwarded.url, forwarded.url));
    },
    dead: () => [dead, deadForwarded].flatMap(({ url }) => sim.messagesIn(url).map(({ body }) => body)),
    open: () => waiting().length,
    delivered,
    counts,
  };
}
