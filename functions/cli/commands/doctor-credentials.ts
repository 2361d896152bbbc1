import { LINKS } from '../../core/credentials/chain.ts';
import type { Diagnosis } from '../../core/credentials/diagnosis.ts';
import { type CredentialFinding, findingsOf } from '../../core/credentials/findings.ts';
import { placeInWords } from '../../core/credentials/place.ts';
import type { CliCommand, Terminal } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { printResult, type Result } from '../print.ts';
import { columns, factsOf, type Row, rowsOf, verdictOf, WIDE } from '../render/credentials.ts';

export const doctorCredentials: CliCommand = {
  name: 'credentials',
  summary: 'where credentials come from, link by link of the SDK, and why there are none',
  args: '',
  options: [],
  examples: [
    ['doctor credentials', 'everything about the credentials of this shell or container'],
    ['doctor credentials --profile prod', 'those that a command with this profile would take'],
  ],
  async run(_, given, { screen, signal }) {
    // No other command needs it.
    const { diagnose } = await import('../../runtime/credentials.ts');
    const diagnosis = await diagnose({ region: given.region, profile: given.profile }, signal);
    const findings = findingsOf(diagnosis);
    printResult(credentialsResult(diagnosis, findings, screen), given, screen);
    return exitCode(findings);
  },
};

function exitCode(findings: readonly CredentialFinding[]): ExitCode {
  if (findings.some(({ code }) => ['aws-unreachable', 'sts-unreachable'].includes(code))) return EXIT.aws;
  return findings.length === 0 ? EXIT.done : EXIT.stale;
}

function credentialsResult(
  diagnosis: Diagnosis,
  findings: readonly CredentialFinding[],
  { style }: Terminal['screen'],
): Result<Row> {
  const isWrong = findings.some(({ level }) => level === 'wrong');
  return {
    json: jsonFor(diagnosis, findings),
    names: findings.map(({ code }) => code),
    verdict: style(['bold', isWrong ? 'red' : 'green'], verdictOf(diagnosis, findings)),
    columns,
    wide: WIDE,
    rows: rowsOf(diagnosis),
    after: [
      ...factsOf(diagnosis).map(([name, value]) => `${name.padEnd(12)}  ${value}`),
      ...findings.map(({ level, finding, todo }) => `${level}: ${finding}. What to do: ${todo}.`),
    ],
  };
}

/** For other programs. No key and no token is in it. */
function jsonFor(diagnosis: Diagnosis, findings: readonly CredentialFinding[]): object {
  const { place, attempts, standings, taken, metadata, region, identity } = diagnosis;
  const links = LINKS.map((link) => ({ link, ...attempts[link], sdk: standings[link] }));
  const where = placeInWords(place);
  return {
    where,
    place,
    links,
    taken: taken ?? null,
    identity: identity ?? null,
    region,
    metadata,
    findings,
  };
}
