import type { AccessFinding, Certainty } from '../../core/model/access.ts';
import { todoOf, whyOf } from '../../core/report/access-words.ts';
import { resourceName } from './words.ts';

const WORDS: Readonly<Record<Certainty, string>> = {
  cannot: 'cannot read',
  'probably-cannot': 'probably cannot',
  unknown: 'unknown',
  'nothing-against': 'nothing against it',
};

/** How a certainty is called in a table. */
export function accessWord(certainty: Certainty | undefined): string {
  return certainty === undefined ? '' : WORDS[certainty];
}

const VERBS: Readonly<Record<AccessFinding['certainty'], string>> = {
  cannot: 'cannot read',
  'probably-cannot': 'probably cannot read',
  unknown: 'may be unable to read',
};

/** One finding with what to do about it. */
export function findingLine(service: string, finding: AccessFinding): string {
  const what = `${service} ${VERBS[finding.certainty]} ${resourceName(finding.arn)}`;
  return `${what}: ${whyOf(finding)}. ${sentence(todoOf(finding))}`;
}

function sentence(text: string): string {
  const end = text.endsWith('}') ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}
