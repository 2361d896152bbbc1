import { gzipSync } from 'node:zlib';
import { begin } from '../../functions/core/follow-up/follow-up.ts';
import { clusterArn } from '../../functions/core/model/arn.ts';
import { followUpBody } from '../../functions/formats/follow-up.ts';
import { ACCOUNT, CHANGED_AT, change, PARAMETER, REGION, SECRET } from './build.ts';

/** Characters that break a line of the log, colour a terminal or end a text early. */
export const CONTROL = 'a\nb\r\n\u0000\u001b[31mred\u001b[0m\u2028\u2029"}\n{"event":"forged"}\n\ud800';

/** A valid event of a parameter that no service refers to. */
export function anEvent(different: object = {}): object {
  return {
    version: '0',
    id: 'hostile',
    'detail-type': 'Parameter Store Change',
    source: 'aws.ssm',
    account: ACCOUNT,
    time: '2026-10-07T01:47:18Z',
    region: REGION,
    resources: [PARAMETER],
    detail: { operation: 'Update', name: '/app/db/password', type: 'String' },
    ...different,
  };
}

const label = (resources: readonly unknown[], detail: object) =>
  anEvent({ source: 'aws.secretsmanager', 'detail-type': 'Secret Label Updated', resources, detail });
const call = (detail: object) =>
  anEvent({
    source: 'aws.secretsmanager',
    'detail-type': 'AWS API Call via CloudTrail',
    resources: [],
    detail,
  });
const put = (secretId: unknown) => call({ eventName: 'PutSecretValue', requestParameters: { secretId } });
const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

const followUp = begin('hostile', [change()], CHANGED_AT);
const OPEN = {
  cluster: clusterArn(`arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/main`),
  name: 'api',
  deploymentId: null,
  ours: false,
  told: '',
};
const raw = (different: object) =>
  JSON.stringify({ kind: 'follow-up', version: 1, followUps: [{ ...followUp, open: [], ...different }] });
const changed = (different: object) => raw({ changes: [{ ...change(), ...different }] });
const reading = (different: object) =>
  JSON.stringify({
    kind: 'follow-up',
    version: 2,
    followUps: [],
    readings: [
      {
        changes: [change({ changeId: 'hostile' })],
        notices: [],
        firstHandledAt: CHANGED_AT,
        matched: [],
        left: 'all',
        ...different,
      },
    ],
  });
const packed = (bytes: Buffer) => `{"kind":"follow-up","version":1,"gzip":"${bytes.toString('base64')}"}`;

/** Messages that neither our rules nor our code put on the queue. */
export const BODIES: Readonly<Record<string, string>> = {
  'nothing but white space': ' ',
  'no JSON': 'Rotate me',
  null: 'null',
  'a number': '1e999',
  'a list': '[]',
  'a text': '"event"',
  'an empty object': '{}',
  'JSON that is cut off': JSON.stringify(anEvent()).slice(0, -9),
  'a byte-order mark': `\ufeff${JSON.stringify(anEvent())}`,
  'a hundred thousand open lists': '['.repeat(100_000),
  'lists a hundred thousand deep': nested(100_000, '[', ']'),
  'objects a hundred thousand deep': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  'a detail a hundred thousand deep': JSON.stringify(anEvent({ detail: 'DEEP' })).replace(
    '"DEEP"',
    `{"operation":"Update","x":${nested(100_000, '[', ']')}}`,
  ),
  'a detail that is text': JSON.stringify(anEvent({ detail: 'Update' })),
  'a detail that is a list': JSON.stringify(anEvent({ detail: [] })),
  'no resources': JSON.stringify(anEvent({ resources: [] })),
  'resources that are numbers': JSON.stringify(anEvent({ resources: [1] })),
  'a time that is a number': JSON.stringify(anEvent({ time: 1e300 })),
  'a time that does not exist': JSON.stringify(anEvent({ time: '2026-13-45T99:99:99Z' })),
  'a time at the end of the range of dates': JSON.stringify(anEvent({ time: '+275760-09-13T00:00:00.000Z' })),
  'a time at the beginning of the range of dates': JSON.stringify(
    anEvent({ time: '-271821-04-20T00:00:00.000Z' }),
  ),
  'keys that occur twice': JSON.stringify(anEvent()).replace('{', '{"id":"first","detail":{},'),
  'an id with control characters': JSON.stringify(anEvent({ id: CONTROL })),
  'control characters everywhere': JSON.stringify(
    anEvent({
      id: CONTROL,
      region: CONTROL,
      account: CONTROL,
      resources: [CONTROL],
      detail: { operation: CONTROL },
    }),
  ),
  'control characters in an object that is no event': JSON.stringify({ [CONTROL]: CONTROL, id: 1 }),
  'an id of half a megabyte': JSON.stringify(anEvent({ id: '\u20ac'.repeat(180_000) })),
  'a message of one MiB': JSON.stringify(anEvent({ detail: { operation: 'x'.repeat(1_048_000) } })),
  'a label named __proto__': JSON.stringify(
    label([SECRET], { labelUpdated: '__proto__', versionId: 'constructor' }),
  ),
  'a secret named __proto__': JSON.stringify(put('__proto__')),
  'a secret with an empty name': JSON.stringify(put('')),
  'a secret whose name is a number': JSON.stringify(put(7)),
  'a secret with a name of 100,000 characters': JSON.stringify(put('n'.repeat(100_000))),
  'a secret with control characters': JSON.stringify(put(CONTROL)),
  'an ARN of empty parts': JSON.stringify(label(['arn:::::'], { labelUpdated: 'AWSCURRENT' })),
  'an ARN of colons': JSON.stringify(label([':'.repeat(10_000)], { labelUpdated: 'AWSCURRENT' })),
  'an ARN of another service': JSON.stringify(
    label(['arn:aws:iam::1:role/x'], { labelUpdated: 'AWSCURRENT' }),
  ),
  'polluting keys': `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${JSON.stringify(
    anEvent({ detail: 'HERE' }),
  )
    .slice(1)
    .replace('"HERE"', '{"operation":"Update","__proto__":{"polluted":true,"operation":"Delete"}}')}`,
  'only polluting keys': '{"__proto__":{"id":"hostile","source":"aws.ssm","time":"2026-10-07T01:47:18Z"}}',
  'a follow-up without a version': '{"kind":"follow-up","version":}',
  'a follow-up of version 1e308': '{"kind":"follow-up","version":1e308,"followUps":[]}',
  'a follow-up that is packed twice': packed(gzipSync(packed(gzipSync('{}')))),
  'a follow-up that is a gzip bomb': packed(gzipSync(Buffer.alloc(80_000_000, ' '))),
  'a follow-up with bytes that are not UTF-8': packed(gzipSync(Buffer.from([0x22, 0xff, 0xfe, 0x22]))),
  'a follow-up with a change after the range of dates': changed({ changedAt: 1e300 }),
  'a follow-up with a change before the range of dates': changed({ changedAt: -1e300 }),
  'a follow-up with a change at half a millisecond': changed({ changedAt: 0.5 }),
  'a follow-up that began after the range of dates': raw({ firstHandledAt: 1e300 }),
  'a follow-up that began before the range of dates': raw({
    firstHandledAt: -1e300,
    open: [[OPEN.cluster, [['api', null, false, '']]]],
  }),
  'a follow-up after more looks than there can be': raw({
    hop: 2 ** 53 - 1,
    open: [[OPEN.cluster, [['api', null, false, '']]]],
  }),
  'a follow-up with an invalid cluster': raw({
    open: [['arn:aws:ecs:::cluster/', [['api', null, false, '']]]],
  }),
  'a follow-up with an invalid service name': raw({
    open: [[OPEN.cluster, [['../../x', null, false, CONTROL]]]],
  }),
  'a follow-up of a service named __proto__': raw({
    open: [[OPEN.cluster, [['__proto__', 'constructor', true, '']]]],
  }),
  'a follow-up with polluting keys': followUpBody([followUp]).replace(
    '"changeId"',
    '"__proto__":{"polluted":true},"changeId"',
  ),
  'a follow-up with control characters in its change': raw({
    changeId: CONTROL,
    changes: [change({ changeId: CONTROL, source: CONTROL })],
  }),
  'a scan that began after the range of dates': reading({ firstHandledAt: 1e300 }),
  'a scan with an invalid cluster': reading({ left: ['arn:aws:ecs:eu-west-1:111122223333:cluster/\n'] }),
  'a scan with a notice after the range of dates': reading({
    notices: [
      { changeId: 'hostile', kind: 'secret', arn: SECRET, notice: 'deleted', at: 1e300, source: 'x' },
    ],
  }),
};
