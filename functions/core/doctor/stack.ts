import type { Blueprint } from './blueprint.ts';
import { type Check, ofAnswer, ok, warning, wrong } from './check.ts';
import type { Answer, StackFact } from './facts.ts';

const DONE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'IMPORT_COMPLETE'];
const ROLLED_BACK = ['UPDATE_ROLLBACK_COMPLETE', 'IMPORT_ROLLBACK_COMPLETE'];

const EVENTS = 'its events in CloudFormation say why';

/** Whether the stack is there, and what CloudFormation says of it. `sought`: its name, and where it was looked for. */
export function checkStack(
  answer: Answer<StackFact>,
  sought: { readonly stack: string; readonly where: string },
  version = 'unknown',
): readonly Check[] {
  return ofAnswer('stack', answer, {
    gone: () => [
      wrong(
        'stack',
        'not-installed',
        `there is no stack ${sought.stack} in ${sought.where}`,
        'deploy it (docs/deploy.md), or name another one with --stage or --stack',
      ),
    ],
    shown: ({ name, status }) => [ofStatus(name, status, version)],
  });
}

function ofStatus(name: string, status: string, version: string): Check {
  const what = `${status}, version ${version}`;
  if (DONE.includes(status)) return ok('stack', what);
  const finding = `${name} is ${what}`;
  if (ROLLED_BACK.includes(status))
    return warning(
      'stack',
      'stack-rolled-back',
      `${finding}: its last deployment failed, and the one before is in place`,
      `deploy it again; ${EVENTS}`,
    );
  if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS')
    return warning(
      'stack',
      'stack-changing',
      `${finding}: what is found here may be half done`,
      'ask again when it has ended',
    );
  return wrong('stack', 'stack-failed', finding, todoFor(status));
}

function todoFor(status: string): string {
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return `continue the rollback in CloudFormation, then deploy it again; ${EVENTS}`;
  return status.startsWith('UPDATE')
    ? `deploy it again; ${EVENTS}`
    : `delete the stack, then deploy it again; ${EVENTS}`;
}

/** What a stack of this service has at least, by the ids of its template. */
const REQUIRED = {
  rules: [
    'SecretLabelUpdatedRule',
    'ParameterChangedRule',
    'ParameterExpiresRule',
    'CloudTrailRotationRule',
    'CloudTrailCallRule',
  ],
  queues: ['ChangeQueue', 'CloudTrailQueue', 'ChangeDeadLetterQueue', 'RuleDeadLetterQueue'],
  functions: ['OnDashchangeLambdaFunction', 'OnDashrequestLambdaFunction', 'OnDashscheduleLambdaFunction'],
} as const;

/** Whether the template has everything of which the service consists. */
export function checkTemplate(blueprint: Blueprint): readonly Check[] {
  const absent = (['rules', 'queues', 'functions'] as const).flatMap((kind) =>
    REQUIRED[kind].filter((id) => !blueprint[kind].some((one) => one.id === id)),
  );
  const sources = ['ChangeQueue', 'CloudTrailQueue'].filter((id) => !hasSource(blueprint, id));
  const missing = [...absent, ...sources.map((id) => `an event source for ${id}`)];
  if (missing.length === 0) return [];
  return [
    wrong(
      'stack',
      'incomplete',
      `its template lacks ${missing.join(', ')}`,
      'deploy it with the version of the service that this terminal has',
    ),
  ];
}

const hasSource = ({ queues, sources }: Blueprint, id: string): boolean =>
  sources.some(({ queue }) => queue === queues.find((one) => one.id === id)?.arn);
