import { dice } from '../../support/dice.ts';
import { generate } from './generate.ts';
import { run } from './run.ts';
import type { Scenario } from './scenario.ts';
import { US } from './truth.ts';

/** The deployments by two invocations that handled the same message at the same time. */
export type Pair = {
  /** Services that needed one deployment. */
  readonly services: number;
  /** The number of deployments of each service beyond the first. */
  readonly extras: readonly number[];
};

const DAY = 86_400_000;

/** Delivers the event of one secret twice within less time than a read takes, without faults. */
export function measurePair(seed: number): Promise<Pair> {
  return run(pairOf(seed), ({ sim, built }) => {
    const ours = [...built.services.values()].map(
      (arn) => sim.deploymentsOf(arn).filter(({ by }) => by === US).length,
    );
    return { services: ours.length, extras: ours.map((count) => count - 1) };
  });
}

function pairOf(seed: number): Scenario {
  const roll = dice(seed * 6007 + 29);
  const { settings } = generate(seed);
  const services = Array.from({ length: roll.int(1, 12) }, (_, index) => ({
    name: `s${index}`,
    cluster: roll.pick(['a', 'b']),
    kind: 'rolling' as const,
    desired: roll.int(1, 3),
    uses: [{ of: 'prod/db', as: 'full' as const, in: 'secrets' as const }],
    ageMs: DAY,
  }));
  return {
    seed,
    settings: {
      ...settings,
      env: {},
      processes: 2,
      skewsMs: [0, 0],
      batch: 1,
      windowMs: 0,
      wideRules: false,
      lagMs: 0,
      taskLagMs: 0,
      ecsLagMs: 0,
      undeleted: [],
    },
    clusters: [],
    resources: [{ kind: 'secret', name: 'prod/db' }],
    services,
    actions: [{ at: roll.int(1, 1_000), do: 'put', secret: 'prod/db' }],
    deliveries: [
      { event: 1, copyAfterMs: roll.pick([0, 0, roll.int(1, 300)]) },
      { event: 2, copyAfterMs: 0 },
    ],
    faults: [],
    deaths: [],
  };
}
