import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { begin } from '../../functions/core/follow-up/follow-up.ts';
import { NOTHING_SEEN } from '../../functions/core/read/snapshot.ts';
import { followUpBody, shareOfMessage } from '../../functions/formats/follow-up.ts';
import { snapshotBytes } from '../../functions/formats/snapshot.ts';
import { change, NOW, openService, SECRET } from '../support/build.ts';

// Texts of the very size of a bound. Most of their characters take three bytes, so that there are fewer to count.

test('a snapshot is written with 64 MB, and not with a byte more', () => {
  const heard = (arn: string) => ({
    ...NOTHING_SEEN,
    heard: [{ arn, label: 'AWSCURRENT', versionId: 'version-2', at: NOW }],
  });
  const rest = 64_000_000 - gunzipSync(snapshotBytes(heard(''))).length;
  const arn = '€'.repeat(rest / 3) + 'x'.repeat(rest % 3);
  expect(gunzipSync(snapshotBytes(heard(arn)))).toHaveLength(64_000_000);
  expect(() => snapshotBytes(heard(`${arn}x`))).toThrow('more than 64000000 bytes');
  expect(() => snapshotBytes(heard(SECRET))).not.toThrow();
});

test('a follow-up that may just be unpacked takes more than a message if it cannot be packed well', () => {
  const named = (name: string) => ({
    ...begin('change-1', [change()], NOW),
    open: [openService({ name })],
  });
  const rest = 16_000_000 - Buffer.byteLength(followUpBody([named('')]));
  const points = randomBytes(2 * Math.floor(rest / 3)).map((byte, i) =>
    i % 2 === 0 ? byte : 0x50 + (byte & 31),
  );
  const name = new TextDecoder('utf-16le').decode(points) + 'x'.repeat(rest % 3);
  expect(Buffer.byteLength(followUpBody([named('x'.repeat(rest))]))).toBeLessThan(900_000);
  expect(shareOfMessage(named(name))).toBeGreaterThan(10);
});
