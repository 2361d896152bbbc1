import { type Received, returnedIn, sqsEvent } from '../../support/queue.ts';
import type { CallingProcess } from './carry.ts';
import { startOnce } from './once.ts';
import {
  begun,
  type Environment,
  type Invocation,
  invoke,
  type Process,
  startProcess,
  TIMEOUT_MS,
} from './processes.ts';
import type { Queues } from './queues.ts';
import type { Ask, Settings } from './scenario.ts';
import type { Timeline } from './time.ts';

/** Removes our own rate limits: a run tests faults, not waiting. */
const QUICK = { READ_RATE: '10000', READ_BURST: '10000', UPDATE_RATE: '1000', UPDATE_BURST: '1000' };

/** Lambda: the processes of the functions, and the event source that feeds on-change. */
export class Lambda {
  readonly invocations: Invocation[] = [];
  readonly #slots: (Process | undefined)[];
  readonly #settings: Settings;
  readonly #timeline: Timeline;
  readonly #queues: Queues;
  readonly #environment: Environment;
  #env: Settings['env'];
  #mended = false;
  /** The processes of sweeps and requests, each of which handles one invocation. */
  readonly #others: CallingProcess[] = [];

  constructor(settings: Settings, timeline: Timeline, queues: Queues) {
    this.#settings = settings;
    this.#timeline = timeline;
    this.#queues = queues;
    this.#slots = Array.from({ length: settings.processes }, () => undefined);
    this.#environment = {
      CHANGE_QUEUE_URL: queues.url,
      ...queues.trust,
      AWS_ENDPOINT_URL: process.env['AWS_ENDPOINT_URL'] ?? '',
      ...QUICK,
    };
    this.#env = settings.env;
  }

  /** Ends all faults. */
  mend(): void {
    this.#mended = true;
  }

  get isMended(): boolean {
    return this.#mended;
  }

  /** Removes every idle process with its memory. */
  coldStart(): void {
    for (const [slot, process] of this.#slots.entries())
      if (process?.frozen !== false) this.#slots[slot] = undefined;
  }

  /** Changes settings; an invocation that runs ends with those of before. */
  configure(env: Settings['env']): void {
    this.#env = { ...this.#env, ...env };
    this.coldStart();
  }

  /** Kills a process; its messages are delivered again after their visibility timeout. */
  kill(process: CallingProcess): void {
    const slot = this.#slots.findIndex((one) => one?.latest === process.latest);
    if (slot === -1 && !this.#others.includes(process)) return;
    process.dead = true;
    process.latest.hit = true;
    if (slot !== -1) this.#slots[slot] = undefined;
  }

  /** When the next batch can begin; Infinity if another event must happen first. */
  nextDue(): number {
    return this.#free() === -1 ? Infinity : this.#queues.nextDue();
  }

  /** Whether every running process waits for simulated time. */
  isWaiting(): boolean {
    return [...this.#slots, ...this.#others].every(
      (process) => process === undefined || process.frozen || process.dead || process.waits > 0,
    );
  }

  async beginNext(): Promise<void> {
    const messages = await this.#queues.receive();
    if (messages.length > 0) this.#begin(this.#free(), messages);
  }

  beginSweep(heal: boolean): void {
    this.#beginOnce({}, { of: 'on-schedule', env: { ...this.#env, SWEEP: heal ? 'heal' : 'report' } });
  }

  /** Begins a request by hand, as it is sent; `ask` names what it is about as the scenario does. */
  beginRequest(event: object, ask: Ask): void {
    this.#beginOnce(event, { of: 'on-request', env: this.#env, ask });
  }

  #beginOnce(event: object, given: Pick<Invocation, 'of' | 'env'> & Partial<Invocation>): void {
    const { clock, at } = this.#timeline;
    const others = this.#others.filter(({ frozen, dead }) => !frozen && !dead);
    const overlapped = others.some(({ latest }) => this.invocations[latest.id - 1]?.of === given.of);
    const invocation = begun({
      id: this.invocations.length + 1,
      startedAt: clock.now(),
      overlapped,
      ...given,
    });
    this.invocations.push(invocation);
    const [process, timeoutMs] = startOnce(invocation, event, this.#timeline, this.#environment);
    this.#others.push(process);
    at(clock.now() + timeoutMs, () => {
      if (!process.frozen) this.kill(process);
    });
  }

  #free(): number {
    return this.#slots.findIndex((process) => process?.frozen !== false);
  }

  #begin(slot: number, messages: readonly Received[]): void {
    const { clock, at } = this.#timeline;
    const others = this.#slots.flatMap((process) => (process?.frozen === false ? process.latest : []));
    for (const other of others) other.overlapped = true;
    const invocation = begun({
      of: 'on-change',
      id: this.invocations.length + 1,
      startedAt: clock.now(),
      env: this.#env,
      messages: messages.map(({ MessageId }) => MessageId),
      bodies: messages.map(({ Body }) => Body),
      skewMs: this.#settings.skewsMs[slot] ?? 0,
      overlapped: others.length > 0,
    });
    this.invocations.push(invocation);
    const process = this.#slots[slot] ?? startProcess(invocation, this.#timeline, this.#environment);
    this.#slots[slot] = process;
    const cancel = at(clock.now() + TIMEOUT_MS, () => this.kill(process));
    const end = (returned: ReadonlySet<string>) => {
      cancel();
      if (!process.dead) this.#end(process, messages, returned);
    };
    invoke(process, invocation, sqsEvent(messages), this.#timeline).then(
      (answer) => end(returnedIn(answer, messages)),
      (error: unknown) => {
        invocation.thrown = error;
        end(new Set(invocation.messages));
      },
    );
  }

  /** Ends an invocation and deletes the messages that it did not return, unless the scenario lets the deletion fail. */
  #end(process: Process, messages: readonly Received[], returned: ReadonlySet<string>): void {
    const { latest: invocation } = process;
    process.frozen = true;
    if (process.env !== this.#env) this.#slots[this.#slots.indexOf(process)] = undefined;
    invocation.endedAt = this.#timeline.clock.now();
    invocation.returned = returned;
    if (!this.#mended && this.#settings.undeleted.includes(invocation.id)) {
      invocation.hit = true;
      return;
    }
    this.#queues.settle(messages, returned);
  }
}
