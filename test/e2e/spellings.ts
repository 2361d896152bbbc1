import type { Place } from '../support/events.ts';

/** Strings that ECS resolves to the secret. `versionId` is the id of an old version. */
export function waysToNameSecret(
  arn: string,
  name: string,
  place: Place,
  versionId: string,
): readonly string[] {
  const partial = arn.slice(0, -7);
  const { partition, region, account } = place;
  return [arn, partial]
    .flatMap((base) => [
      base,
      base,
      `${base}:::`,
      `${base}:password::`,
      `${base}::AWSCURRENT:`,
      `${base}:password:AWSCURRENT:`,
      `${base}::AWSPREVIOUS:`,
      `${base}:password:BLUE:`,
      `${base}::GREEN:`,
      `${base}:::${versionId}`,
      `${base}:password::${versionId}`,
    ])
    .concat(
      `/aws/reference/secretsmanager/${name}`,
      `arn:${partition}:ssm:${region}:${account}:parameter/aws/reference/secretsmanager/${name}`,
    );
}

/** Strings that resemble a reference to the secret but name something else, or nothing that a task can start with. */
export function looksLikeSecret(arn: string, name: string, place: Place): readonly string[] {
  const partial = arn.slice(0, -7);
  const base = partial.slice(0, -name.length);
  const { partition, region, account } = place;
  return [
    name,
    `${partial}-ZZZZZZ`,
    `${partial}-ZZZZZZ:password::`,
    `${base}${name}2-${arn.slice(-6)}`,
    `${base}${name}2`,
    `${base}${name.slice(0, -1)}`,
    `${base}${name.slice(0, -1)}-${arn.slice(-6)}`,
    `${base}${name}/more`,
    `${base}${name.toUpperCase()}x`,
    `${base}${swapCase(name)}-${arn.slice(-6)}`,
    `${base}other/${name}`,
    `${partial}-${swapCase(arn.slice(-6))}x`,
    `${arn}x`,
    `${arn}-${arn.slice(-6)}`,
    `${arn} `,
    ` ${arn}`,
    `${partial}-`,
    `${partial}*`,
    `${partial}-??????`,
    `${arn}:password`,
    `${arn}:password:AWSCURRENT`,
    `${arn}:password:AWSCURRENT::`,
    `${arn}:`,
    `${arn}::`,
    `${arn}::::`,
    arn.replace(`:${region}:`, ':xx-other-9:'),
    partial.replace(`:${region}:`, ':xx-other-9:'),
    arn.replace(`:${account}:`, ':999988887777:'),
    arn.replace(/^arn:[^:]*:/, partition === 'aws' ? 'arn:aws-cn:' : 'arn:aws:'),
    arn.replace(':secret:', ':Secret:'),
    `secret:${name}`,
    `/aws/reference/secretsmanager/${name}2`,
    `/aws/reference/secretsmanager/${name.slice(0, -1)}`,
    `/aws/reference/secretsmanager/${swapCase(name)}`,
    `/AWS/reference/secretsmanager/${name}`,
    `arn:${partition}:ssm:xx-other-9:${account}:parameter/aws/reference/secretsmanager/${name}`,
  ];
}

/** Strings that ECS resolves to the parameter, pinned ones included. */
export function waysToNameParameter(arn: string, name: string): readonly string[] {
  const bare = name.lastIndexOf('/') <= 0 ? [name.replace(/^\//, ''), `/${name.replace(/^\//, '')}`] : [name];
  return [...bare, ...bare, arn, arn, `${arn}:3`, `${bare[0]}:3`, `${arn}:blue`];
}

export function looksLikeParameter(
  arn: string,
  name: string,
  { partition, region, account }: Place,
): readonly string[] {
  return [
    `${name}2`,
    name.slice(0, -1),
    `${name}/more`,
    `${name}/`,
    swapCase(name),
    `/other${name.startsWith('/') ? '' : '/'}${name}`,
    `${arn}2`,
    `${arn}/more`,
    arn.slice(0, -1),
    arn.replace(`:${region}:`, ':xx-other-9:'),
    arn.replace(`:${account}:`, ':999988887777:'),
    arn.replace(/^arn:[^:]*:/, partition === 'aws' ? 'arn:aws-cn:' : 'arn:aws:'),
    arn.replace(':ssm:', ':secretsmanager:'),
    arn.replace(':parameter/', ':secret:'),
    `/aws/reference/secretsmanager${name.startsWith('/') ? '' : '/'}${name}`,
    `${name} `,
  ];
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (char) => (char < 'a' ? char.toLowerCase() : char.toUpperCase()));
}
