/** The mounts in the text of /proc/PID/mountinfo: proc_pid_mountinfo(5). */

/** A mount. */
export interface Mount {
  /** The directory of the file system that is mounted. */
  readonly root: string;
  /** Where it is mounted. */
  readonly point: string;
  /** The type of the file system, such as `cgroup2`. */
  readonly type: string;
  /** Its options, with commas between them. */
  readonly options: string;
}

/** Returns the mounts. Of several at one place, the last one is visible. */
export function mountsIn(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    return root === undefined || point === undefined
      ? []
      : [{ root: unescaped(root), point: unescaped(point), type, options }];
  });
}

/** Spaces and some other characters are octal numbers in mountinfo. */
const unescaped = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
