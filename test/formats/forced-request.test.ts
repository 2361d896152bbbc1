import { describe, expect, test } from 'vitest';
import { parseRequest, WrongRequest } from '../../functions/formats/request.ts';
import { NOW, SECRET } from '../support/build.ts';
import { schema } from '../support/schemas.ts';

const isRequest = schema('request');
const at = new Date(NOW).toISOString();

function refusal(request: object): string {
  try {
    parseRequest(request, NOW);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(WrongRequest);
    return error instanceof Error ? error.message : '';
  }
}

describe('a request with force and without its instant', () => {
  test.each([
    [{ action: 'redeploy', secret: 'prod/db', force: true }],
    [{ action: 'redeploy', parameter: ['/a', '/b'], force: true, clusters: 'prod-*', reason: 'leaked' }],
    [{ action: 'redeploy', services: 'main/api', force: true }],
    [{ action: 'plan', secret: SECRET, force: true }],
  ])('is wrong, and the error prints the request to send: %o', (request) => {
    const line = JSON.stringify({ ...request, at });
    expect(refusal(request)).toContain(`send ${line}`);
    expect(parseRequest(JSON.parse(line), NOW)).toMatchObject({ force: true, at: NOW });
    expect([isRequest(request), isRequest({ ...request, at })]).toEqual([false, true]);
  });

  test('is named beside its other faults', () => {
    const message = refusal({ action: 'redeploy', secret: 'prod/db', force: true, extra: 1 });
    for (const fault of ['at: force', 'extra']) expect(message).toContain(fault);
  });

  test('is wrong for its force alone if its action is stale, which takes no instant', () => {
    const message = refusal({ action: 'stale', force: true });
    expect(message).toContain('force: the action stale');
    expect(message).not.toContain('at: ');
  });

  test.each([
    [4_000, true],
    [4_001, false],
  ])('is printed again up to 4,000 characters: %i', (length, isPrinted) => {
    const request = { action: 'redeploy', secret: ['x'.repeat(2_000), ''], force: true };
    const missing = length - JSON.stringify({ ...request, at }).length;
    const long = { ...request, secret: [request.secret[0], 'x'.repeat(missing)] };
    expect(refusal(long).includes(JSON.stringify({ ...long, at }))).toBe(isPrinted);
  });

  test('is not printed again if it names hundreds of resources', () => {
    const secret = Array.from({ length: 900 }, (_, i) => `prod/secret-${i}`);
    const message = refusal({ action: 'redeploy', secret, force: true });
    expect(message.length).toBeLessThan(1_000);
    expect(message).toContain(`"at":"${at}"`);
  });
});

test.each([
  [{ action: 'redeploy', secret: 'prod/db', force: true, at }],
  [{ action: 'redeploy', secret: 'prod/db', force: false }],
  [{ action: 'redeploy', services: 'main/api' }],
])('%o is accepted', (request) => {
  expect(refusal(request)).toBe('accepted');
  expect(isRequest(request)).toBe(true);
});
