/**
 * What a value of a container's `environment` names, if the whole value is the ARN of a secret or a parameter (with or
 * without the fields that ECS allows behind it) or the name of a secret that an AWS service manages: the ARN without
 * fields, or the name. An application that holds one reads the resource by itself. Every other value gives
 * undefined and is kept nowhere; a part of a value is never looked at.
 */
export function namedIn(value: string): string | undefined {
  if (value.length > LONGEST) return undefined;
  return SECRET.exec(value)?.[1] ?? PARAMETER.exec(value)?.[1] ?? MANAGED.exec(value)?.[0];
}

/** A container, and the ARN or the name in its environment. `container` is null where it is not known. */
export type Mention = { readonly container: string | null; readonly names: string };

const LONGEST = 2_048;
const SECRET =
  /^(arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:[\w/+=.@!-]{1,520})(?::[^:]*:[^:]*:[^:]*)?$/;
const PARAMETER =
  /^(arn:aws[a-z-]{0,20}:ssm:[a-z0-9-]{1,30}:\d{12}:parameter\/[\w./-]{1,1100})(?::[\w.-]{1,100})?$/;
/**
 * The services that manage secrets in a customer's account put their name and `!` before the secret's name
 * (functions/README.md, References). Any other text with `!` may be a password.
 */
const MANAGED =
  /^(?:appflow|aws-datasync|bedrock-agentcore-identity|databrew|directconnect|ds|ecs-sc|elementallive|events|marketplace-deployment|opsworks-cm|pca-connector-scep|rds|redshift|s2svpn|sqlworkbench)![\w/+=.@-]{1,500}$/;
