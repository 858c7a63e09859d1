{
  "variables": {
    "native_sources": [
      "native/addon.cc",
      "native/answers.cc",
      "native/caller.cc",
      "native/child.cc",
      "native/connect.cc",
      "native/execve.cc",
      "native/exit_watch.cc",
      "native/filter.cc",
      "native/inbox.cc",
      "native/kinds.cc",
      "native/launch.cc",
      "native/listener.cc",
      "native/local_socket.cc",
      "native/probe.cc",
    "native/properties.cc",
      "native/request.cc",
      "native/sockets.cc",
      "native/spawn.cc",
      "native/spawn_sync.cc",
      "native/supervise.cc",
      "native/supervisor.cc"
    ]
  }
}
