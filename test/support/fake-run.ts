import type { Confirmed } from '../../functions/core/follow-up/trigger.ts';
import { AccessAsked } from '../../functions/pipeline/read/access.ts';
import { NeedsAsked } from '../../functions/pipeline/read/needs.ts';
import type { Run } from '../../functions/pipeline/run.ts';
import type { Ports } from '../../functions/ports.ts';
import { ACCOUNT, NOW, POLICY, REGION } from './build.ts';

/** What a test says of each port; a call that it does not name fails. */
export type FakePorts = { readonly [One in keyof Ports]?: Partial<NonNullable<Ports[One]>> };

type Call = (...given: readonly unknown[]) => unknown;

export type FakeRun = {
  readonly run: Run;
  /** The calls of ports, with their first input as `print` shows it, and the sleeps, in order. */
  readonly did: readonly string[];
  /** The calls of the journal: its method and what it was given. */
  readonly told: readonly (readonly unknown[])[];
  /** Ends the time for reading. */
  readonly endReading: () => void;
};

/**
 * One invocation whose ports answer what a test says, in a few microseconds: for what a step makes of the answers of AWS.
 * That AWS answers so is the question of the tests on the simulated AWS.
 */
export function fakeRun(
  ports: FakePorts,
  {
    now: startsAt = NOW,
    ...different
  }: Partial<Omit<Run, 'ports' | 'remainingMs'>> & {
    readonly now?: number;
    readonly remainingMs?: (now: number) => number;
  } = {},
  print: (input: unknown) => string = String,
): FakeRun {
  const did: string[] = [];
  const told: (readonly unknown[])[] = [];
  const reading = new AbortController();
  let now = startsAt;
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      did.push(`sleep ${ms}`);
      now += ms;
      return Promise.resolve();
    },
  };
  const noted = (port: Readonly<Record<string, Call>>) =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        (...given: readonly unknown[]) => {
          did.push(`${name} ${print(given[0])}`);
          return call(...given);
        },
      ]),
    );
  const run = {
    policy: POLICY,
    scope: { configured: [], narrowed: [] },
    account: ACCOUNT,
    region: REGION,
    follow: { firstSeconds: 30, limitMs: 3_600_000, maxMs: 600_000 },
    hear: () => undefined,
    heard: () => Promise.resolve([]),
    reading: reading.signal,
    lostAnswers: new Map(),
    needs: new NeedsAsked(),
    access: new AccessAsked(),
    ...different,
    ports: {
      ...Object.fromEntries(
        Object.entries(ports).map(([name, port]) => [name, noted(port as Readonly<Record<string, Call>>)]),
      ),
      clock,
    },
    journal: journal(told),
    remainingMs: () => different.remainingMs?.(now) ?? Infinity,
  };
  return { run: run as unknown as Run, did, told, endReading: () => reading.abort() };
}

/** Notes each call; what a journal follows is one, too. */
function journal(told: (readonly unknown[])[]): object {
  return new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'followed'
          ? journal(told)
          : (...given: readonly unknown[]) => void told.push([name, ...given]),
    },
  );
}

/** Counts how many questions are under way at once. */
export function atOnce() {
  let open = 0;
  let most = 0;
  return {
    most: () => most,
    during: async <T>(answer: T): Promise<T> => {
      open++;
      most = Math.max(most, open);
      await new Promise(setImmediate);
      open--;
      return answer;
    },
  };
}

/** What was confirmed, if it is nothing but this. */
export function confirmedOnly(different: Partial<Confirmed>): Confirmed {
  return {
    attempts: [],
    scans: [],
    named: [],
    messageIds: [],
    unconfirmed: [],
    retryLater: [],
    ...different,
  };
}
