/** Bodies as they leave: with a tag to ask again by, compressed where that is understood. */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { sha256Hex } from '../../crypto/hash.ts';

/** Shorter bodies gain nothing. */
const LEAST_GZIP_BYTES = 1_400;

const compress = promisify(gzip);

/** What a body depends on besides itself. */
export interface ReplyOptions {
  readonly request: Request;
  readonly status?: number;
  readonly type?: string;
  /** Whether the answer has a tag, so that asking again may cost nothing. */
  readonly isTagged?: boolean;
}

/** Answers with a text. */
export async function reply(text: string, options: ReplyOptions): Promise<Response> {
  const { request, status = 200, type = 'application/json', isTagged = false } = options;
  const headers = new Headers({
    'content-type': type,
    'cache-control': isTagged ? 'no-cache' : 'no-store',
    vary: 'accept, accept-encoding',
    'x-content-type-options': 'nosniff',
  });
  const bytes = Buffer.from(text);
  if (isTagged) {
    // Weak: the same whether compressed or not.
    const tag = `W/"${sha256Hex(bytes).slice(0, 32)}"`;
    headers.set('etag', tag);
    if (matches(request.headers.get('if-none-match'), tag)) {
      return new Response(null, { status: 304, headers });
    }
  }
  if (bytes.length < LEAST_GZIP_BYTES || !takesGzip(request.headers.get('accept-encoding'))) {
    return new Response(bytes, { status, headers });
  }
  headers.set('content-encoding', 'gzip');
  const packed = await compress(bytes, { level: constants.Z_BEST_SPEED });
  return new Response(packed, { status, headers });
}

function matches(asked: string | null, tag: string): boolean {
  if (asked === null) return false;
  const bare = tag.slice(2);
  return asked.split(',').some((one) => {
    const text = one.trim();
    return text === '*' || text === tag || text === bare;
  });
}

/** @source RFC 9110, 12.5.3 */
function takesGzip(accepted: string | null): boolean {
  if (accepted === null) return false;
  for (const part of accepted.toLowerCase().split(',')) {
    const [name = '', ...rest] = part.split(';').map((text) => text.trim());
    if (name !== 'gzip' && name !== '*') continue;
    return !rest.some((text) => /^q=0(\.0*)?$/.test(text));
  }
  return false;
}
