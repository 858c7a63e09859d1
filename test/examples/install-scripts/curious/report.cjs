// An install script that tries to connect, looks for a token, and writes what it found.
const { connect } = require('node:net');
const { writeFileSync } = require('node:fs');

const report = (network) => writeFileSync('report.json', JSON.stringify({ network, token: process.env.NPM_TOKEN }));
const socket = connect(9, '127.0.0.1');
socket.on('connect', () => report('connected')).on('error', ({ code }) => report(code));
