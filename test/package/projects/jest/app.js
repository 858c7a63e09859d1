/** An app that runs programs without network. */
const seccomp = require('seccomp');

const profile = seccomp.extend('docker-default').deny('socket', { errno: 'EACCES' });

exports.runOffline = (command, args, options) => seccomp.run(command, args, profile, options);
exports.startOffline = (command, args) => seccomp.spawn(command, args, profile);
exports.profile = profile;
exports.seccomp = seccomp;
