import type { Blueprint, PlannedRule } from '../core/doctor/blueprint.ts';
import { type Check, notShown, wrong } from '../core/doctor/check.ts';
import type { Answer } from '../core/doctor/facts.ts';
import { checkPermissions } from '../core/doctor/permissions.ts';
import { checkQueue, checkSource } from '../core/doctor/queues.ts';
import { checkRule, RESTORE } from '../core/doctor/rules.ts';
import { checkSnapshot } from '../core/doctor/snapshot.ts';
import { checkStack, checkTemplate } from '../core/doctor/stack.ts';
import { checkTrail, trailRules } from '../core/doctor/trail.ts';
import { parseArn } from '../core/model/arn.ts';
import { blueprintOf } from '../formats/blueprint.ts';
import { parsePolicy } from '../formats/policy.ts';
import type { Examination } from '../runtime/connect-doctor.ts';
import { FUNCTION_NAMES, FUNCTIONS, NO_STACK, NoStack, stackOf } from '../runtime/stack.ts';
import type { Globals } from './command.ts';
import { serviceChecks } from './examine-service.ts';
import type { Found } from './examined.ts';
import { WrongUsage } from './exit.ts';
import { span } from './render/words.ts';

/** Looks at everything of which the installed service consists. Throws NoStack if a stack that was named does not exist. */
export async function examine(
  examination: Examination,
  { stage, stack: wanted }: Pick<Globals, 'stage' | 'stack'>,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  if (wanted === NO_STACK)
    throw new WrongUsage('doctor looks at an installed service, and --stack none asks for none');
  const { ask, region, account } = examination;
  const name = wanted ?? stackOf(stage);
  const asked = [ask.stack(name, signal), ask.resources(name, signal), ask.template(name, signal)] as const;
  const [stack, listing, template] = await Promise.all(asked);
  const isGone = [stack, listing].some(({ kind }) => kind === 'gone');
  if (isGone && wanted !== undefined) throw new NoStack(`there is no stack ${name} in ${region}`);
  const where = { stack: name, where: `${region} of account ${account}` };
  if (isGone) return checkStack({ kind: 'gone' }, where);
  if (listing.kind !== 'shown')
    return [
      ...checkStack(stack, where),
      ...(listing.kind === 'unanswered' ? [notShown('resources', listing)] : []),
    ];
  const told = { ...examination, signal, stage, stack, listing: listing.value };
  const found = askOnce({ ...told, blueprint: blueprintIn(template, name, told) });
  const [ofService, ofTemplate] = await Promise.all([serviceChecks(found), templateChecks(found, template)]);
  return [...checkStack(stack, where, await versionOf(found)), ...ofService, ...ofTemplate];
}

async function versionOf({ functions }: Found): Promise<string | undefined> {
  const onChange = await functions.get('on-change');
  return onChange?.kind === 'shown' ? onChange.value.version : undefined;
}

function blueprintIn(
  template: Answer<string>,
  stackName: string,
  { stack, listing, region, account }: Pick<Found, 'stack' | 'listing' | 'region' | 'account'>,
): Blueprint | undefined {
  if (template.kind !== 'shown') return undefined;
  const { id, resources } = listing;
  const { partition = 'aws' } = parseArn(id) ?? {};
  const parameters = stack.kind === 'shown' ? stack.value.parameters : new Map<string, string>();
  const home = { partition, region, account };
  return blueprintOf(template.value, { home, stack: stackName, parameters, resources });
}

function askOnce(found: Omit<Found, 'functions' | 'queues'>): Found {
  const { ask, listing, signal } = found;
  const nameOf = (id: string) => listing.resources.get(id)?.physicalId;
  const gone = Promise.resolve({ kind: 'gone' } as const);
  const functions = FUNCTION_NAMES.map((short) => {
    const name = nameOf(FUNCTIONS[short]);
    return [short, name === undefined ? gone : ask.function(name, signal)] as const;
  });
  const queues = [...listing.resources].flatMap(([id, { type, physicalId: url }]) =>
    type === 'AWS::SQS::Queue' ? [[id, ask.queue(url, signal)] as const] : [],
  );
  return { ...found, functions: new Map(functions), queues: new Map(queues) };
}

/** What the template says is compared with what is there. */
async function templateChecks(found: Found, template: Answer<string>): Promise<readonly Check[]> {
  const { blueprint } = found;
  if (template.kind === 'unanswered') return [notShown('template', template)];
  if (blueprint === undefined)
    return [
      wrong('template', 'incomplete', 'its template is none of this service', 'deploy the service again'),
    ];
  const checks = [
    ruleChecks(blueprint, found),
    sourceChecks(blueprint, found),
    queueChecks(blueprint, found),
    permissionChecks(blueprint, found),
    trailChecks(blueprint, found),
    snapshotChecks(blueprint, found),
  ];
  return [...checkTemplate(blueprint), ...(await Promise.all(checks)).flat()];
}

async function ruleChecks({ rules }: Blueprint, found: Found): Promise<readonly Check[]> {
  const buses = [...new Set(rules.map(({ bus }) => bus))];
  const checks = buses.map((bus) =>
    checksOfBus(
      bus,
      rules.filter((one) => one.bus === bus),
      found,
    ),
  );
  return (await Promise.all(checks)).flat();
}

async function checksOfBus(
  bus: string | undefined,
  planned: readonly PlannedRule[],
  { ask, signal }: Found,
): Promise<readonly Check[]> {
  const names = planned.flatMap(({ name }) => name ?? []);
  const [rules, targets] = await Promise.all([
    ask.rules(commonStart(names), bus, signal),
    Promise.all(names.map(async (name) => [name, await ask.targets(name, bus, signal)] as const)),
  ]);
  return planned.flatMap((one) => checkRule(one, { rules, targets: new Map(targets) }));
}

/** What all of them begin with. */
function commonStart([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  while (!others.every((one) => one.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}

async function sourceChecks(blueprint: Blueprint, { ask, signal }: Found): Promise<readonly Check[]> {
  const checks = blueprint.sources.map(async (planned) =>
    checkSource(planned, blueprint, await ask.sources(planned.queue, signal)),
  );
  return (await Promise.all(checks)).flat();
}

async function queueChecks({ queues, rules }: Blueprint, found: Found): Promise<readonly Check[]> {
  const checks = queues.map(async (planned) => {
    const answer = (await found.queues.get(planned.id)) ?? { kind: 'gone' };
    return checkQueue(planned, rules, answer, parsePolicy);
  });
  return (await Promise.all(checks)).flat();
}

async function permissionChecks(
  { functions }: Blueprint,
  { ask, signal, ...found }: Found,
): Promise<readonly Check[]> {
  const checks = FUNCTION_NAMES.map(async (short) => {
    const settings = await found.functions.get(short);
    const needs = functions.find(({ id }) => id === FUNCTIONS[short])?.needs ?? [];
    if (settings?.kind === 'unanswered') return [notShown(`permissions of ${short}`, settings)];
    // That the function is gone is told by itself.
    if (settings?.kind !== 'shown' || needs.length === 0) return [];
    const { role } = settings.value;
    return checkPermissions(
      short,
      role.replace(/^.*:role\//, 'role '),
      needs,
      await ask.permissions(role, needs, signal),
      parsePolicy,
    );
  });
  return (await Promise.all(checks)).flat();
}

async function trailChecks(blueprint: Blueprint, { ask, region, signal }: Found): Promise<readonly Check[]> {
  return checkTrail(trailRules(blueprint).length === 0 ? undefined : await ask.trails(region, signal));
}

async function snapshotChecks(
  { bucket }: Blueprint,
  { ask, clock, signal }: Found,
): Promise<readonly Check[]> {
  const words = { now: clock.now(), age: span };
  if (bucket === undefined) return checkSnapshot(undefined, words);
  if (bucket.name === undefined)
    return [wrong('snapshot', 'bucket-gone', 'the stack has no bucket for it', RESTORE)];
  return checkSnapshot({ bucket: bucket.name, fact: await ask.snapshot(bucket.name, signal) }, words);
}
