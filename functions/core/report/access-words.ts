import type { AccessCause, AccessFinding } from '../model/access.ts';

/** What speaks against the role reading the resource, as a sentence without its end. */
export function whyOf(finding: AccessFinding): string {
  return WORDS[finding.cause].why(finding);
}

/** What helps, as a sentence without its end. */
export function todoOf(finding: AccessFinding): string {
  return WORDS[finding.cause].todo(finding);
}

type Words = {
  readonly why: (finding: AccessFinding) => string;
  readonly todo: (finding: AccessFinding) => string;
};

/** What denies an action by allowing nothing. */
const allowsNot = ({ deniedBy, action }: AccessFinding): string =>
  deniedBy === 'boundary'
    ? `the permissions boundary of its execution role does not allow ${action}`
    : `no policy of its execution role allows ${action}`;

const denies = ({ deniedBy, action }: AccessFinding): string =>
  deniedBy === 'boundary'
    ? `the permissions boundary of its execution role denies ${action}`
    : `a policy of its execution role denies ${action}`;

const add = ({ role, deniedBy, statement }: AccessFinding): string => {
  const where = deniedBy === 'boundary' ? `the permissions boundary of ${role}` : `a policy of ${role}`;
  return `add to ${where}: ${JSON.stringify(statement, undefined, 1).replaceAll(/\s+/g, ' ')}`;
};

const WORDS: Readonly<Record<AccessCause, Words>> = {
  'role-gone': {
    why: () => 'its execution role does not exist',
    todo: ({ role }) => `create ${role}, or register a revision with another execution role`,
  },
  'no-role': {
    why: () => 'its task definition names no execution role',
    todo: () => 'register a revision with an execution role',
  },
  'resource-gone': {
    why: () => 'it does not exist, or is scheduled for deletion',
    todo: () => 'restore it, or register a revision without the reference',
  },
  'no-version': {
    why: () => 'it has no version with the label and the id that the reference names',
    todo: () => 'put the label on a version, or register a revision with another reference',
  },
  'key-unusable': {
    why: () => 'the KMS key that encrypts it is gone, disabled or about to be deleted',
    todo: () => 'enable the key, or encrypt the value with another one',
  },
  'explicit-deny': {
    why: denies,
    todo: () => 'find the statement with Effect Deny, and narrow it',
  },
  'implicit-deny': { why: allowsNot, todo: add },
  'organization-deny': {
    why: ({ action }) =>
      `a service control policy denies ${action}, perhaps on a condition that IAM does not show`,
    todo: () => 'ask for it where the organization is managed',
  },
  'resource-policy': {
    why: (finding) => `${allowsNot(finding)}; its resource policy may`,
    todo: (finding) => `look at its resource policy, or ${add(finding)}`,
  },
  'key-policy': {
    why: (finding) => `${allowsNot(finding)}; the key policy may`,
    todo: (finding) => `look at the key policy, or ${add(finding)}`,
  },
  condition: {
    why: ({ action, conditionKeys = [] }) =>
      `${action} depends on ${conditionKeys.join(', ')}, which only the request of ECS has`,
    todo: () => 'look at the conditions of its policies',
  },
  elsewhere: {
    why: () => 'it, or the role, belongs to another account or Region, which must allow it as well',
    todo: () => 'look there at the resource policy and the key policy',
  },
  'not-shown': {
    why: ({ why = '' }) => why,
    todo: ({ missingAction }) =>
      missingAction === undefined ? 'ask again' : `allow the caller ${missingAction}, and ask again`,
  },
};
