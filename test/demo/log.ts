import { createWriteStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { z } from 'zod/mini';

const LogRecord = z.object({
  event: z.string(),
  functionName: z.optional(z.string()),
  changeId: z.optional(z.string()),
  arn: z.optional(z.string()),
  source: z.optional(z.string()),
  service: z.optional(z.string()),
  reason: z.optional(z.string()),
  redeploy: z.optional(z.number()),
  wait: z.optional(z.number()),
  skip: z.optional(z.number()),
  wave: z.optional(z.number()),
  redeployed: z.optional(z.number()),
  fresh: z.optional(z.number()),
  left: z.optional(z.number()),
  exposureSeconds: z.optional(z.number()),
});
export type LogRecord = z.infer<typeof LogRecord>;

/** A reason code, and whether it is one to wait for: then it will be over. */
export type Reason = { readonly code: string; readonly waits: boolean };

/** Where the functions' own output goes, and what the demo learns from it. */
export type FunctionLog = {
  readonly file: string;
  readonly write: (line: string, functionName: string) => void;
  /** Why a service was left alone or has to wait, as the function first said it. */
  readonly reasonFor: (serviceArn: string) => Reason | undefined;
  close(): Promise<void>;
};

/** Writes a new file in the folder for temporary files; `onRecord` hears each structured record. */
export function openLog(
  onRecord: (record: LogRecord) => void,
  onLine: (line: string, functionName: string) => void = () => {},
): FunctionLog {
  const file = join(mkdtempSync(join(tmpdir(), 'ecs-secret-redeploy-demo-')), 'functions.log');
  const stream = createWriteStream(file);
  const reasons = new Map<string, Reason>();
  return {
    file,
    write(line, functionName) {
      stream.write(`${line}\n`);
      onLine(line, functionName);
      const record = recordIn(line);
      if (record === undefined) return;
      const { event, service, reason } = record;
      if (service !== undefined && reason !== undefined && !reasons.has(service))
        reasons.set(service, { code: reason, waits: event === 'service.waiting' });
      onRecord(record);
    },
    reasonFor: (serviceArn) => reasons.get(serviceArn),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

/** Metrics and other output are no records. */
function recordIn(line: string): LogRecord | undefined {
  try {
    return z.safeParse(LogRecord, JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
