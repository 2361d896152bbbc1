/**
 * A second implementation of the matching rules (functions/README.md, References), the other way round: it does not
 * parse the reference. It writes down every text that names the changed resource and checks whether the reference is
 * one of these texts. It shares no code with functions/.
 */
export type Written = {
  readonly place: string;
  readonly valueFrom: string;
  /** Where the task definition that holds the reference is; a bare name points to a resource there. */
  readonly home: { readonly partition: string; readonly region: string; readonly account: string };
};
export type Changed = { readonly kind: string; readonly arn: string; readonly label?: string };
export type Expected = { readonly form: string; readonly effect: string };

/** The form of the reference and its effect for the change; undefined if the reference names something else. */
export function expectedOf(written: Written, changed: Changed, pull: string): Expected | undefined {
  const found = changed.kind === 'secret' ? ofSecret(written, changed) : ofParameter(written, changed);
  if (found === undefined) return undefined;
  const { form, pinned, label } = found;
  if (written.place === 'pull' && pull === 'ignore') return { form, effect: 'pull-only' };
  if (pinned) return { form, effect: 'pinned' };
  const follows = label === '' ? 'AWSCURRENT' : label;
  const moves =
    changed.kind === 'parameter' ||
    changed.label === undefined ||
    follows === changed.label ||
    (follows === 'AWSPREVIOUS' && changed.label === 'AWSCURRENT');
  return { form, effect: moves ? 'moves' : 'other-label' };
}

type Found = { readonly form: string; readonly pinned: boolean; readonly label: string };

function ofSecret(written: Written, { arn }: Changed): Found | undefined {
  const [, partition, , region, account, , nameAndSuffix = ''] = arn.split(':');
  const name = nameAndSuffix.slice(0, -7);
  if (written.place === 'credential-spec') return undefined;
  const through = `aws/reference/secretsmanager/${name}`;
  const isHere = isAt(written, arn);
  const selected =
    passes(written.valueFrom, `arn:${partition}:ssm:${region}:${account}:parameter/${through}`) ??
    (isHere && takesNames(written.place) ? passes(written.valueFrom, `/${through}`) : undefined);
  if (selected !== undefined) return { form: 'pass-through', label: '', pinned: selected };
  const isNamed = isHere && ['pull', 'also'].includes(written.place) && written.valueFrom === name;
  return isNamed ? { form: 'name', ...PLAIN } : byArnOf(arn, written.valueFrom);
}

const PLAIN = { pinned: false, label: '' };

function byArnOf(arn: string, valueFrom: string): Found | undefined {
  for (const [form, id] of [
    ['full-arn', arn],
    ['partial-arn', arn.slice(0, -7)],
  ] as const) {
    if (valueFrom === id) return { form, ...PLAIN };
    const fields = valueFrom.startsWith(`${id}:`) ? valueFrom.slice(id.length + 1).split(':') : [];
    if (fields.length === 3) return { form, label: fields[1] ?? '', pinned: fields[2] !== '' };
  }
  return undefined;
}

function ofParameter(written: Written, { arn }: Changed): Found | undefined {
  const path = arn.slice(arn.indexOf(':parameter/') + ':parameter/'.length);
  if (path.startsWith('aws/reference/secretsmanager/')) return undefined;
  const { place, valueFrom } = written;
  const text =
    place === 'credential-spec' ? valueFrom.replace(/^credentialspec(domainless)?:/, '') : valueFrom;
  const byArn = passes(text, arn);
  if (byArn !== undefined) return { form: 'full-arn', pinned: byArn, label: '' };
  if (!isAt(written, arn) || !takesNames(place)) return undefined;
  const names = path.includes('/') ? [`/${path}`] : [`/${path}`, path];
  const byName = names.map((name) => passes(valueFrom, name)).find((one) => one !== undefined);
  return byName === undefined ? undefined : { form: 'name', pinned: byName, label: '' };
}

/** Whether a bare name in the reference points to the partition, account and Region of the ARN. */
function isAt({ home }: Written, arn: string): boolean {
  const [, partition, , region, account] = arn.split(':');
  return home.partition === partition && home.region === region && home.account === account;
}

/** Whether a bare name in this place may be the name of a parameter. */
function takesNames(place: string): boolean {
  return ['secrets', 'log', 'service-connect', 'also'].includes(place);
}

/** False if the text is exactly this name, true if a selector follows the name, undefined for another name. */
function passes(text: string, name: string): boolean | undefined {
  if (text === name) return false;
  return text.startsWith(`${name}:`) ? true : undefined;
}
