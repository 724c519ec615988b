/** An answer that tells what is wrong with a request. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: 400 | 404 | 405 | 406 | 413 | 415 | 426 | 500 | 503;
  readonly code: string;

  constructor(status: HttpError['status'], code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The body of an error. */
export const errorBody = (code: string, message: string): string =>
  `${JSON.stringify({ error: { code, message } })}\n`;
