  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 45         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0xd9, 23, 4               ; add_key
  4: jge  #0x68, 5, 13               ; kexec_load
  5: jge  #0xa3, 11, 6               ; getrlimit
  6: jge  #0x75, 9, 7                ; ptrace
  7: jge  #0x6b, 8, 158              ; timer_create
  8: jset #0xb, 157, 158
  9: jge  #0xa1, 158, 10             ; sethostname
 10: jeq  #0x8e, 158, 157            ; reboot
 11: jeq  #0xaa, 158, 12             ; settimeofday
 12: jeq  #0xc6, 62, 157             ; socket
 13: jge  #0x3d, 20, 14              ; getdents64
 14: jge  #0x27, 16, 15              ; umount2
 15: jeq  #0x12, 158, 157            ; lookup_dcookie
 16: jge  #0x2b, 17, 158             ; statfs
 17: jeq  #0x33, 158, 18             ; chroot
 18: jeq  #0x3a, 158, 19             ; vhangup
 19: jeq  #0x3c, 158, 157            ; quotactl
 20: jeq  #0x59, 158, 21             ; acct
 21: jeq  #0x5c, 110, 22             ; personality
 22: jeq  #0x61, 158, 157            ; unshare
 23: jge  #0x126, 24, 30             ; kexec_file_load
 24: jge  #0x1a8, 25, 158            ; pidfd_send_signal
 25: jge  #0x1bc, 26, 29             ; landlock_create_ruleset
 26: jge  #0x1d3, 158, 27            ; open_tree_attr
 27: jge  #0x1ce, 157, 28            ; mseal
 28: jge  #0x1cb, 158, 92            ; lsm_get_self_attr
 29: jge  #0x1a9, 84, 157            ; io_uring_setup
 30: jge  #0x104, 31, 38             ; wait4
 31: jge  #0x112, 32, 34             ; sched_setattr
 32: jeq  #0x118, 158, 33            ; bpf
 33: jeq  #0x11a, 158, 157           ; userfaultfd
 34: jge  #0x110, 158, 35            ; kcmp
 35: jeq  #0x106, 158, 36            ; fanotify_init
 36: jeq  #0x109, 158, 37            ; open_by_handle_at
 37: jeq  #0x10c, 158, 157           ; setns
 38: jge  #0xeb, 39, 42              ; mbind
 39: jge  #0xf4, 158, 40
 40: jge  #0xf0, 41, 158             ; rt_tgsigqueueinfo
 41: jeq  #0xf1, 158, 157            ; perf_event_open
 42: jge  #0xdc, 43, 158             ; clone
 43: jge  #0xdd, 44, 123             ; execve
 44: jset #0x1e, 157, 158
 45: jeq  #0x40000028, 47, 46        ; arm
 46: ret  #0x80000000                ; kill-process
 47: ld [0]                          ; number
 48: jge  #0xde, 49, 98
 49: jge  #0x142, 66, 50             ; openat
 50: jge  #0x112, 57, 51             ; mq_open
 51: jge  #0xfe, 54, 52
 52: jge  #0xe0, 53, 158             ; gettid
 53: jeq  #0xf9, 158, 157            ; lookup_dcookie
 54: jge  #0x10f, 158, 55            ; pciconfig_iobase
 55: jge  #0x100, 56, 158            ; set_tid_address
 56: jeq  #0x106, 158, 157           ; clock_settime
 57: jge  #0x135, 58, 61             ; add_key
 58: jge  #0x13f, 158, 59            ; mbind
 59: jge  #0x13a, 157, 60            ; ioprio_set
 60: jeq  #0x138, 157, 158           ; semtimedop
 61: jeq  #0x119, 62, 157            ; socket
 62: ld [16]                         ; argument 0, low half
 63: jge  #0x26, 64, 157
 64: jeq  #0x27, 157, 65
 65: jgt  #0x28, 157, 158
 66: jge  #0x193, 80, 67             ; clock_gettime64
 67: jge  #0x16c, 71, 68             ; perf_event_open
 68: jeq  #0x151, 158, 69            ; unshare
 69: jeq  #0x158, 158, 70            ; move_pages
 70: jeq  #0x15b, 158, 157           ; kexec_load
 71: jge  #0x17c, 72, 75             ; sched_setattr
 72: jge  #0x190, 158, 73            ; migrate_pages
 73: jeq  #0x182, 158, 74            ; bpf
 74: jeq  #0x184, 158, 157           ; userfaultfd
 75: jge  #0x17a, 158, 76            ; kcmp
 76: jeq  #0x16c, 158, 77            ; perf_event_open
 77: jeq  #0x16f, 158, 78            ; fanotify_init
 78: jeq  #0x173, 158, 79            ; open_by_handle_at
 79: jeq  #0x177, 158, 157           ; setns
 80: jge  #0x1bc, 90, 81             ; landlock_create_ruleset
 81: jge  #0x1a9, 84, 82             ; io_uring_setup
 82: jeq  #0x194, 158, 83            ; clock_settime64
 83: jeq  #0x19f, 158, 157
 84: jge  #0x1b2, 85, 158            ; pidfd_open
 85: jge  #0x1ba, 158, 86            ; mount_setattr
 86: jeq  #0x1b3, 87, 88             ; clone3
 87: ret  #0x50026                   ; errno(38)
 88: jeq  #0x1b6, 158, 89            ; pidfd_getfd
 89: jeq  #0x1b8, 158, 157           ; process_madvise
 90: jge  #0x1cb, 93, 91             ; lsm_get_self_attr
 91: jeq  #0x1bf, 158, 92
 92: jeq  #0x1c2, 158, 157           ; set_mempolicy_home_node
 93: jge  #0x1ce, 94, 158            ; mseal
 94: jge  #0x1d3, 95, 157            ; open_tree_attr
 95: jge  #0xf0001, 96, 158          ; breakpoint
 96: jge  #0xf0003, 97, 157          ; usr26
 97: jeq  #0xf0005, 157, 158         ; set_tls
 98: jge  #0x7f, 99, 116
 99: jge  #0xa6, 100, 105
100: jge  #0xbe, 101, 102            ; vfork
101: jeq  #0xda, 158, 157            ; pivot_root
102: jge  #0xbc, 158, 103
103: jge  #0xaa, 157, 104            ; setresgid
104: jeq  #0xa8, 157, 158            ; poll
105: jge  #0x8a, 106, 107            ; setfsuid
106: jeq  #0x95, 158, 157            ; _sysctl
107: jge  #0x84, 108, 158            ; getpgid
108: jge  #0x86, 109, 157            ; bdflush
109: jeq  #0x88, 110, 158            ; personality
110: ld [16]                         ; argument 0, low half
111: jset #0xffffffff, 112, 157
112: jeq  #0x8, 157, 113
113: jeq  #0x20000, 157, 114
114: jeq  #0x20008, 157, 115
115: jeq  #0xffffffff, 157, 158
116: jge  #0x46, 117, 137            ; setreuid
117: jge  #0x68, 118, 127            ; setitimer
118: jge  #0x76, 122, 119            ; fsync
119: jge  #0x6d, 120, 157
120: jge  #0x72, 121, 158            ; wait4
121: jset #0x1, 158, 157
122: jeq  #0x78, 123, 125            ; clone
123: ld [16]                         ; argument 0, low half
124: jset #0x7e020000, 158, 157
125: jeq  #0x79, 158, 126            ; setdomainname
126: jeq  #0x7b, 158, 157
127: jge  #0x56, 128, 131            ; uselib
128: jge  #0x5b, 129, 158            ; munmap
129: jge  #0x65, 158, 130
130: jeq  #0x62, 158, 157
131: jge  #0x48, 132, 157            ; sigsuspend
132: jge  #0x4b, 133, 158            ; setrlimit
133: jeq  #0x4c, 158, 134
134: jeq  #0x4f, 158, 135            ; settimeofday
135: jeq  #0x52, 158, 136
136: jeq  #0x54, 158, 157
137: jge  #0x24, 138, 147            ; sync
138: jge  #0x36, 142, 139            ; ioctl
139: jge  #0x2c, 140, 157
140: jge  #0x33, 158, 141            ; acct
141: jset #0x3, 157, 158
142: jge  #0x43, 158, 143            ; sigaction
143: jge  #0x3f, 157, 144            ; dup2
144: jge  #0x38, 145, 157
145: jeq  #0x39, 157, 146            ; setpgid
146: jeq  #0x3c, 157, 158            ; umask
147: jge  #0x11, 150, 148
148: jeq  #0x7, 158, 149
149: jeq  #0xd, 158, 157
150: jge  #0x1b, 151, 153
151: jeq  #0x1d, 157, 152            ; pause
152: jeq  #0x21, 157, 158            ; access
153: jge  #0x13, 154, 158            ; lseek
154: jge  #0x15, 155, 157            ; mount
155: jge  #0x17, 156, 158            ; setuid
156: jeq  #0x19, 158, 157
157: ret  #0x7fff0000                ; allow
158: ret  #0x50001                   ; errno(1)
