import type { Clock, Queue } from '../ports.ts';

type Message = {
  readonly id: string;
  readonly body: string;
  readonly dueAt: number;
  readonly deliveries: number;
};

/** A person waits: what the queue of the service would delay for longer is looked at after this time. */
const LONGEST_S = 15;
/** As on the queue of the service (serverless.yml). */
const MOST_DELIVERIES = 5;

/** The queue of a terminal that does the work of the functions: it lasts as long as the command. */
export class MemoryQueue implements Queue {
  readonly #clock: Clock;
  #messages: readonly Message[] = [];
  #sent = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(body: string, delaySeconds: number): Promise<void> {
    this.#put({ id: String(this.#sent++), body, deliveries: 0 }, delaySeconds);
    return Promise.resolve();
  }

  /** When the next message is due; undefined: there is none. */
  nextDue(): number | undefined {
    return this.#messages.length === 0 ? undefined : Math.min(...this.#messages.map(({ dueAt }) => dueAt));
  }

  /** Takes the messages that are due. */
  take(): readonly Message[] {
    const now = this.#clock.now();
    const due = this.#messages.filter(({ dueAt }) => dueAt <= now);
    this.#messages = this.#messages.filter(({ dueAt }) => dueAt > now);
    return due;
  }

  /** Delivers a message again. Answers whether it was, or has been delivered too often. */
  again(message: Message): boolean {
    const deliveries = message.deliveries + 1;
    if (deliveries >= MOST_DELIVERIES) return false;
    this.#put({ ...message, deliveries }, LONGEST_S);
    return true;
  }

  #put(message: Omit<Message, 'dueAt'>, delaySeconds: number): void {
    const dueAt = this.#clock.now() + Math.min(delaySeconds, LONGEST_S) * 1000;
    this.#messages = [...this.#messages, { ...message, dueAt }];
  }
}
