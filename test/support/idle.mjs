// Does nothing until it is killed.
setInterval(() => {}, 60_000);
