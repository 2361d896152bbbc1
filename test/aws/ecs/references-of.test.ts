import { describe, expect, test } from 'vitest';
import { referencesOf } from '../../../functions/aws/ecs/references-of.ts';
import { PARAMETER, revisionArn } from '../../support/build.ts';

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
