{
  "includes": ["sources.gypi"],
  "targets": [
    {
      "target_name": "seccomp",
      "sources": ["<@(native_sources)"],
      # In the package, all but this file is in an archive, with the headers of node-addon-api. A checkout has no archive,
      # and those headers in node_modules.
      "include_dirs": [
        ".",
        "<!(node -p \"fs.existsSync('sources.tar.gz') ? (child_process.execFileSync('tar', ['-xzf', 'sources.tar.gz']), 'node-addon-api') : require('node-addon-api').include_dir\")"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # Without this, node-addon-api ends the process if an error cannot be thrown since a worker is being terminated.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "SECCOMP_VERSION=\"<!(node -p \"require('../package.json').version\")\""
      ],
      "cflags_cc": ["-std=c++17", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-exceptions"],
      # nodelete: threads of the addon run until the process ends, but Node unloads the addon with the last worker that
      # loaded it.
      # now: resolves symbols at load time. A child would otherwise run the dynamic linker, which takes locks and saves
      # registers, which may hold the gate value, on the stack.
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,now"]
    },
    {
      "target_name": "seccomp-launch",
      "type": "executable",
      "product_extension": "",
      "sources": ["<@(launcher_sources)"],
      "include_dirs": ["."],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "<@(launcher_flags)"],
      "ldflags": ["<@(launcher_link_flags)"],
      "libraries": ["-lgcc"],
      # Debian's node-gyp links all targets with libnode, which is not static.
      "libraries!": ["-lnode"]
    }
  ]
}
