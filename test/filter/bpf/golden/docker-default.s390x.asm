  0: ld [4]                          ; ABI
  1: jeq  #0x80000016, 58, 2         ; s390x
  2: jeq  #0x16, 4, 3                ; s390
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xbe, 6, 32               ; vfork
  6: jge  #0x157, 17, 7              ; kcmp
  7: jge  #0x10c, 12, 8              ; mbind
  8: jeq  #0xd9, 159, 9              ; pivot_root
  9: jeq  #0xf2, 159, 10
 10: jeq  #0x103, 159, 11            ; clock_settime
 11: jeq  #0x107, 159, 158
 12: jge  #0x119, 15, 13             ; waitid
 13: jge  #0x115, 159, 14            ; kexec_load
 14: jge  #0x10f, 158, 159           ; mq_open
 15: jge  #0x14b, 16, 78             ; perf_event_open
 16: jge  #0x14d, 74, 159            ; fanotify_mark
 17: jge  #0x189, 24, 18             ; semget
 18: jge  #0x168, 19, 20             ; socketpair
 19: jge  #0x17a, 85, 158            ; s390_guarded_storage
 20: jge  #0x167, 91, 21             ; socket
 21: jge  #0x159, 22, 159            ; sched_setattr
 22: jeq  #0x15f, 159, 23            ; bpf
 23: jeq  #0x163, 159, 158           ; userfaultfd
 24: jge  #0x1a9, 27, 25             ; io_uring_setup
 25: jeq  #0x194, 159, 26            ; clock_settime64
 26: jeq  #0x19f, 159, 158
 27: jge  #0x1bc, 28, 31             ; landlock_create_ruleset
 28: jge  #0x1d3, 137, 29            ; open_tree_attr
 29: jge  #0x1ce, 158, 30            ; mseal
 30: jge  #0x1cb, 159, 100           ; lsm_get_self_attr
 31: jge  #0x1b2, 101, 159           ; pidfd_open
 32: jge  #0x6d, 33, 37
 33: jge  #0x8a, 34, 115             ; setfsuid
 34: jge  #0xa6, 35, 109
 35: jge  #0xbc, 159, 36             ; getpmsg
 36: jge  #0xaa, 158, 110            ; setresgid
 37: jge  #0x36, 48, 38              ; ioctl
 38: jge  #0x1f, 39, 42
 39: jge  #0x2c, 40, 133
 40: jge  #0x33, 159, 41             ; acct
 41: jset #0x3, 158, 159
 42: jge  #0x1, 43, 137              ; exit
 43: jge  #0x11, 44, 158
 44: jge  #0x13, 45, 159             ; lseek
 45: jge  #0x15, 46, 158             ; mount
 46: jge  #0x17, 47, 159             ; setuid
 47: jeq  #0x19, 159, 142            ; stime
 48: jge  #0x4b, 53, 49              ; setrlimit
 49: jge  #0x3f, 50, 148             ; dup2
 50: jge  #0x43, 51, 158             ; sigaction
 51: jge  #0x46, 52, 159             ; setreuid
 52: jge  #0x48, 159, 158            ; sigsuspend
 53: jge  #0x5a, 155, 54             ; mmap
 54: jge  #0x56, 159, 55             ; uselib
 55: jeq  #0x4f, 159, 56             ; settimeofday
 56: jeq  #0x52, 159, 57
 57: jeq  #0x54, 159, 158
 58: ld [0]                          ; number
 59: jge  #0xc6, 60, 105             ; lchown
 60: jge  #0x159, 82, 61             ; sched_setattr
 61: jge  #0x10f, 71, 62             ; mq_open
 62: jge  #0xf2, 66, 63
 63: jeq  #0xd9, 159, 64             ; pivot_root
 64: jeq  #0xdd, 159, 65
 65: jeq  #0xdf, 159, 158
 66: jge  #0x107, 69, 67
 67: jeq  #0xf2, 159, 68
 68: jeq  #0x103, 159, 158           ; clock_settime
 69: jge  #0x10c, 159, 70            ; mbind
 70: jge  #0x109, 158, 159           ; statfs64
 71: jge  #0x14b, 72, 76             ; perf_event_open
 72: jge  #0x14d, 73, 159            ; fanotify_mark
 73: jge  #0x157, 159, 74            ; kcmp
 74: jeq  #0x150, 159, 75            ; open_by_handle_at
 75: jeq  #0x153, 159, 158           ; setns
 76: jge  #0x119, 78, 77             ; waitid
 77: jge  #0x115, 159, 158           ; kexec_load
 78: jeq  #0x11f, 159, 79            ; migrate_pages
 79: jeq  #0x12f, 159, 80            ; unshare
 80: jeq  #0x136, 159, 81            ; move_pages
 81: jeq  #0x13d, 159, 158           ; timerfd
 82: jge  #0x193, 94, 83
 83: jge  #0x17a, 84, 88             ; s390_guarded_storage
 84: jge  #0x188, 158, 85            ; semtimedop
 85: jge  #0x183, 159, 86
 86: jge  #0x17e, 158, 87            ; io_pgetevents
 87: jeq  #0x17b, 158, 159           ; statx
 88: jeq  #0x15f, 159, 89            ; bpf
 89: jeq  #0x163, 159, 90            ; userfaultfd
 90: jeq  #0x167, 91, 158            ; socket
 91: ld [20]                         ; argument 0, low half
 92: jeq  #0x26, 159, 93
 93: jeq  #0x28, 159, 158
 94: jge  #0x1b2, 96, 95             ; pidfd_open
 95: jeq  #0x1a8, 158, 159           ; pidfd_send_signal
 96: jge  #0x1cb, 97, 99             ; lsm_get_self_attr
 97: jge  #0x1d3, 137, 98            ; open_tree_attr
 98: jge  #0x1ce, 158, 159           ; mseal
 99: jge  #0x1bc, 100, 101           ; landlock_create_ruleset
100: jeq  #0x1c2, 159, 158           ; set_mempolicy_home_node
101: jge  #0x1ba, 159, 102           ; mount_setattr
102: jeq  #0x1b3, 137, 103           ; clone3
103: jeq  #0x1b6, 159, 104           ; pidfd_getfd
104: jeq  #0x1b8, 159, 158           ; process_madvise
105: jge  #0x6d, 106, 129
106: jge  #0x8d, 107, 115            ; getdents
107: jge  #0xac, 111, 108            ; prctl
108: jge  #0xa4, 110, 109
109: jeq  #0x95, 159, 158            ; _sysctl
110: jeq  #0xa8, 158, 159            ; poll
111: jge  #0xbc, 113, 112            ; getpmsg
112: jeq  #0xb6, 159, 158
113: jge  #0xc0, 159, 114
114: jge  #0xbe, 158, 159            ; vfork
115: jge  #0x7f, 116, 122            ; create_module
116: jge  #0x84, 117, 159            ; getpgid
117: jge  #0x86, 118, 158            ; bdflush
118: jeq  #0x88, 119, 159            ; personality
119: ld [20]                         ; argument 0, low half
120: jset #0xfffdfff7, 121, 158
121: jeq  #0xffffffff, 158, 159
122: jge  #0x72, 123, 159            ; wait4
123: jeq  #0x73, 159, 124            ; swapoff
124: jeq  #0x78, 125, 127            ; clone
125: ld [28]                         ; argument 1, low half
126: jset #0x7e020000, 159, 158
127: jeq  #0x79, 159, 128            ; setdomainname
128: jeq  #0x7b, 159, 158
129: jge  #0x36, 143, 130            ; ioctl
130: jge  #0x1f, 131, 135
131: jge  #0x2c, 132, 133
132: jeq  #0x2d, 158, 159            ; brk
133: jge  #0x24, 158, 134            ; sync
134: jeq  #0x21, 158, 159            ; access
135: jge  #0x10, 139, 136
136: jeq  #0x0, 137, 138
137: ret  #0x50026                   ; errno(38)
138: jeq  #0xd, 159, 158
139: jge  #0x13, 140, 159            ; lseek
140: jge  #0x15, 141, 158            ; mount
141: jge  #0x1a, 142, 159            ; ptrace
142: jeq  #0x1c, 159, 158
143: jge  #0x4f, 151, 144            ; settimeofday
144: jge  #0x43, 145, 147            ; sigaction
145: jge  #0x4b, 146, 159            ; setrlimit
146: jeq  #0x4c, 159, 158
147: jge  #0x3f, 158, 148            ; dup2
148: jge  #0x38, 149, 158
149: jeq  #0x39, 158, 150            ; setpgid
150: jeq  #0x3c, 158, 159            ; umask
151: jge  #0x5a, 154, 152            ; mmap
152: jeq  #0x53, 158, 153            ; symlink
153: jeq  #0x55, 158, 159            ; readlink
154: jeq  #0x5f, 159, 155
155: jeq  #0x62, 159, 156
156: jeq  #0x65, 159, 157            ; ioperm
157: jeq  #0x67, 159, 158            ; syslog
158: ret  #0x7fff0000                ; allow
159: ret  #0x50001                   ; errno(1)
