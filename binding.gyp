{
  "includes": ["native/sources.gypi"],
  "targets": [
    {
      "target_name": "seccomp",
      "sources": ["<@(native_sources)"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # A worker that is terminated inside a call can't be thrown at any more, which is no reason to end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "SECCOMP_VERSION=\"<!(node -p \"require('./package.json').version\")\""
      ],
      "cflags_cc": ["-std=c++17", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-exceptions"],
      # nodelete: threads of the addon run until the process ends, also when Node closes it with the last worker that had it.
      # now: a child calls functions of libc and never the dynamic linker, which would save registers on its stack.
      "ldflags": ["-Wl,-z,nodelete", "-Wl,-z,now"]
    },
    {
      "target_name": "seccomp-launch",
      "type": "executable",
      "product_extension": "",
      "sources": ["native/launcher/main.cc", "native/child/ruleset.cc"],
      "include_dirs": ["native"],
      "cflags_cc": ["-std=c++17", "-O2", "-Wall", "-Wextra", "-fno-exceptions"]
    }
  ]
}
