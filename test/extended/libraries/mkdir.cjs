/** A pool's task: the error of mkdir(2). */
const { mkdirSync } = require('node:fs');

module.exports = () => {
  try {
    mkdirSync('/nowhere/x');
    return 0;
  } catch (error) {
    return error.errno;
  }
};
