  0: ld [4]                          ; ABI
  1: jeq  #0x80000016, 52, 2         ; s390x
  2: jeq  #0x16, 4, 3                ; s390
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xbe, 6, 23               ; vfork
  6: jge  #0x159, 13, 7              ; sched_setattr
  7: jge  #0x107, 9, 8
  8: jeq  #0xd9, 152, 57             ; pivot_root
  9: jge  #0x119, 63, 10             ; waitid
 10: jge  #0x115, 152, 11            ; kexec_load
 11: jge  #0x10f, 153, 12            ; mq_open
 12: jset #0x4, 152, 153
 13: jge  #0x189, 15, 14             ; semget
 14: jge  #0x17a, 75, 78             ; s390_guarded_storage
 15: jge  #0x1a9, 18, 16             ; io_uring_setup
 16: jeq  #0x194, 152, 17            ; clock_settime64
 17: jeq  #0x19f, 152, 153
 18: jge  #0x1bc, 19, 22             ; landlock_create_ruleset
 19: jge  #0x1d3, 138, 20            ; open_tree_attr
 20: jge  #0x1ce, 153, 21            ; mseal
 21: jge  #0x1cb, 152, 90            ; lsm_get_self_attr
 22: jge  #0x1b2, 91, 152            ; pidfd_open
 23: jge  #0x72, 24, 28              ; wait4
 24: jge  #0x8a, 25, 97              ; setfsuid
 25: jge  #0xa6, 26, 112
 26: jge  #0xbc, 152, 27             ; getpmsg
 27: jge  #0xaa, 153, 114            ; setresgid
 28: jge  #0x38, 41, 29
 29: jge  #0x1f, 30, 35
 30: jge  #0x2c, 32, 31
 31: jge  #0x24, 153, 146            ; sync
 32: jge  #0x36, 153, 33             ; ioctl
 33: jge  #0x33, 152, 34             ; acct
 34: jset #0x3, 153, 152
 35: jge  #0x1, 36, 138              ; exit
 36: jge  #0x11, 37, 153
 37: jge  #0x13, 38, 152             ; lseek
 38: jge  #0x15, 39, 153             ; mount
 39: jge  #0x17, 40, 152             ; setuid
 40: jeq  #0x19, 152, 143            ; stime
 41: jge  #0x5a, 42, 43              ; mmap
 42: jge  #0x6d, 152, 126
 43: jge  #0x48, 47, 44              ; sigsuspend
 44: jge  #0x46, 153, 45             ; setreuid
 45: jge  #0x43, 152, 46             ; sigaction
 46: jge  #0x3f, 153, 150            ; dup2
 47: jge  #0x56, 152, 48             ; uselib
 48: jge  #0x4b, 49, 152             ; setrlimit
 49: jeq  #0x4f, 152, 50             ; settimeofday
 50: jeq  #0x52, 152, 51
 51: jeq  #0x54, 152, 153
 52: ld [0]                          ; number
 53: jge  #0xe0, 54, 95              ; setxattr
 54: jge  #0x159, 72, 55             ; sched_setattr
 55: jge  #0x119, 63, 56             ; waitid
 56: jge  #0x107, 59, 57
 57: jeq  #0xf2, 152, 58
 58: jeq  #0x103, 152, 153           ; clock_settime
 59: jge  #0x115, 152, 60            ; kexec_load
 60: jge  #0x10f, 153, 61            ; mq_open
 61: jge  #0x10c, 152, 62            ; mbind
 62: jge  #0x109, 153, 152           ; statfs64
 63: jge  #0x14b, 68, 64             ; perf_event_open
 64: jeq  #0x11f, 152, 65            ; migrate_pages
 65: jeq  #0x12f, 152, 66            ; unshare
 66: jeq  #0x136, 152, 67            ; move_pages
 67: jeq  #0x13d, 152, 153           ; timerfd
 68: jge  #0x14d, 69, 152            ; fanotify_mark
 69: jge  #0x157, 152, 70            ; kcmp
 70: jeq  #0x150, 152, 71            ; open_by_handle_at
 71: jeq  #0x153, 152, 153           ; setns
 72: jge  #0x193, 84, 73
 73: jge  #0x17a, 74, 78             ; s390_guarded_storage
 74: jge  #0x188, 153, 75            ; semtimedop
 75: jge  #0x183, 152, 76
 76: jge  #0x17e, 153, 77            ; io_pgetevents
 77: jeq  #0x17b, 153, 152           ; statx
 78: jeq  #0x15f, 152, 79            ; bpf
 79: jeq  #0x163, 152, 80            ; userfaultfd
 80: jeq  #0x167, 81, 153            ; socket
 81: ld [20]                         ; argument 0, low half
 82: jeq  #0x26, 152, 83
 83: jeq  #0x28, 152, 153
 84: jge  #0x1b2, 86, 85             ; pidfd_open
 85: jeq  #0x1a8, 153, 152           ; pidfd_send_signal
 86: jge  #0x1cb, 87, 89             ; lsm_get_self_attr
 87: jge  #0x1ce, 88, 152            ; mseal
 88: jge  #0x1d3, 138, 153           ; open_tree_attr
 89: jge  #0x1bc, 90, 91             ; landlock_create_ruleset
 90: jeq  #0x1c2, 152, 153           ; set_mempolicy_home_node
 91: jge  #0x1ba, 152, 92            ; mount_setattr
 92: jeq  #0x1b3, 138, 93            ; clone3
 93: jeq  #0x1b6, 152, 94            ; pidfd_getfd
 94: jeq  #0x1b8, 152, 153           ; process_madvise
 95: jge  #0x72, 96, 122             ; wait4
 96: jge  #0x8d, 110, 97             ; getdents
 97: jge  #0x7f, 104, 98             ; create_module
 98: jeq  #0x73, 152, 99             ; swapoff
 99: jeq  #0x78, 100, 102            ; clone
100: ld [28]                         ; argument 1, low half
101: jset #0x7e020000, 152, 153
102: jeq  #0x79, 152, 103            ; setdomainname
103: jeq  #0x7b, 152, 153
104: jge  #0x84, 105, 152            ; getpgid
105: jge  #0x86, 106, 153            ; bdflush
106: jeq  #0x88, 107, 152            ; personality
107: ld [20]                         ; argument 0, low half
108: jset #0xfffdfff7, 109, 153
109: jeq  #0xffffffff, 153, 152
110: jge  #0xbc, 116, 111            ; getpmsg
111: jge  #0xa4, 113, 112
112: jeq  #0x95, 152, 153            ; _sysctl
113: jge  #0xac, 115, 114            ; prctl
114: jeq  #0xa8, 153, 152            ; poll
115: jeq  #0xb6, 152, 153
116: jge  #0xc6, 119, 117            ; lchown
117: jge  #0xc0, 152, 118
118: jset #0x2, 153, 152
119: jeq  #0xd9, 152, 120            ; pivot_root
120: jeq  #0xdd, 152, 121
121: jeq  #0xdf, 152, 153
122: jge  #0x3f, 123, 135            ; dup2
123: jge  #0x5a, 124, 129            ; mmap
124: jge  #0x6d, 152, 125
125: jeq  #0x5f, 152, 126
126: jeq  #0x62, 152, 127
127: jeq  #0x65, 152, 128            ; ioperm
128: jeq  #0x67, 152, 153            ; syslog
129: jge  #0x4f, 130, 132            ; settimeofday
130: jeq  #0x53, 153, 131            ; symlink
131: jeq  #0x55, 153, 152            ; readlink
132: jge  #0x43, 133, 153            ; sigaction
133: jge  #0x4b, 134, 152            ; setrlimit
134: jeq  #0x4c, 152, 153
135: jge  #0x1f, 144, 136
136: jge  #0x10, 140, 137
137: jeq  #0x0, 138, 139
138: ret  #0x50026                   ; errno(38)
139: jeq  #0xd, 152, 153
140: jge  #0x13, 141, 152            ; lseek
141: jge  #0x15, 142, 153            ; mount
142: jge  #0x1a, 143, 152            ; ptrace
143: jeq  #0x1c, 152, 153
144: jge  #0x2e, 148, 145
145: jge  #0x24, 147, 146            ; sync
146: jeq  #0x21, 153, 152            ; access
147: jeq  #0x2c, 152, 153
148: jge  #0x36, 149, 152            ; ioctl
149: jge  #0x38, 150, 153
150: jeq  #0x39, 153, 151            ; setpgid
151: jeq  #0x3c, 153, 152            ; umask
152: ret  #0x50001                   ; errno(1)
153: ret  #0x7fff0000                ; allow
