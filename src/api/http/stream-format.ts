/** Lines of a stream as bytes, in each of the forms that they are asked for. */

/** How a stream is written. */
export type StreamFormat = 'ndjson' | 'events' | 'websocket';

/** An object of a stream as JSON, with the number of the change that it goes up to. */
export interface StreamLine {
  readonly seq: number;
  readonly json: string;
}

/** Bytes of lines: NDJSON, Server-Sent Events, or the payload of one WebSocket message. */
export function formatLines(format: StreamFormat, lines: readonly StreamLine[]): Buffer {
  if (format === 'ndjson') return Buffer.from(`${lines.map(({ json }) => json).join('\n')}\n`);
  if (format === 'websocket') return Buffer.from(`[${lines.map(({ json }) => json).join(',')}]`);
  return Buffer.from(lines.map(({ seq, json }) => `id: ${seq}\ndata: ${json}\n\n`).join(''));
}

/**
 * The same for one large object whose middle is shared by many streams.
 *
 * @param head and tail: the JSON around it
 */
export function formatAround(
  format: StreamFormat,
  seq: number,
  head: string,
  middle: Buffer,
  tail: string,
): readonly Buffer[] {
  const [before, after] = AROUND[format];
  const first = before === '' ? '' : before.replace('SEQ', String(seq));
  return [Buffer.from(first + head), middle, Buffer.from(tail + after)];
}

const AROUND: Readonly<Record<StreamFormat, readonly [string, string]>> = {
  ndjson: ['', '\n'],
  events: ['id: SEQ\ndata: ', '\n\n'],
  websocket: ['[', ']'],
};
