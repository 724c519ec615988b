/** Runs recorded cases, judged by validator code, through ours: `npm run vectors -- packets FILE…`. */
import { runVectors } from './vectors/program.ts';

process.exitCode = await runVectors(process.argv);
