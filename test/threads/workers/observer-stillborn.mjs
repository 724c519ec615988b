// An observer's thread that dies as soon as it is there.
throw new Error('born dead');
