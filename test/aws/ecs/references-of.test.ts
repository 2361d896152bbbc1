import { describe, expect, test } from 'vitest';
import { mentionsOf, referencesOf } from '../../../functions/aws/ecs/references-of.ts';
import { PARAMETER, revisionArn, SECRET } from '../../support/build.ts';

const OTHER = PARAMETER.replace('password', 'other');

describe('the credential spec of a container', () => {
  const specs = (...containers: readonly object[]) =>
    referencesOf({ containerDefinitions: [...containers] }, revisionArn()).map(
      ({ place, valueFrom }) => `${place} ${valueFrom}`,
    );
  const current = { credentialSpecs: [`credentialspec:${PARAMETER}`] };
  const legacy = { dockerSecurityOptions: ['label:type:x', `credentialspecdomainless:${OTHER}`] };
  const inCurrent = `credential-spec credentialspec:${PARAMETER}`;
  const inLegacy = `credential-spec credentialspecdomainless:${OTHER}`;

  test.each([
    ['in its present place', [current], [inCurrent]],
    ['in its legacy place', [legacy], [inLegacy]],
    ['in both places, of which ECS takes the present one', [{ ...legacy, ...current }], [inCurrent]],
    ['in its legacy place beside an empty list', [{ ...legacy, credentialSpecs: [] }], [inLegacy]],
    [
      'in its legacy place beside a spec that is a file, which is the one that ECS takes',
      [{ ...legacy, credentialSpecs: ['credentialspec:file://spec.json'] }],
      ['credential-spec credentialspec:file://spec.json'],
    ],
    ['in another place than that of the next container', [current, legacy], [inCurrent, inLegacy]],
    ['nowhere, beside an option for SELinux', [{ dockerSecurityOptions: ['label:type:x'] }], []],
  ])('is found %s', (_, containers, found) => {
    expect(specs(...containers)).toEqual(found);
  });
});

describe('the environment of a container', () => {
  const mentions = (...containers: readonly object[]) =>
    mentionsOf({ containerDefinitions: [...containers] });
  const environment = (...values: readonly (string | undefined)[]) => ({
    name: 'app',
    environment: values.map((value, i) => ({ name: `NAME_${i}`, ...(value !== undefined && { value }) })),
  });

  test('gives the ARNs and the names that it holds, once, and nothing else of it', () => {
    const all = environment(
      SECRET,
      'rds!db-1a2b',
      'hunter2!',
      `${SECRET}:password::`,
      undefined,
      'x',
      PARAMETER,
    );
    expect(mentions(all)).toEqual(
      [SECRET, 'rds!db-1a2b', PARAMETER].map((names) => ({ container: 'app', names })),
    );
    expect(JSON.stringify(mentions(all))).not.toMatch(/hunter2|NAME_|password::/);
  });

  test('gives nothing where a container has none', () => {
    expect(mentions({ name: 'app' }, environment())).toEqual([]);
    expect(mentionsOf({})).toEqual([]);
  });
});
