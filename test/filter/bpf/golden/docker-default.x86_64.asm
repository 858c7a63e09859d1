  0: ld [4]                          ; ABI
  1: jeq  #0xc000003e, 79, 2         ; x86_64, x32
  2: jeq  #0x40000003, 4, 3          ; x86
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xe0, 6, 35               ; gettid
  6: jge  #0x15f, 24, 7              ; sched_setattr
  7: jge  #0x121, 15, 8              ; ioprio_set
  8: jge  #0x111, 12, 9              ; vserver
  9: jeq  #0xfb, 177, 10
 10: jeq  #0xfd, 177, 11             ; lookup_dcookie
 11: jeq  #0x108, 177, 178           ; clock_settime
 12: jge  #0x115, 13, 177            ; mq_open
 13: jge  #0x11b, 14, 178            ; kexec_load
 14: jeq  #0x11c, 178, 177           ; waitid
 15: jge  #0x150, 19, 16             ; perf_event_open
 16: jeq  #0x126, 177, 17            ; migrate_pages
 17: jeq  #0x136, 177, 18            ; unshare
 18: jeq  #0x13d, 177, 178           ; move_pages
 19: jge  #0x15d, 177, 20            ; kcmp
 20: jeq  #0x150, 177, 21            ; perf_event_open
 21: jeq  #0x152, 177, 22            ; fanotify_init
 22: jeq  #0x156, 177, 23            ; open_by_handle_at
 23: jeq  #0x15a, 177, 178           ; setns
 24: jge  #0x189, 29, 25             ; semget
 25: jge  #0x183, 177, 26
 26: jeq  #0x165, 177, 27            ; bpf
 27: jeq  #0x167, 128, 28            ; socket
 28: jeq  #0x176, 177, 178           ; userfaultfd
 29: jge  #0x1a9, 32, 30             ; io_uring_setup
 30: jeq  #0x194, 177, 31            ; clock_settime64
 31: jeq  #0x19f, 177, 178
 32: jge  #0x1bc, 33, 34             ; landlock_create_ruleset
 33: jge  #0x1d3, 160, 155           ; open_tree_attr
 34: jge  #0x1b2, 158, 177           ; pidfd_open
 35: jge  #0x6d, 36, 53              ; olduname
 36: jge  #0x8a, 37, 45              ; setfsuid
 37: jge  #0xbe, 38, 40              ; vfork
 38: jge  #0xde, 177, 39
 39: jeq  #0xd9, 177, 178            ; pivot_root
 40: jge  #0xa6, 42, 41              ; vm86
 41: jeq  #0x95, 177, 178            ; _sysctl
 42: jge  #0xbc, 177, 43             ; getpmsg
 43: jge  #0xaa, 178, 44             ; setresgid
 44: jeq  #0xa8, 178, 177            ; poll
 45: jge  #0x7f, 50, 46              ; create_module
 46: jge  #0x74, 48, 47              ; sysinfo
 47: jeq  #0x72, 178, 177            ; wait4
 48: jeq  #0x78, 133, 49             ; clone
 49: jeq  #0x79, 177, 178            ; setdomainname
 50: jge  #0x84, 51, 177             ; getpgid
 51: jge  #0x86, 52, 178             ; bdflush
 52: jeq  #0x88, 142, 177            ; personality
 53: jge  #0x36, 65, 54              ; ioctl
 54: jge  #0x1f, 55, 59              ; stty
 55: jge  #0x2c, 58, 56              ; prof
 56: jge  #0x24, 178, 57             ; sync
 57: jeq  #0x21, 178, 177            ; access
 58: jge  #0x33, 177, 173            ; acct
 59: jge  #0x11, 60, 178             ; break
 60: jge  #0x13, 61, 177             ; lseek
 61: jge  #0x15, 62, 178             ; mount
 62: jge  #0x17, 63, 177             ; setuid
 63: jeq  #0x19, 177, 64             ; stime
 64: jeq  #0x1c, 177, 178            ; oldfstat
 65: jge  #0x56, 66, 69              ; uselib
 66: jge  #0x5a, 67, 177             ; mmap
 67: jeq  #0x62, 177, 68             ; profil
 68: jeq  #0x65, 177, 132            ; ioperm
 69: jge  #0x46, 70, 74              ; setreuid
 70: jge  #0x48, 71, 178             ; sigsuspend
 71: jge  #0x4b, 72, 177             ; setrlimit
 72: jeq  #0x4f, 177, 73             ; settimeofday
 73: jeq  #0x54, 177, 178            ; oldlstat
 74: jge  #0x43, 177, 75             ; sigaction
 75: jge  #0x3f, 178, 76             ; dup2
 76: jge  #0x38, 77, 178             ; mpx
 77: jeq  #0x39, 178, 78             ; setpgid
 78: jeq  #0x3c, 178, 177            ; umask
 79: ld [0]                          ; number
 80: jge  #0xec, 81, 126             ; vserver
 81: jge  #0x150, 82, 163            ; uprobe
 82: jge  #0x1b2, 83, 152            ; pidfd_open
 83: jge  #0x1d3, 84, 154            ; open_tree_attr
 84: jge  #0x40000000, 85, 160       ; read
 85: jge  #0x400000d8, 86, 105       ; remap_file_pages
 86: jge  #0x40000136, 96, 87
 87: jge  #0x40000111, 91, 88
 88: jeq  #0x400000de, 177, 89
 89: jeq  #0x400000f4, 177, 90
 90: jeq  #0x400000f7, 177, 124
 91: jge  #0x40000127, 94, 92
 92: jge  #0x40000113, 93, 177       ; splice
 93: jeq  #0x40000116, 177, 124
 94: jge  #0x4000012c, 95, 177       ; fanotify_init
 95: jeq  #0x40000133, 177, 124
 96: jge  #0x400001d3, 97, 101       ; open_tree_attr
 97: jge  #0x40000200, 98, 177       ; rt_sigaction
 98: jge  #0x40000224, 124, 99
 99: jeq  #0x40000210, 177, 100      ; kexec_load
100: jeq  #0x40000215, 177, 178      ; move_pages
101: jge  #0x40000138, 102, 177      ; kcmp
102: jge  #0x40000149, 124, 103      ; pkey_mprotect
103: jge  #0x40000147, 177, 104
104: jeq  #0x40000142, 177, 124
105: jge  #0x4000007f, 106, 113
106: jge  #0x400000cf, 110, 107      ; io_destroy
107: jge  #0x40000082, 108, 177      ; rt_sigsuspend
108: jge  #0x400000cd, 177, 109
109: jeq  #0x40000083, 177, 124
110: jge  #0x400000d6, 177, 111
111: jeq  #0x400000d1, 177, 112
112: jeq  #0x400000d3, 177, 124
113: jge  #0x4000002d, 114, 119
114: jge  #0x40000030, 115, 177      ; shutdown
115: jge  #0x40000036, 116, 124
116: jge  #0x40000038, 117, 177      ; clone
117: jeq  #0x4000003b, 177, 118
118: jeq  #0x40000065, 177, 124
119: jge  #0x4000000d, 120, 124
120: jge  #0x40000015, 124, 121      ; access
121: jge  #0x40000013, 177, 122
122: jge  #0x40000011, 124, 123      ; pread64
123: jeq  #0x4000000e, 124, 177      ; rt_sigprocmask
124: and  #0xbfffffff
125: jge  #0xec, 150, 126            ; vserver
126: jge  #0x68, 135, 127            ; getgid
127: jeq  #0x29, 128, 131            ; socket
128: ld [16]                         ; argument 0, low half
129: jeq  #0x26, 177, 130
130: jeq  #0x28, 177, 178
131: jeq  #0x38, 133, 132            ; clone
132: jeq  #0x67, 177, 178            ; syslog
133: ld [16]                         ; argument 0, low half
134: jset #0x7e020000, 177, 178
135: jge  #0xa3, 136, 139            ; acct
136: jge  #0xba, 137, 177            ; gettid
137: jeq  #0xd4, 177, 138            ; lookup_dcookie
138: jeq  #0xe3, 177, 178            ; clock_settime
139: jge  #0x86, 140, 178            ; uselib
140: jge  #0x89, 145, 141            ; statfs
141: jset #0x1, 142, 177
142: ld [16]                         ; argument 0, low half
143: jset #0xfffdfff7, 144, 178
144: jeq  #0xffffffff, 178, 177
145: jge  #0x9b, 148, 146            ; pivot_root
146: jeq  #0x8b, 177, 147            ; sysfs
147: jeq  #0x99, 177, 178            ; vhangup
148: jge  #0x9d, 149, 177            ; prctl
149: jeq  #0xa1, 177, 178            ; chroot
150: jge  #0x150, 151, 163           ; uprobe
151: jge  #0x1b2, 153, 152           ; pidfd_open
152: jeq  #0x1a8, 178, 177           ; pidfd_send_signal
153: jge  #0x1d3, 160, 154           ; open_tree_attr
154: jge  #0x1bc, 155, 158           ; landlock_create_ruleset
155: jge  #0x1ce, 178, 156           ; mseal
156: jge  #0x1cb, 177, 157           ; lsm_get_self_attr
157: jeq  #0x1c2, 177, 178           ; set_mempolicy_home_node
158: jge  #0x1ba, 177, 159           ; mount_setattr
159: jeq  #0x1b3, 160, 161           ; clone3
160: ret  #0x50026                   ; errno(38)
161: jeq  #0x1b6, 177, 162           ; pidfd_getfd
162: jeq  #0x1b8, 177, 178           ; process_madvise
163: jge  #0x118, 170, 164           ; utimensat
164: jge  #0xfb, 165, 167            ; ioprio_set
165: jge  #0x117, 177, 166           ; move_pages
166: jset #0xef, 178, 177
167: jge  #0xf0, 168, 177            ; mq_open
168: jge  #0xf6, 169, 178            ; kexec_load
169: jeq  #0xf7, 178, 177            ; waitid
170: jge  #0x135, 174, 171           ; getcpu
171: jge  #0x12a, 172, 178           ; perf_event_open
172: jge  #0x12b, 173, 177           ; recvmmsg
173: jset #0x3, 178, 177
174: jge  #0x144, 178, 175           ; membarrier
175: jge  #0x143, 177, 176           ; userfaultfd
176: jset #0x6, 178, 177
177: ret  #0x50001                   ; errno(1)
178: ret  #0x7fff0000                ; allow
