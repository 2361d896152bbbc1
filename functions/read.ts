import pMap from 'p-map';
import type { Confirmed } from './confirm.ts';
import type { ServiceArn } from './core/arn.ts';
import type { Change, Notice } from './core/change.ts';
import type { Origin } from './core/confirm.ts';
import type { EvidenceByService, Question } from './core/evidence.ts';
import type { Fleet, NamedFleet } from './core/fleet.ts';
import type { Subject } from './core/subject-index.ts';
import type { Run } from './run.ts';

/** What a plan is made from: the fleet, and all that it is to be held against. */
export type Sight = {
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** Changes and notices together. */
  readonly subjects: readonly Subject[];
  readonly fleet: Fleet & Partial<Pick<NamedFleet, 'outOfScope'>>;
};

const CONCURRENCY = 32;

/** Reads no more of the fleet than is asked for: nothing for nothing, named services alone, else all of it. */
export async function readFleet(confirmed: Confirmed, run: Run): Promise<Sight> {
  const { changes, notices, named } = confirmed;
  const [first] = named;
  if (first !== undefined) return readNamed(confirmed, first.origin, run);
  const subjects = [...changes, ...notices];
  const fleet = subjects.length === 0 ? NO_FLEET : await run.fleets.read(subjects, run);
  return { changes, notices, subjects, fleet };
}

/** Asks ECS what DescribeServices does not tell, about those services only where it may change the decision. */
export async function readEvidence(questions: readonly Question[], run: Run): Promise<EvidenceByService> {
  const answers = await pMap(
    questions,
    async (question) => [question.service.key, await run.world.ecs.answer(question, run.reading)] as const,
    { concurrency: CONCURRENCY },
  );
  return new Map(answers);
}

/** A service that a person named does not exist; nothing is done about the others either. */
export class NoSuchService extends Error {
  override readonly name = 'NoSuchService';

  constructor(asGiven: readonly string[]) {
    super(
      `wrong request, nothing was done: ${asGiven.map((given) => `services: there is no service ${given}`).join('; ')}`,
    );
  }
}

/** For services named by hand the request itself is the change. Throws NoSuchService. */
async function readNamed({ named }: Confirmed, origin: Origin, run: Run): Promise<Sight> {
  const { configured, narrowed } = run.scope;
  const services = named.map((one) => one.named);
  const fleet = await run.world.ecs.readNamed(services, [configured, narrowed], run.reading);
  if (fleet.missing.length > 0) throw new NoSuchService(fleet.missing);
  const arns = [
    ...fleet.services.map(({ arn }) => arn),
    ...fleet.unreadable.map(({ service }) => service),
    ...fleet.outOfScope.map(({ service }) => service),
  ];
  const changes = arns.map((arn) => serviceChange(origin, arn));
  for (const change of changes) run.journal.received(change);
  return { changes, notices: [], subjects: changes, fleet };
}

function serviceChange({ changeId, at, source }: Origin, arn: ServiceArn): Change {
  return { changeId, kind: 'service', arn, changedAt: at, source, optedOut: false };
}

const NO_FLEET: Fleet = {
  beganAt: 0,
  services: [],
  revisions: new Map(),
  unreadable: [],
  unreadableClusters: [],
};
