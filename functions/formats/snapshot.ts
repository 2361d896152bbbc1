import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { clusterArn, type TaskDefinitionArn, taskDefinitionArn } from '../core/model/arn.ts';
import { namedIn } from '../core/model/mention.ts';
import { PLACES } from '../core/model/reference.ts';
import { MAX_HEARD } from '../core/read/heard.ts';
import type { SeenReference, SeenService, Snapshot } from '../core/read/snapshot.ts';
import { hasMoreElements } from './bounds.ts';
import { problemsOf } from './problems.ts';

/** Code that knows another format does not use the object, and writes it anew after its next read. */
export const SNAPSHOT_FORMAT = 1;

/** A snapshot that cannot be used. Nothing is lost: the fleet is read without it. */
export class MalformedSnapshot extends Error {
  override readonly name = 'MalformedSnapshot';
}

/**
 * Ten times the size of a snapshot of 5,000 services. A larger object is no snapshot of ours, or a decompression bomb.
 */
const UNPACKED_BYTES = 64_000_000;

/** Enough for 10,000 services with ten references each; parsed, they take less than 250 MB even if all are wrong. */
const ELEMENTS = 500_000;

const seen = z.array(z.tuple([z.enum(PLACES), z.string().check(z.maxLength(2048))]));
const service = z.tuple([z.string().check(z.regex(/^[\w-]{1,255}$/)), z.array(z.int()), seen]);
/** The object may have been tampered with: what is no ARN and no name of a managed secret is not taken from it. */
const mention = z.string().check(z.refine((text) => namedIn(text) === text, { error: 'names no resource' }));
const label = z.string().check(z.minLength(1), z.maxLength(256));
const heard = z.object({
  arn: z.string().check(z.maxLength(2048), z.regex(/^arn:[^:]+:secretsmanager:[^:]+:\d+:secret:/)),
  label: z.exactOptional(label),
  versionId: z.exactOptional(label),
  // An instant that a Date can hold.
  at: z.number().check(z.minimum(0), z.maximum(8_640_000_000_000_000)),
});
const shape = z.object({
  format: z.literal(SNAPSHOT_FORMAT),
  revisions: z.array(z.tuple([z.pipe(z.string(), z.transform(taskDefinitionArn)), seen])),
  clusters: z.array(z.tuple([z.pipe(z.string(), z.transform(clusterArn)), z.array(service)])),
  // Absent in a snapshot of an earlier version, which does not know the field and leaves it out.
  mentions: z.optional(z.array(z.tuple([z.int(), z.array(mention)]))),
  // As above.
  heard: z.optional(z.array(heard).check(z.maxLength(MAX_HEARD))),
});

/** The bytes of the object; equal snapshots have equal bytes. Throws RangeError if they could not be read back. */
export function snapshotBytes({ clusters, revisions, mentions, heard: told }: Snapshot): Uint8Array {
  const numbers = new Map([...revisions.keys()].map((arn, number) => [arn, number]));
  const body = {
    format: SNAPSHOT_FORMAT,
    revisions: [...revisions].map(([arn, references]) => [arn, asPairs(references)]),
    clusters: [...clusters].map(([cluster, services]) => [
      cluster,
      [...services].map(([name, { revisions: used, own }]) => [
        name,
        used.flatMap((arn) => numbers.get(arn) ?? []),
        asPairs(own),
      ]),
    ]),
    ...(mentions !== undefined && {
      mentions: [...mentions].flatMap(([arn, names]) => {
        const number = numbers.get(arn);
        return number === undefined ? [] : [[number, names] as const];
      }),
    }),
    ...(told !== undefined && {
      heard: told.map(({ arn, label: moved, versionId, at }) => ({ arn, label: moved, versionId, at })),
    }),
  };
  return gzipSync(withinBounds(JSON.stringify(body)));
}

function withinBounds(text: string): string {
  if (Buffer.byteLength(text) > UNPACKED_BYTES || hasMoreElements(text, ELEMENTS))
    throw new RangeError(`it has more than ${ELEMENTS} values, or more than ${UNPACKED_BYTES} bytes`);
  return text;
}

const asPairs = (references: readonly SeenReference[]) => references.map((one) => [one.place, one.valueFrom]);

/** Throws MalformedSnapshot, and no other error, for bytes that are not a snapshot. */
export function parseSnapshot(bytes: Uint8Array): Snapshot {
  const { data, error } = parsed(bytes);
  if (data === undefined)
    throw new MalformedSnapshot(`the object is not a snapshot: ${problemsOf(error)[0] ?? ''}`);
  const arns = data.revisions.map(([arn]) => arn);
  const named = data.mentions;
  return {
    ...(named && { mentions: mentionsIn(named, arns) }),
    ...(data.heard && { heard: data.heard }),
    revisions: new Map(data.revisions.map(([arn, references]) => [arn, asReferences(references)])),
    clusters: new Map(
      data.clusters.map(([cluster, services]) => [
        cluster,
        new Map(
          services.map(([name, used, own]): [string, SeenService] => [
            name,
            { revisions: used.flatMap((number) => arns[number] ?? []), own: asReferences(own) },
          ]),
        ),
      ]),
    ),
  };
}

function parsed(bytes: Uint8Array) {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES }).toString();
    return z.safeParse(shape, JSON.parse(withinBounds(text)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedSnapshot(`the object is not a snapshot: ${why}`, { cause });
  }
}

function asReferences(pairs: z.infer<typeof seen>): readonly SeenReference[] {
  return pairs.map(([place, valueFrom]) => ({ place, valueFrom }));
}

function mentionsIn(
  named: readonly (readonly [number, readonly string[]])[],
  arns: readonly TaskDefinitionArn[],
): NonNullable<Snapshot['mentions']> {
  return new Map(
    named.flatMap(([number, names]) => {
      const arn = arns[number];
      return arn === undefined ? [] : [[arn, names] as const];
    }),
  );
}
