  0: ld [4]                          ; ABI
  1: jeq  #0x80000016, 52, 2         ; s390x
  2: jeq  #0x16, 4, 3                ; s390
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xbe, 6, 23               ; vfork
  6: jge  #0x159, 13, 7              ; sched_setattr
  7: jge  #0x107, 9, 8
  8: jeq  #0xd9, 156, 57             ; pivot_root
  9: jge  #0x119, 63, 10             ; waitid
 10: jge  #0x115, 156, 11            ; kexec_load
 11: jge  #0x10f, 157, 12            ; mq_open
 12: jset #0x4, 156, 157
 13: jge  #0x189, 15, 14             ; semget
 14: jge  #0x17a, 87, 90             ; s390_guarded_storage
 15: jge  #0x1a9, 18, 16             ; io_uring_setup
 16: jeq  #0x194, 156, 17            ; clock_settime64
 17: jeq  #0x19f, 156, 157
 18: jge  #0x1bc, 19, 22             ; landlock_create_ruleset
 19: jge  #0x1d3, 156, 20            ; open_tree_attr
 20: jge  #0x1ce, 157, 21            ; mseal
 21: jge  #0x1cb, 156, 79            ; lsm_get_self_attr
 22: jge  #0x1b2, 80, 156            ; pidfd_open
 23: jge  #0x72, 24, 28              ; wait4
 24: jge  #0x8a, 25, 111             ; setfsuid
 25: jge  #0xa6, 26, 101
 26: jge  #0xbc, 156, 27             ; getpmsg
 27: jge  #0xaa, 157, 103            ; setresgid
 28: jge  #0x38, 41, 29
 29: jge  #0x1f, 30, 35
 30: jge  #0x2c, 32, 31
 31: jge  #0x24, 157, 150            ; sync
 32: jge  #0x36, 157, 33             ; ioctl
 33: jge  #0x33, 156, 34             ; acct
 34: jset #0x3, 157, 156
 35: jge  #0x1, 36, 156              ; exit
 36: jge  #0x11, 37, 157
 37: jge  #0x13, 38, 156             ; lseek
 38: jge  #0x15, 39, 157             ; mount
 39: jge  #0x17, 40, 156             ; setuid
 40: jeq  #0x19, 156, 147            ; stime
 41: jge  #0x5a, 42, 43              ; mmap
 42: jge  #0x6d, 156, 131
 43: jge  #0x48, 47, 44              ; sigsuspend
 44: jge  #0x46, 157, 45             ; setreuid
 45: jge  #0x43, 156, 46             ; sigaction
 46: jge  #0x3f, 157, 154            ; dup2
 47: jge  #0x56, 156, 48             ; uselib
 48: jge  #0x4b, 49, 156             ; setrlimit
 49: jeq  #0x4f, 156, 50             ; settimeofday
 50: jeq  #0x52, 156, 51
 51: jeq  #0x54, 156, 157
 52: ld [0]                          ; number
 53: jge  #0xe0, 54, 97              ; setxattr
 54: jge  #0x159, 72, 55             ; sched_setattr
 55: jge  #0x119, 63, 56             ; waitid
 56: jge  #0x107, 59, 57
 57: jeq  #0xf2, 156, 58
 58: jeq  #0x103, 156, 157           ; clock_settime
 59: jge  #0x115, 156, 60            ; kexec_load
 60: jge  #0x10f, 157, 61            ; mq_open
 61: jge  #0x10c, 156, 62            ; mbind
 62: jge  #0x109, 157, 156           ; statfs64
 63: jge  #0x14b, 68, 64             ; perf_event_open
 64: jeq  #0x11f, 156, 65            ; migrate_pages
 65: jeq  #0x12f, 156, 66            ; unshare
 66: jeq  #0x136, 156, 67            ; move_pages
 67: jeq  #0x13d, 156, 157           ; timerfd
 68: jge  #0x14d, 69, 156            ; fanotify_mark
 69: jge  #0x157, 156, 70            ; kcmp
 70: jeq  #0x150, 156, 71            ; open_by_handle_at
 71: jeq  #0x153, 156, 157           ; setns
 72: jge  #0x193, 73, 85
 73: jge  #0x1b2, 75, 74             ; pidfd_open
 74: jeq  #0x1a8, 157, 156           ; pidfd_send_signal
 75: jge  #0x1cb, 76, 78             ; lsm_get_self_attr
 76: jge  #0x1ce, 77, 156            ; mseal
 77: jge  #0x1d3, 156, 157           ; open_tree_attr
 78: jge  #0x1bc, 79, 80             ; landlock_create_ruleset
 79: jeq  #0x1c2, 156, 157           ; set_mempolicy_home_node
 80: jge  #0x1ba, 156, 81            ; mount_setattr
 81: jeq  #0x1b3, 82, 83             ; clone3
 82: ret  #0x50026                   ; errno(38)
 83: jeq  #0x1b6, 156, 84            ; pidfd_getfd
 84: jeq  #0x1b8, 156, 157           ; process_madvise
 85: jge  #0x17a, 86, 90             ; s390_guarded_storage
 86: jge  #0x188, 157, 87            ; semtimedop
 87: jge  #0x183, 156, 88
 88: jge  #0x17e, 157, 89            ; io_pgetevents
 89: jeq  #0x17b, 157, 156           ; statx
 90: jeq  #0x15f, 156, 91            ; bpf
 91: jeq  #0x163, 156, 92            ; userfaultfd
 92: jeq  #0x167, 93, 157            ; socket
 93: ld [20]                         ; argument 0, low half
 94: jge  #0x26, 95, 157
 95: jeq  #0x27, 157, 96
 96: jgt  #0x28, 157, 156
 97: jge  #0x72, 98, 127             ; wait4
 98: jge  #0x8d, 99, 111             ; getdents
 99: jge  #0xbc, 105, 100            ; getpmsg
100: jge  #0xa4, 102, 101
101: jeq  #0x95, 156, 157            ; _sysctl
102: jge  #0xac, 104, 103            ; prctl
103: jeq  #0xa8, 157, 156            ; poll
104: jeq  #0xb6, 156, 157
105: jge  #0xc6, 108, 106            ; lchown
106: jge  #0xc0, 156, 107
107: jset #0x2, 157, 156
108: jeq  #0xd9, 156, 109            ; pivot_root
109: jeq  #0xdd, 156, 110
110: jeq  #0xdf, 156, 157
111: jge  #0x7f, 118, 112            ; create_module
112: jeq  #0x73, 156, 113            ; swapoff
113: jeq  #0x78, 114, 116            ; clone
114: ld [28]                         ; argument 1, low half
115: jset #0x7e020000, 156, 157
116: jeq  #0x79, 156, 117            ; setdomainname
117: jeq  #0x7b, 156, 157
118: jge  #0x84, 119, 156            ; getpgid
119: jge  #0x86, 120, 157            ; bdflush
120: jeq  #0x88, 121, 156            ; personality
121: ld [20]                         ; argument 0, low half
122: jset #0xffffffff, 123, 157
123: jeq  #0x8, 157, 124
124: jeq  #0x20000, 157, 125
125: jeq  #0x20008, 157, 126
126: jeq  #0xffffffff, 157, 156
127: jge  #0x3f, 128, 140            ; dup2
128: jge  #0x5a, 129, 134            ; mmap
129: jge  #0x6d, 156, 130
130: jeq  #0x5f, 156, 131
131: jeq  #0x62, 156, 132
132: jeq  #0x65, 156, 133            ; ioperm
133: jeq  #0x67, 156, 157            ; syslog
134: jge  #0x4f, 135, 137            ; settimeofday
135: jeq  #0x53, 157, 136            ; symlink
136: jeq  #0x55, 157, 156            ; readlink
137: jge  #0x43, 138, 157            ; sigaction
138: jge  #0x4b, 139, 156            ; setrlimit
139: jeq  #0x4c, 156, 157
140: jge  #0x1f, 148, 141
141: jge  #0x10, 144, 142
142: jeq  #0x0, 156, 143
143: jeq  #0xd, 156, 157
144: jge  #0x13, 145, 156            ; lseek
145: jge  #0x15, 146, 157            ; mount
146: jge  #0x1a, 147, 156            ; ptrace
147: jeq  #0x1c, 156, 157
148: jge  #0x2e, 152, 149
149: jge  #0x24, 151, 150            ; sync
150: jeq  #0x21, 157, 156            ; access
151: jeq  #0x2c, 156, 157
152: jge  #0x36, 153, 156            ; ioctl
153: jge  #0x38, 154, 157
154: jeq  #0x39, 157, 155            ; setpgid
155: jeq  #0x3c, 157, 156            ; umask
156: ret  #0x50001                   ; errno(1)
157: ret  #0x7fff0000                ; allow
