import type { PlannedFunction } from './blueprint.ts';
import { type Check, ofAnswer, ok, warning, wrong } from './check.ts';
import type { Answer, FunctionSettings } from './facts.ts';
import { RESTORE } from './rules.ts';

/** Whether a function is there and can run. `short`: its name without that of the stack. */
export function checkFunction(
  { id, name }: Pick<PlannedFunction, 'id' | 'name'>,
  short: string,
  answer: Answer<FunctionSettings>,
): readonly Check[] {
  const check = `function ${short}`;
  return ofAnswer(check, answer, {
    gone: () => [wrong(check, 'function-gone', `there is no function ${name ?? id}`, RESTORE)],
    shown: ({ broken, modifiedAt, version = 'unknown' }) => [
      broken === undefined
        ? ok(check, `version ${version}, changed ${modifiedAt.slice(0, 16)}`)
        : wrong(
            check,
            'function-broken',
            `${name ?? id} cannot run: ${broken}`,
            'look at the function in Lambda, then deploy again',
          ),
    ],
  });
}

/** Whether all functions are of one version: a deployment that ended half-way, or a change by hand, leaves two. */
export function checkVersions(versions: ReadonlyMap<string, string | undefined>): readonly Check[] {
  if (new Set(versions.values()).size <= 1) return [];
  const all = [...versions].map(([name, version = 'unknown']) => `${name} ${version}`).join(', ');
  return [
    warning(
      'stack',
      'versions-differ',
      `the functions have different versions: ${all}`,
      'deploy the stack again',
    ),
  ];
}
