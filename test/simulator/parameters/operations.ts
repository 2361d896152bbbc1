import { type Aws, type Operations, seconds } from '../aws.ts';
import { AwsError } from '../errors.ts';
import { emitParameterChange } from '../events/native.ts';
import { flag, type Input, number, records, requiredText, text, texts } from '../input.ts';
import { page } from '../paging.ts';
import { checkedTags } from '../tags.ts';
import {
  findParameter,
  keyOf,
  type ParameterState,
  type ParameterView,
  parameterAt,
  writeParameter,
} from './state.ts';

/** Systems Manager's Parameter Store: reads of metadata, and the operations with which a test sets it up. */
export const SSM: Operations = {
  DescribeParameters: (aws, input, { at }) => {
    const filters = records(input, 'ParameterFilters').map(parameterFilter);
    const { items, nextToken } = page(candidates(aws, filters), {
      scope: `parameters ${JSON.stringify(filters)}`,
      token: text(input, 'NextToken'),
      size: number(input, 'MaxResults'),
      defaultSize: 10,
      maxSize: 50,
      sizeName: 'maxResults',
      invalidSize: 'ValidationException',
      invalidToken: 'InvalidNextToken',
    });
    const found = items.flatMap((state) => {
      const view = parameterAt(state, at);
      return view !== undefined && filters.every((filter) => passes(state, view, filter))
        ? [described(state, view)]
        : [];
    });
    return { Parameters: found, NextToken: nextToken };
  },

  ListTagsForResource: (aws, input) => {
    if (requiredText(input, 'ResourceType') !== 'Parameter') throw new AwsError('InvalidResourceType', '');
    const { view } = need(aws, requiredText(input, 'ResourceId'), 'InvalidResourceId');
    return { TagList: Object.entries(view.tags).map(([Key, Value]) => ({ Key, Value })) };
  },

  PutParameter: (aws, input, { at }) => {
    const name = requiredText(input, 'Name');
    requiredText(input, 'Value');
    if (/^\/?(?:aws|ssm)/i.test(name)) {
      throw new AwsError(
        'ValidationException',
        'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
      );
    }
    const existing = findParameter(aws.parameters, name)?.view;
    if (existing !== undefined && flag(input, 'Overwrite') !== true) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const view: ParameterView = {
      at,
      version: (existing?.version ?? 0) + 1,
      type: text(input, 'Type') ?? existing?.type ?? 'String',
      description: text(input, 'Description') ?? existing?.description,
      tags: { ...existing?.tags, ...tagsIn(input) },
      labels: existing?.labels ?? {},
      modifiedAt: at,
      deleted: false,
    };
    const state = writeParameter(aws.parameters, aws.place, name, view);
    const operation = existing === undefined ? 'Create' : 'Update';
    emitParameterChange(aws, state, { operation, type: view.type, description: view.description }, at);
    return { Version: view.version, Tier: 'Standard' };
  },

  DeleteParameter: (aws, input, { at }) => {
    const { state, view } = need(aws, requiredText(input, 'Name'), 'ParameterNotFound');
    state.history.push({ ...view, at, deleted: true });
    emitParameterChange(aws, state, { operation: 'Delete', type: view.type }, at);
    return {};
  },

  LabelParameterVersion: (aws, input, { at }) => {
    const { state, view } = need(aws, requiredText(input, 'Name'), 'ParameterNotFound');
    const version = number(input, 'ParameterVersion') ?? view.version;
    if (version > view.version) throw new AwsError('ParameterVersionNotFound', '');
    const labels = Object.fromEntries(texts(input, 'Labels').map((label) => [label, version]));
    state.history.push({ ...view, at, labels: { ...view.labels, ...labels } });
    emitParameterChange(aws, state, { operation: 'LabelParameterVersion', type: view.type }, at);
    return { InvalidLabels: [], ParameterVersion: version };
  },

  AddTagsToResource: (aws, input, { at }) => {
    const { state, view } = need(aws, requiredText(input, 'ResourceId'), 'InvalidResourceId');
    state.history.push({ ...view, at, tags: { ...view.tags, ...tagsIn(input) } });
    return {};
  },
};

interface ParameterFilter {
  readonly key: 'Name' | 'Type';
  readonly option: 'Equals' | 'BeginsWith' | 'Contains';
  readonly values: readonly string[];
}

const MOST_VALUES = 50;

/** One ParameterStringFilter, with the limits of its API reference. */
function parameterFilter(filter: Input): ParameterFilter {
  const key = requiredText(filter, 'Key');
  if (key !== 'Name' && key !== 'Type') {
    throw new AwsError('InvalidFilterKey', `The simulator has no parameter filter ${key}.`);
  }
  const option = text(filter, 'Option') ?? 'Equals';
  const isOption =
    option === 'Equals' || option === 'BeginsWith' || (option === 'Contains' && key === 'Name');
  if (!isOption) throw new AwsError('InvalidFilterOption', `Option ${option} is not valid for ${key}.`);
  const values = texts(filter, 'Values');
  if (values.length > MOST_VALUES) {
    throw new AwsError(
      'ValidationException',
      `Value at 'parameterFilters.1.member.values' failed to satisfy constraint: Member must have length less than or equal to ${MOST_VALUES}`,
    );
  }
  if (values.length === 0) throw new AwsError('InvalidFilterValue', `The filter ${key} needs a value.`);
  return { key, option, values };
}

/**
 * The list that the pages are cut from. Exact names are looked up. Any other filter is applied to each page of all
 * parameters, so that a page can be short or empty though more pages follow.
 */
function candidates(aws: Aws, filters: readonly ParameterFilter[]): readonly ParameterState[] {
  const byName = filters.find(({ key, option }) => key === 'Name' && option === 'Equals');
  if (byName === undefined) return [...aws.parameters.byKey.values()];
  const keys = new Set(byName.values.map(keyOf));
  return [...keys].flatMap((key) => aws.parameters.byKey.get(key) ?? []);
}

function passes(
  state: ParameterState,
  view: ParameterView,
  { key, option, values }: ParameterFilter,
): boolean {
  const subject = key === 'Name' ? state.name : view.type;
  switch (option) {
    case 'Equals':
      return values.some((value) => value === subject || (key === 'Name' && keyOf(value) === keyOf(subject)));
    case 'BeginsWith':
      return values.some((value) => subject.startsWith(value));
    case 'Contains':
      return values.some((value) => subject.includes(value));
    default:
      return option satisfies never;
  }
}

function described(state: ParameterState, view: ParameterView) {
  return {
    Name: state.name,
    ARN: state.arn,
    Type: view.type,
    Description: view.description,
    LastModifiedDate: seconds(view.modifiedAt),
    Version: view.version,
    ...(view.type === 'SecureString' && { KeyId: view.keyId ?? 'alias/aws/ssm' }),
    Tier: view.tier ?? 'Standard',
    Policies: [],
    DataType: 'text',
  };
}

function need(aws: Aws, name: string, code: string) {
  const found = findParameter(aws.parameters, name);
  if (found === undefined) throw new AwsError(code, `Parameter ${name} not found.`);
  return found;
}

function tagsIn(input: Input): Readonly<Record<string, string>> {
  return checkedTags(
    Object.fromEntries(
      records(input, 'Tags').map((tag) => [requiredText(tag, 'Key'), text(tag, 'Value') ?? '']),
    ),
  );
}
