import { COMMANDS, FROM_CLONE_TO_PLAN } from '../infra/moto/commands.ts';

/** Where a command of the documents is run, and the text there that shows it. */
export type Place = { readonly file: string; readonly shows: readonly string[] };

const STEPS = 'test/infra/moto/deployed.steps.ts';

/** The commands that the end-to-end test does not run, because `.ci/run` does. */
const ELSEWHERE: Readonly<Record<string, Place>> = {
  'npm ci && npm run demo': { file: '.ci/run', shows: ['npm ci ', 'npm run demo\n'] },
  'npm test': { file: '.ci/run', shows: ['npm test\n'] },
};

/** Every command that may stand in the documents, with the place that runs it. */
export const TRIED: ReadonlyMap<string, Place> = new Map<string, Place>([
  ...Object.entries(COMMANDS).map(
    ([name, command]) => [command, { file: STEPS, shows: [`'${name}'`] }] as const,
  ),
  ...FROM_CLONE_TO_PLAN.map((command) => [command, { file: STEPS, shows: ['FROM_CLONE_TO_PLAN'] }] as const),
  ...Object.entries(ELSEWHERE),
]);

/** Calls of the `aws` command that change something, or that start long work. */
const WRITES =
  /^(?:invoke|deploy|update-.*|tag-.*|untag-.*|put-.*|start-.*|delete-.*|create-.*|purge-.*|rm|rb|cp|mv|sync)$/;

const AWS_CALL =
  /(?<once>AWS_MAX_ATTEMPTS=1 )?\baws (?<service>[a-z0-9]+) (?<operation>[a-z0-9-]+)(?<options>(?:(?!AWS_MAX_ATTEMPTS=1 aws |\baws ).)*)/gs;

/** What is wrong with a command: each call names its Region first, and one that writes is sent once. */
export function faultsOf(command: string): readonly string[] {
  const calls = [...command.matchAll(AWS_CALL)].flatMap(({ groups = {} }) => {
    const { once, service, operation = '', options = '' } = groups;
    const call = `aws ${service} ${operation}`;
    const regional = /^(?:\s|\\\n)*--region [a-z]+-[a-z]+-\d(?<rest>.*)$/s.exec(options);
    const waits = /^(?:\s|\\\n)*--cli-read-timeout 0\b/.test(regional?.groups?.['rest'] ?? '');
    return [
      ...(regional === null ? [`${call}: the Region does not follow`] : []),
      ...(WRITES.test(operation) && !(once !== undefined && waits) ? [`${call}: may be sent twice`] : []),
    ];
  });
  const osls = [...command.matchAll(/\bosls (?:deploy|remove)(?! --region [a-z]+-[a-z]+-\d)/g)];
  // Version 1 does not know this option, and version 2 reads the text of a payload as base64 without it.
  const payloads = [...command.matchAll(/--cli-binary-format|--payload (?!fileb:\/\/)/g)];
  return [
    ...calls,
    ...osls.map(([call]) => `${call}: the Region does not follow`),
    ...payloads.map(
      ([option]) => `${option.trim()}: only fileb:// works in both versions of the aws command`,
    ),
  ];
}
