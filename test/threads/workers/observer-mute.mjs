// An observer's thread that lives and never says a word.
setInterval(() => {}, 1_000);
