import { expect, test } from 'vitest';
import type { AccessFinding, Certainty } from '../../../functions/core/model/access.ts';
import type { RoleNeed } from '../../../functions/core/plan/access-questions.ts';
import { makeAccessReport } from '../../../functions/core/report/access-report.ts';
import { reference, SECRET, type ServiceDifference, service } from '../../support/build.ts';

const ROLE = 'arn:aws:iam::111122223333:role/execution';

function need(valueFrom = SECRET, role: RoleNeed['role'] = ROLE): RoleNeed {
  const named = reference({ valueFrom });
  const [target] = named.targets;
  if (target === undefined) throw new Error('the reference names nothing');
  return { reference: named, target, role };
}
const finding = (certainty: AccessFinding['certainty']): AccessFinding => ({
  certainty,
  cause: 'no-role',
  role: null,
  kind: 'secret',
  arn: SECRET,
  valueFrom: SECRET,
});

/** Services with one need each, of which this is known, and what a report says. */
function reported(
  services: readonly (readonly [
    different: ServiceDifference,
    needs: readonly RoleNeed[],
    found?: Certainty,
  ])[],
) {
  const found = new Map(
    services.flatMap(([, needs, certainty]) =>
      needs.map((one) => {
        const findings =
          certainty === undefined || certainty === 'nothing-against' ? [] : [finding(certainty)];
        return [one, { arn: `${SECRET} as described`, findings }] as const;
      }),
    ),
  );
  return makeAccessReport(
    services.map(([different, needs]) => ({ service: service(different), needs })),
    found,
  );
}

test('services are counted by what is known of their roles, and sorted from the worst on, then by ARN', () => {
  const { services, summary } = reported([
    [{ name: 'fine' }, [need()], 'nothing-against'],
    [{ name: 'b' }, [need()], 'cannot'],
    [{ name: 'unknown' }, [need()], 'unknown'],
    [{ name: 'a' }, [need()], 'cannot'],
    [{ name: 'c' }, [need()], 'cannot'],
    [{ name: 'perhaps' }, [need()], 'probably-cannot'],
    [{ name: 'needs nothing' }, []],
  ]);
  expect(services.map((one) => [one.service, one.cluster, one.certainty])).toEqual(
    (
      [
        ['a', 'cannot'],
        ['b', 'cannot'],
        ['c', 'cannot'],
        ['perhaps', 'probably-cannot'],
        ['unknown', 'unknown'],
        ['fine', 'nothing-against'],
      ] as const
    ).map(([name, certainty]) => [service({ name }).arn, 'main', certainty]),
  );
  expect(summary).toEqual({ cannot: 3, 'probably-cannot': 1, unknown: 1, 'nothing-against': 1 });
});

test('what ECS did not show is named, if there is any', () => {
  const unreadable = [{ cluster: 'dark', why: 'no permission' }];
  expect(makeAccessReport([], new Map(), unreadable)).toHaveProperty('unreadable', unreadable);
  expect(makeAccessReport([], new Map(), [])).not.toHaveProperty('unreadable');
  expect(makeAccessReport([], new Map())).not.toHaveProperty('unreadable');
});

test('a service is as bad as the worst of its references, each of which says what is found and what helps', () => {
  const [fine, bad] = [need('/app/key', null), need(`${SECRET}:password::`)];
  const { services } = makeAccessReport(
    [{ service: service(), needs: [fine, bad] }],
    new Map([[bad, { arn: SECRET, findings: [finding('unknown'), finding('cannot')] }]]),
  );
  const told = {
    because: 'its task definition names no execution role',
    todo: 'register a revision with an execution role',
  };
  expect(services).toStrictEqual([
    {
      service: service().arn,
      cluster: 'main',
      certainty: 'cannot',
      references: [
        {
          role: null,
          kind: 'parameter',
          arn: 'arn:aws:ssm:eu-west-1:111122223333:parameter/app/key',
          valueFrom: '/app/key',
          container: 'app',
          place: 'secrets',
          certainty: 'nothing-against',
          findings: [],
        },
        {
          role: ROLE,
          kind: 'secret',
          arn: SECRET,
          valueFrom: `${SECRET}:password::`,
          container: 'app',
          place: 'secrets',
          certainty: 'cannot',
          findings: [
            { ...finding('unknown'), ...told },
            { ...finding('cannot'), ...told },
          ],
          jsonKey: 'password',
        },
      ],
    },
  ]);
});

test('a role of which ECS shows nothing is reported as none', () => {
  const { reference: of, target } = need();
  const { services } = makeAccessReport(
    [{ service: service(), needs: [{ reference: of, target, role: undefined }] }],
    new Map(),
  );
  expect(services[0]?.references[0]?.role).toBeNull();
});

test('a service that only reads by itself is named apart, and what no question can answer is said', () => {
  const also = [reference({ place: 'also' })];
  const report = reported([
    [{ name: 'reads', also }, []],
    [{ name: 'reads nothing' }, []],
    [{ name: 'needs it as well', also }, [need()], 'unknown'],
  ]);
  expect(report.readByThemselves).toEqual([{ service: service({ name: 'reads' }).arn, cluster: 'main' }]);
  expect(report.notCovered).toMatch(
    /^Not known without reading a value: .*\. Not asked: .* nothing speaks against\.$/,
  );
});
