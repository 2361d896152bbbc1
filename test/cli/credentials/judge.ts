import { z } from 'zod/mini';
import { schema } from '../../support/schemas.ts';
import type { Observed } from './networks.ts';
import { KEYS, SENTINEL, type Situation } from './situations.ts';

/** `doctor credentials` ends within this time, whatever does not answer. */
export const LIMIT_MS = 6_000;

const Link = z.object({
  link: z.string(),
  kind: z.enum(['not-configured', 'worked', 'failed', 'unanswered']),
  cause: z.optional(z.object({ code: z.string() })),
  key: z.optional(z.string()),
  ms: z.optional(z.number()),
});
const Answer = z.object({
  links: z.array(Link),
  taken: z.nullable(z.string()),
  where: z.string(),
  metadata: z.object({ state: z.string() }),
  findings: z.array(
    z.object({
      level: z.enum(['wrong', 'warning']),
      code: z.string(),
      finding: z.string(),
      todo: z.string(),
    }),
  ),
});
export type Answer = z.infer<typeof Answer>;

export const answerIn = ({ json: { out } }: Observed): Answer => Answer.parse(JSON.parse(out));

const isAnswer = schema('credentials');

/** What a link gave, in one word. */
const givenBy = ({ kind, cause }: z.infer<typeof Link>): string =>
  kind === 'failed' ? (cause?.code ?? '') : kind;

/** What is wrong about what was printed. `whole`: the machine shows nothing of its own, so place and findings are judged, too. */
export function faultsOf(
  { expected }: Situation,
  observed: Observed,
  { whole }: { readonly whole: boolean },
): readonly string[] {
  const answer = answerIn(observed);
  const links = answer.links.filter(({ kind }) => kind !== 'not-configured');
  const is = (what: string, found: unknown, wanted: unknown) =>
    JSON.stringify(found) === JSON.stringify(wanted)
      ? []
      : [`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`];
  const sorted = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...(isAnswer(JSON.parse(observed.json.out)) ? [] : [`the schema: ${JSON.stringify(isAnswer.errors)}`]),
    ...is('taken', answer.taken, expected.taken),
    ...is(
      'links',
      sorted(Object.fromEntries(links.map((one) => [one.link, givenBy(one)]))),
      sorted(expected.links),
    ),
    ...is('metadata', answer.metadata.state, expected.metadata),
    ...(whole
      ? [
          ...is('place', answer.where, expected.place),
          ...is(
            'findings',
            answer.findings.map(({ code }) => code),
            expected.findings,
          ),
          ...is('exit code', observed.json.code, expected.code),
          ...is('exit code for a person', observed.pipe.code, expected.code),
        ]
      : []),
    ...is(
      'a finding without what to do',
      answer.findings.filter(({ todo }) => todo === ''),
      [],
    ),
    ...againstSdk(answer, observed),
    ...(whole ? ofCommand(answer, observed) : []),
    ...secretsIn(observed),
    ...(whole ? late(observed) : []),
  ];
}

/** The link that is said to be taken is the one whose key the SDK's own chain gives. */
function againstSdk({ links, taken }: Answer, { sdk }: Observed): readonly string[] {
  const { key } =
    sdk === undefined ? {} : z.object({ key: z.optional(z.string()) }).parse(JSON.parse(sdk.out));
  const short = key === undefined ? undefined : `${key.slice(0, 4)}…${key.slice(-4)}`;
  const said = links.find(({ link }) => link === taken)?.key;
  return short === said
    ? []
    : [`the SDK takes ${short ?? 'nothing'}, and ${said ?? 'nothing'} is said to be taken`];
}

/** A command that finds no credentials says in one sentence why, and where to look. One that the SDK keeps waiting says nothing. */
function ofCommand({ taken, findings: [first] }: Answer, { command }: Observed): readonly string[] {
  if (taken !== null || command === undefined) return [];
  const wanted = `error: no credentials: ${first?.finding}; "esr doctor credentials" says what to do\n`;
  return command.err === wanted && command.out === '' && command.code === 2
    ? []
    : [`a command says ${JSON.stringify(command)} in place of ${wanted}`];
}

/** Nothing that is printed holds a secret key, a token, the text of a server or a whole key id. */
function secretsIn({ json, pipe, command }: Observed): readonly string[] {
  const printed = [json, pipe, ...(command === undefined ? [] : [command])]
    .flatMap(({ out, err }) => [out, err])
    .join('\n');
  return [SENTINEL, ...Object.values(KEYS)]
    .filter((one) => printed.includes(one))
    .map((one) => `${one} is printed`);
}

/** Of the time in which it could run; other processes of the machine do not count (lab.mjs). */
const late = ({ json: { ms } }: Observed): readonly string[] =>
  ms < LIMIT_MS ? [] : [`it took ${Math.round(ms)} ms`];
