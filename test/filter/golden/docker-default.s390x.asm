  0: ld [4]                          ; ABI
  1: jeq  #0x80000016, 2, 57         ; s390x
  2: ld [0]                          ; number
  3: jge  #0xe0, 4, 23               ; setxattr
  4: jge  #0x17a, 5, 11              ; s390_guarded_storage
  5: jge  #0x1b2, 6, 8               ; pidfd_open
  6: jge  #0x1d3, 161, 7             ; open_tree_attr
  7: jge  #0x1bc, 64, 68             ; landlock_create_ruleset
  8: jge  #0x193, 9, 10
  9: jeq  #0x1a8, 160, 161           ; pidfd_send_signal
 10: jge  #0x188, 160, 76            ; semtimedop
 11: jge  #0x130, 12, 15             ; set_robust_list
 12: jge  #0x159, 81, 13             ; sched_setattr
 13: jge  #0x14b, 89, 14             ; perf_event_open
 14: jeq  #0x136, 161, 94            ; move_pages
 15: jge  #0x107, 16, 21
 16: jge  #0x119, 96, 17             ; waitid
 17: jge  #0x10f, 18, 19             ; mq_open
 18: jge  #0x115, 161, 160           ; kexec_load
 19: jge  #0x10c, 161, 20            ; mbind
 20: jge  #0x109, 160, 161           ; statfs64
 21: jeq  #0xf2, 161, 22
 22: jeq  #0x103, 161, 160           ; clock_settime
 23: jge  #0x6d, 24, 38
 24: jge  #0xac, 25, 33              ; prctl
 25: jge  #0xc6, 26, 29              ; lchown
 26: jeq  #0xd9, 161, 27             ; pivot_root
 27: jeq  #0xdd, 161, 28
 28: jeq  #0xdf, 161, 160
 29: jge  #0xbc, 30, 32              ; getpmsg
 30: jge  #0xc0, 161, 31
 31: jge  #0xbe, 160, 161            ; vfork
 32: jeq  #0xb6, 161, 160
 33: jge  #0x8d, 34, 35              ; getdents
 34: jge  #0xa4, 110, 111
 35: jge  #0x7f, 36, 124             ; create_module
 36: jge  #0x86, 117, 37             ; bdflush
 37: jge  #0x84, 160, 161            ; getpgid
 38: jge  #0x36, 39, 47              ; ioctl
 39: jge  #0x4f, 40, 42              ; settimeofday
 40: jge  #0x5a, 41, 136             ; mmap
 41: jeq  #0x5f, 161, 132
 42: jge  #0x43, 43, 45              ; sigaction
 43: jge  #0x4b, 44, 161             ; setrlimit
 44: jeq  #0x4c, 161, 160
 45: jge  #0x3a, 46, 148
 46: jge  #0x3f, 160, 146            ; dup2
 47: jge  #0x1a, 48, 52              ; ptrace
 48: jge  #0x24, 49, 51              ; sync
 49: jge  #0x2c, 50, 160
 50: jeq  #0x2d, 160, 161            ; brk
 51: jge  #0x1f, 154, 156
 52: jge  #0x10, 53, 55
 53: jge  #0x15, 161, 54             ; mount
 54: jge  #0x13, 160, 161            ; lseek
 55: jge  #0x1, 56, 161              ; exit
 56: jeq  #0xd, 161, 160
 57: jeq  #0x16, 58, 162             ; s390
 58: ld [0]                          ; number
 59: jge  #0x103, 60, 103            ; clock_settime
 60: jge  #0x17a, 61, 79             ; s390_guarded_storage
 61: jge  #0x1a9, 62, 73             ; io_uring_setup
 62: jge  #0x1d3, 161, 63            ; open_tree_attr
 63: jge  #0x1bc, 64, 67             ; landlock_create_ruleset
 64: jge  #0x1cb, 65, 66             ; lsm_get_self_attr
 65: jge  #0x1ce, 160, 161           ; mseal
 66: jeq  #0x1c2, 161, 160           ; set_mempolicy_home_node
 67: jge  #0x1b2, 68, 161            ; pidfd_open
 68: jge  #0x1b6, 69, 71             ; pidfd_getfd
 69: jeq  #0x1b7, 160, 70            ; faccessat2
 70: jeq  #0x1b9, 160, 161           ; epoll_pwait2
 71: jeq  #0x1b3, 72, 160            ; clone3
 72: ret  #0x50026                   ; errno(38)
 73: jge  #0x189, 74, 76             ; semget
 74: jeq  #0x194, 161, 75            ; clock_settime64
 75: jeq  #0x19f, 161, 160
 76: jge  #0x183, 161, 77
 77: jge  #0x17e, 160, 78            ; io_pgetevents
 78: jeq  #0x17b, 160, 161           ; statx
 79: jge  #0x136, 80, 95             ; move_pages
 80: jge  #0x159, 81, 88             ; sched_setattr
 81: jeq  #0x15f, 161, 82            ; bpf
 82: jeq  #0x163, 161, 83            ; userfaultfd
 83: jeq  #0x167, 84, 160            ; socket
 84: ld [20]                         ; argument 0, low half
 85: jge  #0x26, 86, 160
 86: jeq  #0x27, 160, 87
 87: jgt  #0x28, 160, 161
 88: jge  #0x14b, 89, 93             ; perf_event_open
 89: jge  #0x14d, 90, 161            ; fanotify_mark
 90: jge  #0x157, 161, 91            ; kcmp
 91: jeq  #0x150, 161, 92            ; open_by_handle_at
 92: jeq  #0x153, 161, 160           ; setns
 93: jge  #0x137, 94, 161            ; getcpu
 94: jeq  #0x13d, 161, 160           ; timerfd
 95: jge  #0x119, 96, 98             ; waitid
 96: jeq  #0x11f, 161, 97            ; migrate_pages
 97: jeq  #0x12f, 161, 160           ; unshare
 98: jge  #0x10c, 99, 101            ; mbind
 99: jge  #0x115, 161, 100           ; kexec_load
100: jge  #0x10f, 160, 161           ; mq_open
101: jge  #0x104, 102, 161           ; clock_gettime
102: jeq  #0x107, 161, 160
103: jge  #0x8a, 104, 112            ; setfsuid
104: jge  #0xbe, 105, 107            ; vfork
105: jeq  #0xd9, 161, 106            ; pivot_root
106: jeq  #0xf2, 161, 160
107: jge  #0xa6, 108, 111
108: jge  #0xaa, 109, 110            ; setresgid
109: jge  #0xbc, 161, 160            ; getpmsg
110: jeq  #0xa8, 160, 161            ; poll
111: jeq  #0x95, 161, 160            ; _sysctl
112: jge  #0x4b, 113, 139            ; setrlimit
113: jge  #0x6d, 114, 131
114: jge  #0x7f, 115, 124            ; create_module
115: jge  #0x84, 116, 161            ; getpgid
116: jge  #0x86, 117, 160            ; bdflush
117: jeq  #0x88, 118, 161            ; personality
118: ld [20]                         ; argument 0, low half
119: jset #0xffffffff, 120, 160
120: jeq  #0x8, 160, 121
121: jeq  #0x20000, 160, 122
122: jeq  #0x20008, 160, 123
123: jeq  #0xffffffff, 160, 161
124: jge  #0x74, 125, 130            ; sysinfo
125: jeq  #0x78, 126, 128            ; clone
126: ld [28]                         ; argument 1, low half
127: jset #0x7e020000, 161, 160
128: jeq  #0x79, 161, 129            ; setdomainname
129: jeq  #0x7b, 161, 160
130: jeq  #0x72, 160, 161            ; wait4
131: jge  #0x5a, 132, 135            ; mmap
132: jeq  #0x62, 161, 133
133: jeq  #0x65, 161, 134            ; ioperm
134: jeq  #0x67, 161, 160            ; syslog
135: jge  #0x52, 136, 138
136: jeq  #0x53, 160, 137            ; symlink
137: jeq  #0x55, 160, 161            ; readlink
138: jeq  #0x4f, 161, 160            ; settimeofday
139: jge  #0x24, 140, 151            ; sync
140: jge  #0x33, 141, 149            ; acct
141: jge  #0x3f, 142, 145            ; dup2
142: jge  #0x46, 143, 144            ; setreuid
143: jge  #0x48, 161, 160            ; sigsuspend
144: jge  #0x43, 161, 160            ; sigaction
145: jge  #0x3a, 146, 147
146: jeq  #0x3c, 160, 161            ; umask
147: jge  #0x36, 148, 161            ; ioctl
148: jeq  #0x38, 161, 160
149: jeq  #0x2c, 161, 150
150: jeq  #0x30, 161, 160            ; signal
151: jge  #0x11, 152, 159
152: jge  #0x17, 153, 157            ; setuid
153: jge  #0x1f, 154, 155
154: jeq  #0x21, 160, 161            ; access
155: jeq  #0x19, 161, 156            ; stime
156: jeq  #0x1c, 161, 160
157: jge  #0x13, 158, 161            ; lseek
158: jge  #0x15, 161, 160            ; mount
159: jge  #0x1, 160, 161             ; exit
160: ret  #0x7fff0000                ; allow
161: ret  #0x50001                   ; errno(1)
162: ret  #0x80000000                ; kill-process
