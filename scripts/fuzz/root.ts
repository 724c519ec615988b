import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const inDist = here.indexOf('/dist/');

/** Root of the repository, from the sources as well as from what they were compiled to. */
export const ROOT = inDist < 0 ? join(here, '../..') : here.slice(0, inDist);
