import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

/**
 * One JSON line per record. Powertools reserves the field `service` for the name of the function's own service, but in
 * our records it is an ECS service. So a record is passed under `record`, and its fields are moved to the top level
 * here. A long list comes last: Logs Insights finds 200 fields of a line, in their order.
 */
export class RecordFormat extends LogFormatter {
  override formatAttributes(base: UnformattedAttributes, more: LogAttributes): LogItem {
    const { record, ...others } = more;
    const attributes = {
      level: base.logLevel,
      timestamp: this.formatTimestamp(base.timestamp),
      message: base.message,
      functionName: base.lambdaContext?.functionName,
      requestId: base.lambdaContext?.awsRequestId,
      coldStart: base.lambdaContext?.coldStart,
      ...others,
      ...(typeof record === 'object' ? record : {}),
    };
    const ordered = Object.entries(attributes)
      .map((entry) => ({ entry, fields: fieldsIn(entry[1]) }))
      .sort((a, b) => a.fields - b.fields);
    return new LogItem({ attributes: Object.fromEntries(ordered.map(({ entry }) => entry)) });
  }
}

function fieldsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + fieldsIn(inner), 0);
}
