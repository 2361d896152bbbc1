import { isOfTrusted } from '../../core/confirm/trust.ts';
import type { Change } from '../../core/model/change.ts';
import type { Fleet } from '../../core/model/fleet.ts';
import type { SecretDescription } from '../../core/model/secret.ts';
import { heardOf } from '../../core/read/heard.ts';
import { changesHeard, changesNamed } from '../../core/sweep/hidden.ts';
import type { Referenced } from '../../core/sweep/referenced.ts';
import type { Unchecked } from '../../core/sweep/sweep.ts';
import { isElsewhere } from '../confirm/foreign.ts';
import type { StepContext } from '../context.ts';
import { type Reader, type RefusedReference, readElsewhere } from './secret-times.ts';

/** The reader, which fetches once what was heard, and not before it is asked for. */
export function hearingOnce<R extends Pick<Reader, 'heard'>>(reader: R): R {
  let heard: ReturnType<Reader['heard']> | undefined;
  return {
    ...reader,
    heard: () => {
      heard ??= reader.heard();
      return heard;
    },
  };
}

type Hearsay = { readonly changes: readonly Change[]; readonly unchecked: readonly Unchecked[] };

/** The last changes that events told of the hidden ones among these, which a person or AWS names. */
export async function hearOf(
  refused: readonly Unchecked[],
  sweepId: string,
  run: Pick<Reader, 'heard'> & Pick<StepContext, 'account' | 'region'>,
): Promise<Hearsay> {
  const isAny = refused.some(({ hidden }) => hidden);
  const heard = isAny ? await run.heard() : [];
  if (heard === undefined) return { changes: [], unchecked: refused.map(unheard) };
  const ofHere = heard.filter(({ arn }) => !isElsewhere(arn, run));
  const heardBy = (asNamed: string) => heardOf(asNamed, asNamed.startsWith('arn:') ? heard : ofHere);
  const told = refused.map((one) => ({
    one,
    changes: one.hidden ? changesHeard(heardBy(one.arn), sweepId) : [],
  }));
  return {
    changes: told.flatMap(({ changes }) => changes),
    unchecked: told.map(({ one, changes }) => ({ ...one, ...lastOf(changes) })),
  };
}

type FromElsewhere = {
  readonly found: readonly SecretDescription[];
  readonly changes: readonly Change[];
  readonly unchecked: readonly Unchecked[];
  /** The references to other accounts and Regions of which more is said than that they are. */
  readonly asked: ReadonlySet<string>;
};

/**
 * What is known of secrets that are not described here by themselves: of other accounts and Regions, where an event has told
 * of them before or their account is trusted, and of those that were refused here.
 */
export async function readHeard(
  elsewhere: readonly Referenced[],
  { refused }: { readonly refused: readonly RefusedReference[] },
  fleet: Fleet,
  sweepId: string,
  run: Reader,
): Promise<FromElsewhere> {
  const mayBeHeard = [...elsewhere, ...refused.map(({ referenced }) => referenced)];
  const heard = mayBeHeard.length === 0 ? [] : await run.heard();
  const changes = changesHeard(heard ?? [], sweepId);
  const named = changesNamed(changes, mayBeHeard, fleet);
  const { trust } = run;
  const isTrusted = ({ target: { id } }: Referenced) => trust !== undefined && isOfTrusted(id, trust);
  const asked = elsewhere.filter((one) => named.has(one) || isTrusted(one));
  const read = await readElsewhere(asked, run);
  const hidden = [...refused, ...read.refused];
  const told = (one: RefusedReference) => (one.hidden ? (named.get(one.referenced) ?? []) : []);
  const unasked = heard === undefined ? elsewhere.filter((one) => !asked.includes(one)) : [];
  return {
    found: read.found,
    changes: [...new Set(hidden.flatMap(told))],
    unchecked: [
      ...hidden.map((one) => {
        const { referenced: _, ...unchecked } = one;
        return heard === undefined ? unheard(unchecked) : { ...unchecked, ...lastOf(told(one)) };
      }),
      ...unasked.map(({ target }) => ({ arn: target.id, why: UNHEARD })),
    ],
    asked: new Set([...asked, ...unasked].map(({ target }) => target.id)),
  };
}

const UNHEARD = 'the snapshot could not be read, which says what events told of it';

/** A hidden secret of which an event may have told, as the snapshot would say: it is as unknown as what was refused. */
function unheard(one: Unchecked): Unchecked {
  const { hidden: _, ...unchecked } = one;
  return unchecked;
}

function lastOf(changes: readonly Change[]): { readonly lastEvent?: number } {
  return changes.length === 0 ? {} : { lastEvent: Math.max(...changes.map(({ changedAt }) => changedAt)) };
}
