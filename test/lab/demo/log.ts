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

/** A reason code, and whether the service waits, which means that the reason will pass. */
export type Reason = { readonly code: string; readonly waits: boolean };

/** The file with the output of the functions, and what the demo reads from it. */
export type FunctionLog = {
  readonly file: string;
  readonly write: (line: string, functionName: string) => void;
  /** Why a service is left alone or has to wait: the first reason that a function logged. */
  readonly reasonFor: (serviceArn: string) => Reason | undefined;
  close(): Promise<void>;
};

/** Writes a new file in the folder for temporary files. `onRecord` receives each structured record. */
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

/** Undefined for metrics and other output, which are not records. */
function recordIn(line: string): LogRecord | undefined {
  try {
    return z.safeParse(LogRecord, JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
