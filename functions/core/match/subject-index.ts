import { homeOf } from '../model/arn.ts';
import { about, type Change, isGone, type Notice, type Subject } from '../model/change.ts';
import type { Fleet, Service } from '../model/fleet.ts';
import {
  type Form,
  nameToAsk,
  parameterArn,
  partialSecretArn,
  type Reference,
  type Target,
} from '../model/reference.ts';
import { asInTag, isLike } from '../model/tag-text.ts';

/** A hyphen and six characters, which Secrets Manager appends to a secret's name in its ARN. */
export const SUFFIX_LENGTH = 7;
export const SUFFIXED = /-[A-Za-z0-9]{6}$/;

/** A third of all suffixes consist of letters, but one in 180 of lower-case letters only: a word, as in `db-secret`. */
const WORD = /-[a-z]{6}$/;

/**
 * Whether an ARN that a user wrote looks like a full one. A partial ARN may look so, too, if the name ends like a suffix:
 * only Secrets Manager knows (functions/README.md, References).
 */
export function looksFull(arn: string): boolean {
  return SUFFIXED.test(arn) && !WORD.test(arn);
}

type Entry = {
  readonly subject: Subject;
  /** Whether the id of this entry is the subject's full ARN; otherwise it is the ARN without the suffix. */
  readonly whole: boolean;
};

/**
 * How a target names a subject. `guess`: the subject is a secret that is gone, and the target may name another secret.
 * Nothing follows from it until Secrets Manager has been asked for this text.
 */
export type Naming = { readonly subject: Subject; readonly form: Form; readonly guess: string | undefined };

/** Finds the subjects that a target names in constant time. It compares for equality only, and never for a prefix. */
export class SubjectIndex {
  readonly #byId = new Map<string, readonly Entry[]>();
  /** Ids as a tag can hold them. Users write the tags, and there may be thousands of tags and of ids. */
  readonly #idsInTags = new Map<string, Set<string>>();
  /** Secrets that were not found, by the name that the caller gave, which may lack the suffix that a reference has. */
  readonly #vanished = new Map<string, Subject>();

  constructor(subjects: readonly Subject[], fleet: Fleet) {
    for (const subject of subjects) this.#file(subject, fleet);
  }

  /** The subjects that are this service itself, because it was named by hand. */
  of(service: Service): readonly Subject[] {
    return this.#filed(service.arn).map(({ subject }) => subject);
  }

  namedBy(target: Target, { place, valueFrom }: Reference): readonly Naming[] {
    const ids = place === 'also' && valueFrom.includes('?') ? this.#idsLike(target.id) : [target.id];
    const found = new Map<Subject, Form>();
    for (const { subject, whole } of ids.flatMap((id) => this.#filed(id))) {
      const applies = about(subject).kind === target.kind && !(whole && isSecretName(target));
      if (applies && !found.has(subject)) found.set(subject, formOf(target, whole));
    }
    const vanished = isFullArn(target) ? this.#vanished.get(target.id.slice(0, -SUFFIX_LENGTH)) : undefined;
    if (vanished !== undefined && !found.has(vanished)) found.set(vanished, formOf(target, true));
    return [...found].map(([subject, form]) => ({ subject, form, guess: guessOf(target, subject) }));
  }

  #file(subject: Subject, fleet: Fleet): void {
    const id = idOf(about(subject), fleet);
    if (id === undefined) return;
    this.#add(id, { subject, whole: true });
    if (about(subject).kind !== 'secret') return;
    if (subject.kind === 'notice' && subject.notice.fullArnOnly === true) return;
    // A name that a caller gave never carries the suffix.
    if (SUFFIXED.test(id) && isByArn(subject))
      this.#add(id.slice(0, -SUFFIX_LENGTH), { subject, whole: false });
    if (subject.kind === 'notice' && subject.notice.notice === 'not-found') {
      this.#add(id, { subject, whole: false });
      this.#vanished.set(id, subject);
    }
  }

  #add(id: string, entry: Entry): void {
    this.#byId.set(id, [...this.#filed(id), entry]);
    const inTag = asInTag(id);
    this.#idsInTags.set(inTag, (this.#idsInTags.get(inTag) ?? new Set()).add(id));
  }

  #idsLike(name: string): readonly string[] {
    return [...(this.#idsInTags.get(asInTag(name)) ?? [])].filter((id) => isLike(id, name));
  }

  #filed(id: string): readonly Entry[] {
    return this.#byId.get(id) ?? [];
  }
}

/** A name that a caller typed belongs to the account and Region of the fleet. An empty fleet refers to nothing. */
function idOf({ arn, kind }: Change | Notice, { services }: Fleet): string | undefined {
  if (arn.startsWith('arn:')) return arn;
  const [service] = services;
  if (service === undefined) return undefined;
  return kind === 'parameter'
    ? parameterArn(arn, homeOf(service.arn))
    : partialSecretArn(arn, homeOf(service.arn));
}

const isFullArn = ({ kind, named, id }: Target): boolean =>
  kind === 'secret' && named === 'arn' && looksFull(id);

/** What to ask for, if the secret is gone but was asked for by what may be another secret than that of the target. */
function guessOf(target: Target, subject: Subject): string | undefined {
  if (subject.kind !== 'notice' || subject.notice.kind !== 'secret') return undefined;
  const { arn, notice } = subject.notice;
  const text = nameToAsk(target);
  if (!isGone(subject.notice) || text === arn) return undefined;
  const isDoubtful = notice === 'not-found' && isByArn(subject) && SUFFIXED.test(arn) && !looksFull(arn);
  return isDoubtful || SUFFIXED.test(target.id) ? text : undefined;
}

const isByArn = (subject: Subject): boolean => about(subject).arn.startsWith('arn:');

/** Whether the target holds the secret's own name, which never carries the suffix. */
function isSecretName({ kind, named }: Target): boolean {
  return kind === 'secret' && named !== 'arn';
}

function formOf({ kind, named }: Target, whole: boolean): Form {
  if (named !== 'arn') return named;
  return kind === 'secret' && !whole ? 'partial-arn' : 'full-arn';
}
