  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 45         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0xd9, 23, 4               ; add_key
  4: jge  #0x68, 5, 13               ; kexec_load
  5: jge  #0xa3, 11, 6               ; getrlimit
  6: jge  #0x75, 9, 7                ; ptrace
  7: jge  #0x6b, 8, 157              ; timer_create
  8: jset #0xb, 158, 157
  9: jge  #0xa1, 157, 10             ; sethostname
 10: jeq  #0x8e, 157, 158            ; reboot
 11: jeq  #0xaa, 157, 12             ; settimeofday
 12: jeq  #0xc6, 62, 158             ; socket
 13: jge  #0x3d, 20, 14              ; getdents64
 14: jge  #0x27, 16, 15              ; umount2
 15: jeq  #0x12, 157, 158            ; lookup_dcookie
 16: jge  #0x2b, 17, 157             ; statfs
 17: jeq  #0x33, 157, 18             ; chroot
 18: jeq  #0x3a, 157, 19             ; vhangup
 19: jeq  #0x3c, 157, 158            ; quotactl
 20: jeq  #0x59, 157, 21             ; acct
 21: jeq  #0x5c, 110, 22             ; personality
 22: jeq  #0x61, 157, 158            ; unshare
 23: jge  #0x126, 24, 30             ; kexec_file_load
 24: jge  #0x1a8, 25, 157            ; pidfd_send_signal
 25: jge  #0x1bc, 26, 29             ; landlock_create_ruleset
 26: jge  #0x1d3, 157, 27            ; open_tree_attr
 27: jge  #0x1ce, 158, 28            ; mseal
 28: jge  #0x1cb, 157, 92            ; lsm_get_self_attr
 29: jge  #0x1a9, 84, 158            ; io_uring_setup
 30: jge  #0x104, 31, 38             ; wait4
 31: jge  #0x112, 32, 34             ; sched_setattr
 32: jeq  #0x118, 157, 33            ; bpf
 33: jeq  #0x11a, 157, 158           ; userfaultfd
 34: jge  #0x110, 157, 35            ; kcmp
 35: jeq  #0x106, 157, 36            ; fanotify_init
 36: jeq  #0x109, 157, 37            ; open_by_handle_at
 37: jeq  #0x10c, 157, 158           ; setns
 38: jge  #0xeb, 39, 42              ; mbind
 39: jge  #0xf4, 157, 40
 40: jge  #0xf0, 41, 157             ; rt_tgsigqueueinfo
 41: jeq  #0xf1, 157, 158            ; perf_event_open
 42: jge  #0xdc, 43, 157             ; clone
 43: jge  #0xdd, 44, 123             ; execve
 44: jset #0x1e, 158, 157
 45: jeq  #0x40000028, 47, 46        ; arm
 46: ret  #0x80000000                ; kill-process
 47: ld [0]                          ; number
 48: jge  #0xde, 49, 98
 49: jge  #0x142, 66, 50             ; openat
 50: jge  #0x112, 57, 51             ; mq_open
 51: jge  #0xfe, 54, 52
 52: jge  #0xe0, 53, 157             ; gettid
 53: jeq  #0xf9, 157, 158            ; lookup_dcookie
 54: jge  #0x10f, 157, 55            ; pciconfig_iobase
 55: jge  #0x100, 56, 157            ; set_tid_address
 56: jeq  #0x106, 157, 158           ; clock_settime
 57: jge  #0x135, 58, 61             ; add_key
 58: jge  #0x13f, 157, 59            ; mbind
 59: jge  #0x13a, 158, 60            ; ioprio_set
 60: jeq  #0x138, 158, 157           ; semtimedop
 61: jeq  #0x119, 62, 158            ; socket
 62: ld [16]                         ; argument 0, low half
 63: jge  #0x26, 64, 158
 64: jeq  #0x27, 158, 65
 65: jgt  #0x28, 158, 157
 66: jge  #0x193, 80, 67             ; clock_gettime64
 67: jge  #0x16c, 71, 68             ; perf_event_open
 68: jeq  #0x151, 157, 69            ; unshare
 69: jeq  #0x158, 157, 70            ; move_pages
 70: jeq  #0x15b, 157, 158           ; kexec_load
 71: jge  #0x17c, 72, 75             ; sched_setattr
 72: jge  #0x190, 157, 73            ; migrate_pages
 73: jeq  #0x182, 157, 74            ; bpf
 74: jeq  #0x184, 157, 158           ; userfaultfd
 75: jge  #0x17a, 157, 76            ; kcmp
 76: jeq  #0x16c, 157, 77            ; perf_event_open
 77: jeq  #0x16f, 157, 78            ; fanotify_init
 78: jeq  #0x173, 157, 79            ; open_by_handle_at
 79: jeq  #0x177, 157, 158           ; setns
 80: jge  #0x1bc, 90, 81             ; landlock_create_ruleset
 81: jge  #0x1a9, 84, 82             ; io_uring_setup
 82: jeq  #0x194, 157, 83            ; clock_settime64
 83: jeq  #0x19f, 157, 158
 84: jge  #0x1b2, 85, 157            ; pidfd_open
 85: jge  #0x1ba, 157, 86            ; mount_setattr
 86: jeq  #0x1b3, 87, 88             ; clone3
 87: ret  #0x50026                   ; errno(38)
 88: jeq  #0x1b6, 157, 89            ; pidfd_getfd
 89: jeq  #0x1b8, 157, 158           ; process_madvise
 90: jge  #0x1cb, 93, 91             ; lsm_get_self_attr
 91: jeq  #0x1bf, 157, 92
 92: jeq  #0x1c2, 157, 158           ; set_mempolicy_home_node
 93: jge  #0x1ce, 94, 157            ; mseal
 94: jge  #0x1d3, 95, 158            ; open_tree_attr
 95: jge  #0xf0001, 96, 157          ; breakpoint
 96: jge  #0xf0003, 97, 158          ; usr26
 97: jeq  #0xf0005, 158, 157         ; set_tls
 98: jge  #0x7f, 99, 116
 99: jge  #0xa6, 100, 105
100: jge  #0xbe, 101, 102            ; vfork
101: jeq  #0xda, 157, 158            ; pivot_root
102: jge  #0xbc, 157, 103
103: jge  #0xaa, 158, 104            ; setresgid
104: jeq  #0xa8, 158, 157            ; poll
105: jge  #0x8a, 106, 107            ; setfsuid
106: jeq  #0x95, 157, 158            ; _sysctl
107: jge  #0x84, 108, 157            ; getpgid
108: jge  #0x86, 109, 158            ; bdflush
109: jeq  #0x88, 110, 157            ; personality
110: ld [16]                         ; argument 0, low half
111: jset #0xffffffff, 112, 158
112: jeq  #0x8, 158, 113
113: jeq  #0x20000, 158, 114
114: jeq  #0x20008, 158, 115
115: jeq  #0xffffffff, 158, 157
116: jge  #0x46, 117, 137            ; setreuid
117: jge  #0x68, 118, 127            ; setitimer
118: jge  #0x76, 122, 119            ; fsync
119: jge  #0x6d, 120, 158
120: jge  #0x72, 121, 157            ; wait4
121: jset #0x1, 157, 158
122: jeq  #0x78, 123, 125            ; clone
123: ld [16]                         ; argument 0, low half
124: jset #0x7e020000, 157, 158
125: jeq  #0x79, 157, 126            ; setdomainname
126: jeq  #0x7b, 157, 158
127: jge  #0x56, 128, 131            ; uselib
128: jge  #0x5b, 129, 157            ; munmap
129: jge  #0x65, 157, 130
130: jeq  #0x62, 157, 158
131: jge  #0x48, 132, 158            ; sigsuspend
132: jge  #0x4b, 133, 157            ; setrlimit
133: jeq  #0x4c, 157, 134
134: jeq  #0x4f, 157, 135            ; settimeofday
135: jeq  #0x52, 157, 136
136: jeq  #0x54, 157, 158
137: jge  #0x24, 138, 147            ; sync
138: jge  #0x36, 142, 139            ; ioctl
139: jge  #0x2c, 140, 158
140: jge  #0x33, 157, 141            ; acct
141: jset #0x3, 158, 157
142: jge  #0x43, 157, 143            ; sigaction
143: jge  #0x3f, 158, 144            ; dup2
144: jge  #0x38, 145, 158
145: jeq  #0x39, 158, 146            ; setpgid
146: jeq  #0x3c, 158, 157            ; umask
147: jge  #0x11, 150, 148
148: jeq  #0x7, 157, 149
149: jeq  #0xd, 157, 158
150: jge  #0x19, 154, 151
151: jge  #0x13, 152, 157            ; lseek
152: jge  #0x15, 153, 158            ; mount
153: jge  #0x17, 158, 157            ; setuid
154: jeq  #0x1a, 158, 155            ; ptrace
155: jeq  #0x1d, 158, 156            ; pause
156: jeq  #0x21, 158, 157            ; access
157: ret  #0x50001                   ; errno(1)
158: ret  #0x7fff0000                ; allow
