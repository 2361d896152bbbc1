import { AwsError, invalidParameter } from '../errors.ts';
import { type Input, records, requiredText, texts } from '../input.ts';
import type { SecretState, SecretView } from './state.ts';

/** One filter of ListSecrets: a secret passes if one of the values fits. */
export interface SecretFilter {
  readonly key: keyof typeof SUBJECTS;
  readonly values: readonly string[];
}

const MOST = 10;

/** The texts that each modelled filter compares with; all filters compare prefixes. */
const SUBJECTS = {
  name: (secret: SecretState) => [secret.name],
  description: (_: SecretState, view: SecretView) => [view.description ?? ''],
  'tag-key': (_: SecretState, view: SecretView) => Object.keys(view.tags),
  'tag-value': (_: SecretState, view: SecretView) => Object.values(view.tags),
  'owning-service': (secret: SecretState) => [secret.owningService ?? ''],
};

/** The filters of a request; refuses more than ten filters, more than ten values, and keys that are not modelled. */
export function secretFilters(input: Input): readonly SecretFilter[] {
  const filters = records(input, 'Filters');
  if (filters.length > MOST) throw invalidParameter(`Filters can have ${MOST} members at most.`);
  return filters.map((filter) => {
    const key = requiredText(filter, 'Key');
    if (!isModelled(key)) throw new AwsError('ValidationException', `The simulator has no filter ${key}.`);
    const values = texts(filter, 'Values');
    if (values.length < 1 || values.length > MOST) {
      throw invalidParameter(`Values of a filter can have 1 to ${MOST} members.`);
    }
    return { key, values };
  });
}

/** Compares prefixes, case-sensitively except in descriptions; `!` in front of a value negates it. */
export function passes({ key, values }: SecretFilter, secret: SecretState, view: SecretView): boolean {
  const fold = (text: string): string => (key === 'description' ? text.toLowerCase() : text);
  const subjects = SUBJECTS[key](secret, view).map(fold);
  return values.some((value) => {
    const isNegated = value.startsWith('!');
    const prefix = fold(isNegated ? value.slice(1) : value);
    return subjects.some((subject) => subject.startsWith(prefix)) !== isNegated;
  });
}

function isModelled(key: string): key is SecretFilter['key'] {
  return Object.hasOwn(SUBJECTS, key);
}
