/**
 * The answer of an operation whose protocol is HTTP itself (S3): a status, headers and bytes instead of a JSON body.
 */
export class RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: Buffer = Buffer.alloc(0)) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
