import { type AccessFinding, accessOf, CERTAINTIES, type Certainty } from '../model/access.ts';
import type { ServiceArn } from '../model/arn.ts';
import type { Service, Unread } from '../model/fleet.ts';
import { jsonKeyOf, type Place } from '../model/reference.ts';
import type { RoleNeed } from '../plan/access-questions.ts';
import { todoOf, whyOf } from './access-words.ts';

/** Whether the execution roles of services can read what they refer to, as far as that can be told. */
export type AccessReport = {
  readonly services: readonly CheckedService[];
  /** Services that read the resource by themselves, with their task role, which is not asked about. */
  readonly readByThemselves: readonly { readonly service: ServiceArn; readonly cluster: string }[];
  readonly summary: Readonly<Record<Certainty, number>>;
  /** What ECS did not show: it may refer to the resource, or to more. Absent if there is nothing. */
  readonly unreadable?: readonly Unread[];
  /** What no question without the value can answer. */
  readonly notCovered: string;
};

export type CheckedService = {
  readonly service: ServiceArn;
  readonly cluster: string;
  readonly certainty: Certainty;
  readonly references: readonly CheckedReference[];
};

export type CheckedReference = {
  readonly role: string | null;
  readonly kind: 'secret' | 'parameter';
  readonly arn: string;
  readonly valueFrom: string;
  readonly container: string | null;
  readonly place: Place;
  readonly certainty: Certainty;
  readonly findings: readonly (AccessFinding & { readonly because: string; readonly todo: string })[];
  /** A key of a JSON value that the reference asks for: only the value shows whether it is there. */
  readonly jsonKey?: string;
};

/** What was asked about one service. */
export type Asked = { readonly service: Service; readonly needs: readonly RoleNeed[] };

type Found = { readonly arn: string; readonly findings: readonly AccessFinding[] };

const NOT_COVERED =
  'Not known without reading a value: whether it is JSON and holds the JSON key of a reference. Not asked: the trust policy of the role, resource and key policies, resource control policies, endpoints and the network, which may still refuse what nothing speaks against.';

export function makeAccessReport(
  asked: readonly Asked[],
  found: ReadonlyMap<RoleNeed, Found>,
  unreadable: readonly Unread[] = [],
): AccessReport {
  const services = asked
    .filter(({ needs }) => needs.length > 0)
    .map(({ service, needs }): CheckedService => {
      const references = needs.map((need) => checked(need, found.get(need)));
      const { certainty } = accessOf(references.flatMap(({ findings }) => findings));
      return { service: service.arn, cluster: service.cluster.name, certainty, references };
    });
  const count = (wanted: Certainty) => services.filter(({ certainty }) => certainty === wanted).length;
  return {
    services: services.toSorted((a, b) => strengthOf(a) - strengthOf(b) || (a.service < b.service ? -1 : 1)),
    readByThemselves: asked
      .filter(({ service, needs }) => needs.length === 0 && service.also.length > 0)
      .map(({ service: { arn, cluster } }) => ({ service: arn, cluster: cluster.name })),
    summary: {
      cannot: count('cannot'),
      'probably-cannot': count('probably-cannot'),
      unknown: count('unknown'),
      'nothing-against': count('nothing-against'),
    },
    ...(unreadable.length > 0 && { unreadable }),
    notCovered: NOT_COVERED,
  };
}

const strengthOf = ({ certainty }: CheckedService): number => CERTAINTIES.indexOf(certainty);

function checked(
  { role, target, reference }: RoleNeed,
  { arn, findings }: Found = { arn: target.id, findings: [] },
): CheckedReference {
  const { valueFrom, container, place } = reference;
  const jsonKey = jsonKeyOf(reference);
  return {
    role: role ?? null,
    kind: target.kind,
    arn,
    valueFrom,
    container,
    place,
    certainty: accessOf(findings).certainty,
    findings: findings.map((one) => ({ ...one, because: whyOf(one), todo: todoOf(one) })),
    ...(jsonKey !== undefined && { jsonKey }),
  };
}
