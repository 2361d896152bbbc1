import { describe, expect, it, test } from 'vitest';
import {
  isOfEc2,
  type MetadataAnswer,
  type MetadataProbe,
  type MetadataState,
  metadataState,
  requiresTokens,
  roleNameIn,
} from '../../../functions/core/credentials/metadata.ts';

const answered = (status: number): MetadataAnswer => ({ kind: 'answered', status });
const error = (code: string): MetadataAnswer => ({ kind: 'error', code });
const LOST: MetadataAnswer = { kind: 'silent', connected: true };
const NEVER: MetadataAnswer = { kind: 'silent', connected: false };
const probe = (
  token: MetadataAnswer,
  plain: MetadataAnswer,
  withToken?: MetadataAnswer,
  role?: string,
): MetadataProbe => ({
  token,
  plain,
  withToken,
  role,
});

describe('the metadata service', () => {
  test.each<[string, MetadataProbe | undefined, MetadataState]>([
    ['gives a token, and a role with it', probe(answered(200), answered(401), answered(200), 'app'), 'ready'],
    ['the same, tokens optional', probe(answered(200), answered(200), answered(200), 'app'), 'ready'],
    ['gives a token, and has no role', probe(answered(200), answered(401), answered(404)), 'no-role'],
    ['gives a token and refuses then', probe(answered(200), answered(403), answered(403)), 'off'],
    [
      'gives a token, and a page in place of a role',
      probe(answered(200), answered(200), answered(200)),
      'not-a-metadata-service',
    ],
    [
      'gives a token and fails then',
      probe(answered(200), answered(200), answered(500)),
      'not-a-metadata-service',
    ],
    ['loses the token, which is required', probe(LOST, answered(401)), 'hop-limit'],
    [
      'loses the token before the connection is seen, which is required',
      probe(NEVER, answered(401)),
      'hop-limit',
    ],
    ['loses the token, which is optional', probe(LOST, answered(200), undefined, 'app'), 'slow'],
    ['loses the token and has no role', probe(LOST, answered(404)), 'no-role'],
    ['loses the token and is off', probe(LOST, answered(403)), 'off'],
    [
      'says nothing to one request and a page to the other',
      probe(LOST, answered(200)),
      'not-a-metadata-service',
    ],
    [
      'says nothing to one request and fails at the other',
      probe(LOST, answered(500)),
      'not-a-metadata-service',
    ],
    ['refuses a token, which is required', probe(answered(403), answered(401)), 'tokens-required'],
    ['knows no tokens and has a role', probe(answered(404), answered(200), undefined, 'app'), 'slow'],
    ['answers 404 to everything', probe(answered(404), answered(404)), 'not-a-metadata-service'],
    [
      'fails although it had a role',
      probe(answered(404), answered(500), undefined, 'app'),
      'not-a-metadata-service',
    ],
    ['answers with a page', probe(answered(404), answered(200)), 'not-a-metadata-service'],
    ['is off', probe(answered(403), answered(403)), 'off'],
    ['does not answer', probe(NEVER, NEVER), 'silent'],
    ['takes connections and does not answer', probe(LOST, LOST), 'silent'],
    ['is not reached', probe(error('ENETUNREACH'), error('ENETUNREACH')), 'no-route'],
    ['is not reached in the link', probe(error('EHOSTUNREACH'), error('EHOSTUNREACH')), 'no-route'],
    ['is forbidden by a firewall', probe(error('EACCES'), error('EACCES')), 'no-route'],
    ['has no host', probe(error('EHOSTDOWN'), error('EHOSTDOWN')), 'no-route'],
    ['has a network that is down', probe(error('ENETDOWN'), error('ENETDOWN')), 'no-route'],
    ['has no address of its kind', probe(error('EADDRNOTAVAIL'), error('EADDRNOTAVAIL')), 'no-route'],
    ['may not be asked', probe(error('EPERM'), error('EPERM')), 'no-route'],
    [
      'answers 404 and says nothing to the other request',
      probe(NEVER, answered(404)),
      'not-a-metadata-service',
    ],
    ['refuses a token alone', probe(answered(403), answered(404)), 'not-a-metadata-service'],
    ['is refused without a token alone', probe(answered(404), answered(403)), 'not-a-metadata-service'],
    [
      'has a token and no answer with it',
      probe(answered(200), answered(401), NEVER),
      'not-a-metadata-service',
    ],
    ['is refused', probe(error('ECONNREFUSED'), error('ECONNREFUSED')), 'refused'],
    [
      'speaks no HTTP',
      probe(error('HPE_INVALID_CONSTANT'), error('HPE_INVALID_CONSTANT')),
      'not-a-metadata-service',
    ],
    ['is not asked', undefined, 'off-here'],
  ])('that %s is told apart', (_, seen, state) => {
    expect(metadataState(seen)).toBe(state);
  });

  test.each([
    [401, true],
    [200, false],
    [404, false],
    [403, undefined],
  ])('that answers %i to a request without a token requires one: %s', (status, required) => {
    expect(requiresTokens(probe(answered(200), answered(status)))).toBe(required);
  });

  it('requires no token as far as is known if it was not asked or does not answer', () => {
    expect(requiresTokens(undefined)).toBeUndefined();
    expect(requiresTokens(probe(NEVER, NEVER))).toBeUndefined();
  });

  test.each<[MetadataState, boolean]>([
    ['ready', true],
    ['hop-limit', true],
    ['slow', true],
    ['no-role', true],
    ['tokens-required', true],
    ['off', true],
    ['off-here', false],
    ['no-route', false],
    ['refused', false],
    ['silent', false],
    ['not-a-metadata-service', false],
  ])('in the state %s belongs to EC2: %s', (state, isOne) => {
    expect(isOfEc2(state)).toBe(isOne);
  });

  test.each([
    ['app-instance\n', 'app-instance'],
    ['a+b=c,d.e@f_g', 'a+b=c,d.e@f_g'],
    ['<html>log in</html>', undefined],
    ['', undefined],
    ['two roles', undefined],
    [' app ', 'app'],
    ['a'.repeat(65), undefined],
  ])('names in %j the role %s', (text, role) => {
    expect(roleNameIn(text)).toBe(role);
  });
});
