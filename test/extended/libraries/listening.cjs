/** A program for pm2: a server that says whether it is confined, and has a channel. */
require('node:http')
  .createServer()
  .listen(Number(process.env.PORT ?? 0), () => {
    const { unshare } = require('./task.cjs')();
    console.log(JSON.stringify({ unshare, channel: process.send !== undefined }));
  });
