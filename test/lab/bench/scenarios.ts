/** Which client handles the change, and what it knows beforehand. */
export const METHODS = ['baseline', 'cold', 'snapshot', 'warm'] as const;
export type Method = (typeof METHODS)[number];

/** One change of a secret in a fleet of a certain size. */
export type Scenario = {
  readonly method: Method;
  readonly services: number;
  readonly clusters: number;
  /** How many of the services refer to the secret. */
  readonly affected: number;
};

/** The name of each method in the table. */
export const TITLES: Readonly<Record<Method, string>> = {
  baseline: 'list and describe',
  cold: 'cold, no snapshot',
  snapshot: 'cold, snapshot',
  warm: 'warm',
};

export const SIZES = [50, 500, 5000] as const;
const FEW = 20;
const MANY = 1000;
const SERVICES_A_CLUSTER = 250;

/**
 * Every method at every size with 20 affected services, and at 5,000 services also with 1,000. The longest scenarios
 * come first, so that the short ones run beside them.
 */
export function scenarios(sizes: readonly number[], methods: readonly Method[]): readonly Scenario[] {
  const fleets = sizes
    .toSorted((a, b) => b - a)
    .flatMap((services) => [
      ...(services >= 5 * MANY ? [{ services, affected: MANY }] : []),
      { services, affected: Math.min(FEW, services) },
    ]);
  return fleets.flatMap((fleet) =>
    methods.map((method) => ({ method, clusters: clustersFor(fleet.services), ...fleet })),
  );
}

/** 5,000 services have 20 clusters; smaller fleets have at least two. */
function clustersFor(services: number): number {
  return Math.max(2, Math.ceil(services / SERVICES_A_CLUSTER));
}

/** The name of a scenario in the output. */
export function nameOf({ method, services, affected }: Omit<Scenario, 'clusters'>): string {
  return `${method}, ${affected} of ${services}`;
}
