/** How a thread may end: it throws, exits, hangs, or has no memory left. */
export const WAYS = [
  () => {
    throw new Error('a bug');
  },
  () => process.exit(7),
  () => {
    for (;;);
  },
  () => {
    const hog = [];
    for (;;) hog.push(new Array(1e6).fill({}));
  },
];
