import good from '../../../dist/workers/respond.js';
import { dying } from './dying.mjs';

export default dying(1, good, () => true);
