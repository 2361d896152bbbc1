import { gzipSync } from 'node:zlib';

const CLUSTER = 'arn:aws:ecs:eu-west-1:111122223333:cluster/main';

/** How the body of a follow-up begins. */
export const START = '{"kind":"follow-up","version":1';
/** A body that unpacks to this. */
export const packed = (inner: string) => `${START},"gzip":"${gzipSync(inner).toString('base64')}"}`;

/** Bodies that are small as a message and enormous once they are read, by what they unpack to. */
export const BOMBS: Readonly<Record<string, string>> = {
  'three million empty objects': packed(`${START},"followUps":[${'{},'.repeat(3_100_000)}{}]}`),
  'six million numbers': packed(`${START},"followUps":[${'0,'.repeat(6_000_000)}0]}`),
  'three million services': packed(
    `${START},"followUps":[{"open":[["${CLUSTER}",[${'["a",null,true,""],'.repeat(700_000)}[]]]]}]}`,
  ),
  'three million scans': packed(`${START},"followUps":[],"readings":[${'{},'.repeat(3_100_000)}{}]}`),
  '17 MB of blanks': packed(`${' '.repeat(17_000_000)}${START},"followUps":[]}`),
  'half a million numbers, not packed': `${START},"followUps":[${'0,'.repeat(500_000)}0]}`,
};
