/*
 * paths outside DIRECTORY UID COMMAND [ARGUMENT]...  Makes files in DIRECTORY for this user and runs the command, whose
 *     parent it is; outsider.h.
 * paths attack DIRECTORY PID  Tries to get at what is outside of DIRECTORY/read, which may be read, and
 *     DIRECTORY/write, which may be written. PID is the process outside. Standard input is DIRECTORY/read/file.
 *     Prints a line for each way: its name, and 0 if it succeeded, else the errno. What begins with `granted:` is no
 *     attack and must succeed. What begins with `metadata:` or `code:` is open, as the documentation says. What begins
 *     with `beside:` is no attack either; whether it succeeds depends on the version of Landlock.
 * paths  Does nothing: a program to execute.
 */
#define _GNU_SOURCE
#include "outsider.h"
#include "system.h"

static const struct {
  const char* name;
  long (*attempt)(void);
} ways[] = {
    {"read a file", read_secret},
    {"read a file by its absolute path", read_absolute},
    {"read a file by ..", by_parents},
    {"read a file by openat2", by_openat2},
    {"read a file by a link of its own", by_own_link},
    {"list a directory", list_outside},
    {"write a file", write_secret},
    {"append to a file", append_secret},
    {"create a file", create_outside},
    {"create a file by a link of its own", by_own_directory_link},
    {"create a file without a name", temporary_outside},
    {"remove a file", remove_outside},
    {"remove a directory", remove_directory},
    {"make a directory", make_directory_outside},
    {"make a symbolic link", link_symbolically},
    {"make a pipe", make_pipe},
    {"write a readable file", write_readable},
    {"create a file in a readable directory", create_in_readable},
    {"remove a readable file", remove_readable},
    {"link a file from outside", link_from_outside},
    {"link a file to the outside", link_to_outside},
    {"link a readable file to write it", link_readable},
    {"link a descriptor of O_PATH", link_descriptor},
    {"link a received descriptor", link_received},
    {"link an empty path", link_empty_path},
    {"rename a file from outside", rename_from_outside},
    {"rename a file to the outside", rename_to_outside},
    {"rename a directory from outside", rename_directory_in},
    {"rename a directory to the outside", rename_directory_out},
    {"rename a file outside", rename_outside},
    {"rename a readable file to write it", rename_readable},
    {"rename a readable file", rename_in_readable},
    {"rename over a readable file", rename_over_readable},
    {"exchange a file with one outside", exchange_with_outside},
    {"exchange a file outside with its own", exchange_from_outside},
    {"exchange directories", exchange_directories},
    {"exchange a file with a directory outside", exchange_with_directory},
    {"exchange a readable file with its own", exchange_readable},
    {"exchange the granted directory with one outside", exchange_granted},
    {"rename the granted directory", rename_granted},
    {"/proc/self/root", by_own_root},
    {"/proc/self/cwd", by_own_cwd},
    {"another working directory", by_changed_directory},
    {"/proc/self/fd of an O_PATH descriptor", by_own_path_descriptor},
    {"beneath an O_PATH descriptor", by_own_directory_descriptor},
    {"/proc/thread-self/fd", by_thread_descriptor},
    {"/proc/PID/root", by_root_of_other},
    {"/proc/PID/cwd", by_cwd_of_other},
    {"/proc/PID/cwd to write", write_by_cwd_of_other},
    {"/proc/PID/exe", program_of_other},
    {"/proc/PID/fd", read_descriptor_of_other},
    {"beneath a received directory", received_directory},
    {"beneath a received O_PATH directory", received_path},
    {"reopen a received O_PATH file", received_file_path},
    {"a received directory as working directory", received_as_cwd},
    {"reopen a received file for writing", reopen_received},
    {"reopen an inherited file for writing by /dev/fd", reopen_inherited},
    {"reopen an inherited file for writing by /dev/stdin", reopen_stdin},
    {"reopen a received file for reading", reopen_to_read},
    {"create in a received directory", create_in_received},
    {"remove in a received directory", remove_in_received},
    {"rename from a received directory", move_from_received},
    {"link from a received directory", link_from_received},
    {"beneath a directory moved outside while open", moved_by_other},
    {"create in a directory moved outside while open", create_in_moved},
    {".. of a working directory moved outside", leave_moved},
    {"truncate outside", truncate_outside},
    {"truncate a readable file", truncate_readable},
    {"truncate by opening for reading", truncate_to_read},
    {"truncate by opening with mode 3", truncate_with_mode_3},
    {"truncate by creat", truncate_with_creat},
    {"truncate by openat2", truncate_with_openat2},
    {"truncate a received file", truncate_received},
    {"connect a stream socket", connect_stream},
    {"connect a socket of packets", connect_packets},
    {"connect a datagram socket", connect_datagrams},
    {"sendto a socket", sendto_socket},
    {"sendmsg to a socket", sendmsg_socket},
    {"sendmmsg to a socket", sendmmsg_socket},
    {"reconnect a datagram socket of a pair", reconnect_pair},
    {"sendto from a pair", sendto_from_pair},
    {"sendmsg from a raw pair", sendmsg_from_pair},
    {"connect a socket in the working directory", connect_from_cwd},
    {"connect a socket by a link of its own", connect_by_own_link},
    {"connect a socket by an O_PATH descriptor", connect_by_descriptor},
    {"reconnect an inherited stream socket", reconnect_inherited},
    {"bind a socket outside", bind_outside},
    {"connect an abstract socket", connect_abstract},
    {"read by io_uring", read_by_ring},
    {"create by io_uring", create_by_ring},
    {"truncate by io_uring", truncate_by_ring},
    {"rename by io_uring", rename_by_ring},
    {"link by io_uring", link_by_ring},
    {"connect by io_uring", connect_by_ring},
    {"bind-mount a directory", mount_over},
    {"bind-mount in a mount namespace", mount_in_namespace},
    {"mount a tmpfs", mount_memory},
    {"bind-mount /proc", mount_proc},
    {"pivot_root", pivot},
    {"chroot", change_root},
    {"chroot by a descriptor", change_root_by_descriptor},
    {"read in a tree of open_tree", read_in_tree},
    {"create in a tree of open_tree", create_in_tree},
    {"move_mount a tree", move_tree},
    {"fsopen and fsmount", use_new_filesystem},
    {"copy a link outside by overlayfs", copy_link_up},
    {"copy a directory outside by overlayfs", copy_directory_up},
    {"type into a terminal", type_command},
    {"open_by_handle_at", open_by_handle},
    {"fanotify", open_by_notification},
    {"ptrace", trace},
    {"/proc/PID/mem", open_memory},
    {"pidfd_getfd", take_descriptor},
    {"core_pattern", set_core_pattern},
    {"modprobe", set_module_loader},
    {"/proc/sys/vm", set_system},
    {"sysrq-trigger", request_system},
    {"oom_score_adj of another", adjust_other},
    {"oom_score_adj", adjust_itself},
    {"autogroup of another", group_other},
    {"coredump_filter of another", filter_dumps_of_other},
    {"/proc/self/environ", read_environment},
    {"list processes", list_processes},
    {"cgroup.procs", enter_cgroup},
    {"cgroup.kill", kill_cgroup},
    {"make a character device", make_device},
    {"make a block device", make_disk},
    {"make a device outside", make_device_outside},
    {"read a device", open_memory_device},
    {"open a message queue", open_queue},
    {"execute a readable file", execute_readable},
    {"execute a file outside", execute_outside},
    {"execute an O_PATH descriptor", execute_path_descriptor},
    {"execute a descriptor", execute_descriptor},
    {"execute a copy in the writable directory", execute_copy},
    {"dump core outside", dump_core},
    {"metadata: chmod", change_mode},
    {"metadata: setxattr", set_attribute},
    {"metadata: utimensat", set_times},
    {"metadata: access", find_out},
    {"metadata: inotify", watch},
    {"code: execute a memfd", execute_memory},
    {"granted: read a file", read_readable},
    {"granted: list a directory", list_readable},
    {"granted: write a file", write_writable},
    {"granted: read a received file", read_received},
    {"granted: read an inherited file", read_inherited},
    {"beside: rename between directories", rename_writable},
    {"beside: link between directories", link_writable},
    {"beside: truncate", truncate_writable},
    {"beside: truncate by opening for reading", truncate_writable_to_read},
    {"beside: open with mode 3", open_writable_with_mode_3},
    {"beside: read by openat2", read_by_openat2},
    {"beside: connect a socket of its own", connect_own},
    {"beside: use io_uring", use_ring},
    {"beside: ioctl of a readable device", control_device},
};

/* Each way is tried in a process of its own, with new files. */
static void attempt_all(void) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    int status;
    ask(RESET);
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
      long result = ways[i].attempt();
      printf("%s: %d\n", ways[i].name, result < 0 ? errno : 0);
      exit(0);
    }
    must(waitpid(child, &status, 0) == child && status == 0, ways[i].name);
  }
}

int main(int count, char** arguments) {
  if (count < 4) return 0;
  const char* directory = arguments[2];
  must(chdir(directory) == 0, directory);
  if (strcmp(arguments[1], "outside") == 0) {
    owner = (uid_t)atoi(arguments[3]);
    return be_outside(arguments + 4);
  }
  outsider = atoi(arguments[3]);
  snprintf(secret, sizeof secret, "%s/outside/secret", directory);
  snprintf(outside, sizeof outside, "%s/outside", directory);
  attempt_all();
  return 0;
}
