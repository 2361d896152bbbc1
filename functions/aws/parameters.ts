import { DescribeParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { parseArn } from '../core/arn.ts';
import { parameterArn } from '../core/reference.ts';
import type { Parameters } from '../ports.ts';
import { readFailed } from './errors.ts';
import { pages } from './pages.ts';

/**
 * Metadata only. DescribeParameters has a quota of 3 a second (AWS-FACTS §6): it is asked for a person's request and not
 * for events, which tell all there is to know.
 */
export function makeParameters(client: SSMClient): Parameters {
  return {
    async describe(parameter, signal) {
      const name = nameOf(parameter);
      try {
        for await (const [found] of findByName(client, name, signal)) {
          if (found === undefined || isAnother(parameter, found.ARN)) continue;
          const home = parseArn(parameter);
          const arn = found.ARN ?? (home === undefined ? name : parameterArn(name, home));
          return { arn, changedAt: found.LastModifiedDate?.getTime() ?? 0 };
        }
        return undefined;
      } catch (error) {
        throw readFailed(`describe parameter ${parameter}`, error);
      }
    },
  };
}

function findByName(client: SSMClient, name: string, signal: AbortSignal) {
  // A root parameter answers to its name with and without the slash.
  const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values: [...spellings(name)] }];
  return pages(async (nextToken) => {
    const command = new DescribeParametersCommand({ ParameterFilters, NextToken: nextToken });
    const answer = await client.send(command, { abortSignal: signal });
    return { items: answer.Parameters, nextToken: answer.NextToken };
  });
}

/** Names are looked for in this account and Region: an ARN of another one does not mean the namesake here. */
function isAnother(asked: string, found: string | undefined): boolean {
  return parseArn(asked) !== undefined && found !== undefined && found !== asked;
}

/** An ARN leaves the leading slash out, which a nested name has (AWS-FACTS §4). */
function nameOf(parameter: string): string {
  const name = parseArn(parameter)?.resource.replace(/^parameter\//, '');
  if (name === undefined) return parameter;
  return name.includes('/') ? `/${name}` : name;
}

function spellings(name: string): readonly string[] {
  const bare = name.replace(/^\//, '');
  return bare.includes('/') ? [name] : [bare, `/${bare}`];
}
