import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  type Attempts,
  keyInShort,
  LINKS,
  walk,
} from '../../../functions/core/credentials/chain.ts';
import { type Environment, settingsOf } from '../../../functions/core/credentials/settings.ts';

const NOTHING: Attempt = { kind: 'not-configured' };
const WORKED: Attempt = { kind: 'worked', key: 'ASIA…0001', ms: 1 };
const HANGS: Attempt = { kind: 'unanswered', ms: 3_000 };
const failed = (endsChain: boolean): Attempt => ({
  kind: 'failed',
  cause: { code: 'other' },
  endsChain,
  ms: 1,
});

const attempts = (some: Partial<Attempts>): Attempts => ({
  environment: NOTHING,
  profile: NOTHING,
  process: NOTHING,
  'web-identity': NOTHING,
  container: NOTHING,
  metadata: NOTHING,
  ...some,
});
const walked = (some: Partial<Attempts>, env: Environment = {}) => walk(attempts(some), settingsOf(env));

describe('the SDK', () => {
  it('takes the first link that works, and asks no later one', () => {
    const { taken, standings } = walked({ profile: WORKED, container: WORKED, metadata: WORKED });
    expect(taken).toBe('profile');
    expect(LINKS.map((link) => standings[link])).toEqual([
      'passed',
      'taken',
      'not-reached',
      'not-reached',
      'not-reached',
      'not-reached',
    ]);
  });

  it('takes none where none works', () => {
    expect(walked({ metadata: failed(false) })).toMatchObject({
      taken: undefined,
      standings: { metadata: 'passed' },
    });
  });

  it('goes on after a failure that lets it, and ends at one that does not', () => {
    expect(walked({ environment: failed(false), metadata: WORKED }).taken).toBe('metadata');
    expect(walked({ 'web-identity': failed(true), metadata: WORKED })).toMatchObject({
      taken: undefined,
      standings: { 'web-identity': 'ends', metadata: 'not-reached' },
    });
  });

  it('waits for a link that does not answer, whatever comes after it', () => {
    expect(walked({ process: HANGS, metadata: WORKED })).toMatchObject({
      taken: undefined,
      standings: { process: 'waits', metadata: 'not-reached' },
    });
  });

  it('skips the environment where a profile is named, even if it does not exist', () => {
    const some = { environment: WORKED, profile: failed(false), metadata: WORKED };
    expect(walked(some, { AWS_PROFILE: 'wrok' })).toMatchObject({
      taken: 'metadata',
      standings: { environment: 'skipped' },
    });
    expect(walked(some, { AWS_PROFILE: '' }).taken).toBe('environment');
  });

  it.each(['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'])(
    'skips the metadata service where %s is set, even if nothing answers there',
    (variable) => {
      const some = { container: failed(false), metadata: WORKED };
      expect(walked(some, { [variable]: '/x' })).toMatchObject({
        taken: undefined,
        standings: { container: 'passed', metadata: 'skipped' },
      });
    },
  );
});

describe('the id of a key', () => {
  it.each([
    ['AKIAIOSFODNN7EXAMPLE', 'AKIA…MPLE'],
    ['test', 'test…'],
    ['AKIA123456789012', 'AKIA…9012'],
    ['AKIA12345678901', 'AKIA…'],
    ['ASIASHORT', 'ASIA…'],
    ['', '…'],
  ])('%j is shown as %s', (id, short) => {
    expect(keyInShort(id)).toBe(short);
  });
});
