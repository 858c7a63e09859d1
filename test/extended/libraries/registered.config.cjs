// pm2 starts listening.cjs under seccomp/register, in the mode of the variable MODE.
module.exports = {
  apps: [
    {
      name: 'listening',
      script: './listening.cjs',
      exec_mode: process.env.MODE,
      instances: 2,
      node_args: ['--require', require.resolve('seccomp/register')],
      env: { SECCOMP_PROFILE: process.env.PROFILE },
      stop_exit_codes: [125],
    },
  ],
};
