// Does nothing until it is ended.
setInterval(() => {}, 60_000);
