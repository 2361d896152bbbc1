import { describe, expect, test } from 'vitest';
import { match } from '../../../functions/core/match/match.ts';
import { mentionsIn } from '../../../functions/core/match/mentions.ts';
import type { Change, Notice } from '../../../functions/core/model/change.ts';
import type { Fleet } from '../../../functions/core/model/fleet.ts';
import {
  asSubject,
  change,
  deployment,
  draining,
  fleet,
  PARAMETER,
  reference,
  revisionArn,
  SECRET,
  type ServiceDifference,
  service,
} from '../../support/build.ts';

const MANAGED = SECRET.replace('prod/db', 'rds!db-1a2b');
const ofParameter = change({ changeId: 'p', kind: 'parameter', arn: PARAMETER });
const KEY = 'secret-redeploy:also';

/** A service whose revision mentions these, and refers to those. */
function world(
  mentioned: readonly string[],
  different: ServiceDifference = {},
  references: readonly string[] = [],
): Fleet {
  const read = fleet([service(different)], { 'api:1': references });
  const revisions = new Map(
    [...read.revisions].map(([arn, revision]) => [
      arn,
      revision.kind === 'readable'
        ? { ...revision, mentions: mentioned.map((names) => ({ container: 'app', names })) }
        : revision,
    ]),
  );
  return { ...read, revisions };
}

function told(one: Fleet, ...changes: readonly (Change | Notice)[]) {
  const subjects = changes.map(asSubject);
  const found = mentionsIn(one, subjects, match(one, subjects, 'ignore'), 'secret-redeploy');
  return found.map(({ service: { name }, ...mention }) => ({ name, ...mention }));
}

describe('a service mentions a resource', () => {
  test.each([
    ['its whole ARN', SECRET, change(), SECRET],
    ['its ARN without the suffix', SECRET.slice(0, -7), change(), SECRET.slice(0, -7)],
    ['the name of a managed secret', 'rds!db-1a2b', change({ arn: MANAGED }), 'rds=21db-1a2b'],
    ['the ARN of a managed secret', MANAGED, change({ arn: MANAGED }), MANAGED.replace('!', '=21')],
    ['the ARN of a parameter', PARAMETER, ofParameter, PARAMETER],
  ])('by %s, with the tag that would include it', (_, names, changed, value) => {
    const one = world([names]);
    const also = { key: KEY, value };
    expect(told(one, changed)).toEqual([{ name: 'api', container: 'app', arn: changed.arn, also }]);
    const tags = new Map([['also', value]]);
    const tagged = {
      ...service(),
      tags,
      also: [reference({ place: 'also', valueFrom: value, container: null })],
    };
    const after = { ...one, services: [tagged] };
    expect(match(after, [asSubject(changed)], 'ignore')).toHaveLength(1);
    expect(told(after, changed)).toEqual([]);
  });

  test.each([
    ['another secret', SECRET.replace('db', 'dc'), change()],
    ['another suffix', `${SECRET.slice(0, -6)}Zz9Yy8`, change()],
    ['the same name in another account', SECRET.replace('111122223333', '999988887777'), change()],
    ['the same name in another Region', SECRET.replace('eu-west-1', 'us-east-1'), change()],
    ['a managed secret of another name', 'rds!db-1a2c', change({ arn: MANAGED })],
    ['another parameter', `${PARAMETER}/x`, ofParameter],
    ['a shorter name of a parameter', PARAMETER.slice(0, -7), ofParameter],
  ])('and not by %s', (_, names, changed) => {
    expect(told(world([names]), changed)).toEqual([]);
  });

  test('unless a reference of it follows the change anyway', () => {
    expect(told(world([SECRET], {}, [SECRET]), change())).toEqual([]);
    expect(told(world([SECRET], {}, [`${SECRET}:key::`]), change())).toEqual([]);
    expect(told(world([SECRET], {}, [`${SECRET}:::v1`]), change())).toHaveLength(1);
    expect(told(world([SECRET, PARAMETER], {}, [SECRET]), change(), ofParameter)).toMatchObject([
      { arn: PARAMETER },
    ]);
  });

  test('for a move of AWSCURRENT or a change of the whole, and for no other label or notice', () => {
    const { label: _, ...whole } = change();
    const gone: Notice = { ...ofParameter, kind: 'secret', arn: SECRET, notice: 'not-found', at: 0 };
    expect(told(world([SECRET]), whole)).toHaveLength(1);
    expect(told(world([SECRET]), change({ label: 'BLUE' }))).toEqual([]);
    expect(told(world([SECRET]), gone)).toEqual([]);
    expect(told(world([SECRET]), change({ kind: 'service', arn: service().arn }))).toEqual([]);
  });

  test('once for each container, however many revisions in use and changes it has', () => {
    const primary = deployment({ taskDefinition: revisionArn('api:1') });
    const one = world([SECRET, SECRET, SECRET.slice(0, -7)], { deployments: [primary, draining()] });
    expect(told(one, change(), change({ changeId: 'b' }))).toHaveLength(1);
  });

  test('with the tag for the name that it mentions first', () => {
    const managed = change({ arn: MANAGED });
    const value = ([first]: readonly { readonly also?: { readonly value: string } }[]) => first?.also?.value;
    expect(value(told(world(['rds!db-1a2b', MANAGED]), managed))).toBe('rds=21db-1a2b');
    expect(value(told(world([MANAGED, 'rds!db-1a2b']), managed))).toBe(MANAGED.replace('!', '=21'));
  });

  test('once for each of its containers and each resource', () => {
    const one = world([]);
    const mentions = [
      { container: 'app', names: SECRET },
      { container: 'side', names: SECRET },
      { container: 'app', names: PARAMETER },
    ];
    const read = {
      ...one,
      revisions: new Map([[revisionArn(), { kind: 'readable', references: [], mentions } as const]]),
    };
    expect(told(read, change(), ofParameter).map(({ container, arn }) => [container, arn])).toEqual([
      ['app', SECRET],
      ['side', SECRET],
      ['app', PARAMETER],
    ]);
  });

  test('but not if its revision is not known or could not be read', () => {
    const dark = { kind: 'unreadable', why: 'x' } as const;
    for (const revisions of [new Map(), new Map([[revisionArn(), dark]])])
      expect(told({ ...world([SECRET]), revisions }, change())).toEqual([]);
  });

  test('although a reference of it names a version beside one that moves, or is the subject of a notice', () => {
    expect(told(world([SECRET], {}, [`${SECRET}:::v1`, SECRET]), change())).toEqual([]);
    const gone: Notice = {
      changeId: 'n',
      kind: 'secret',
      arn: SECRET,
      notice: 'deleted',
      at: 0,
      source: 'x',
    };
    expect(told(world([SECRET, PARAMETER], {}, [SECRET]), gone, ofParameter)).toMatchObject([
      { arn: PARAMETER },
    ]);
  });

  test('and is not decided on', () => {
    expect(match(world([SECRET]), [asSubject(change())], 'ignore')).toEqual([]);
  });
});

describe('the tag', () => {
  const tagFor = (
    names: string,
    tags: Record<string, string>,
    different: ServiceDifference = {},
    arn = names,
  ) => told(world([names], { tags: new Map(Object.entries(tags)), ...different }), change({ arn }))[0]?.also;
  const full = 'x'.repeat(250);

  test.each([
    [{}, { key: KEY }],
    [{ also: 'x' }, { key: `${KEY}-1` }],
    [{ also: '', 'also-1': 'x' }, { key: `${KEY}-2` }],
    [
      { also: full, 'also-1': 'x', 'also-2': 'y' },
      { key: `${KEY}-1`, append: true },
    ],
  ])('of a service with %o has another key', (tags, expected) => {
    expect(tagFor(SECRET, tags)).toEqual({ value: SECRET, ...expected });
  });

  test('is appended up to the length of a tag', () => {
    const room = 'x'.repeat(256 - 1 - SECRET.length);
    const rest = { 'also-1': full, 'also-2': full };
    expect(tagFor(SECRET, { also: room, ...rest })).toEqual({ key: KEY, value: SECRET, append: true });
    expect(tagFor(SECRET, { also: `${room}x`, ...rest })).toBeUndefined();
  });

  test('tells nothing of what the tags of the service hold, and is absent where none of them has room', () => {
    expect(tagFor(SECRET, { also: full, 'also-1': full, 'also-2': full })).toBeUndefined();
  });

  test('is absent for a service with an ARN in the old form', () => {
    expect(tagFor(SECRET, {}, { arn: 'arn:aws:ecs:eu-west-1:111122223333:service/api' })).toBeUndefined();
  });

  test('holds the name alone where the ARN is too long, and is absent where the name is too long as well', () => {
    const named = (length: number) => SECRET.replace('prod/db', 'n'.repeat(length));
    expect(tagFor(named(200), {})).toEqual({ key: KEY, value: 'n'.repeat(200) });
    expect(tagFor(named(256), {})).toEqual({ key: KEY, value: 'n'.repeat(256) });
    expect(tagFor(named(257), {})).toBeUndefined();
    const far = named(200).replace('eu-west-1', 'us-east-1');
    expect(tagFor(far, {})).toBeUndefined();
    const parameter = PARAMETER.replace('app/db/password', `a/${'n'.repeat(240)}`);
    const [of] = told(world([parameter]), change({ kind: 'parameter', arn: parameter }));
    expect(of?.also).toEqual({ key: KEY, value: `/a/${'n'.repeat(240)}` });
    const elsewhere = named(200).replace('111122223333', '999988887777');
    expect(tagFor(elsewhere, {})).toBeUndefined();
  });
});
