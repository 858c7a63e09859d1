{
  "variables": {
    "native_sources": [
      "native/addon.cc",
      "native/child.cc",
      "native/execve.cc",
      "native/exit_watch.cc",
      "native/filter.cc",
      "native/launch.cc",
      "native/request.cc",
      "native/spawn.cc",
      "native/spawn_sync.cc"
    ]
  }
}
