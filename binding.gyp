# For a checkout. The package has native/ alone, since npm would run node-gyp if there were a binding.gyp at its root.
{
  "targets": [
    {
      "target_name": "checkout",
      "type": "none",
      "dependencies": ["native/binding.gyp:seccomp", "native/binding.gyp:seccomp-launch"]
    }
  ]
}
