  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 45         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0xd9, 23, 4               ; add_key
  4: jge  #0x68, 5, 13               ; kexec_load
  5: jge  #0xa3, 6, 8                ; getrlimit
  6: jeq  #0xaa, 154, 7              ; settimeofday
  7: jeq  #0xc6, 62, 155             ; socket
  8: jge  #0x75, 11, 9               ; ptrace
  9: jge  #0x6b, 10, 154             ; timer_create
 10: jset #0xb, 155, 154
 11: jge  #0xa1, 154, 12             ; sethostname
 12: jeq  #0x8e, 154, 155            ; reboot
 13: jge  #0x3d, 14, 17              ; getdents64
 14: jeq  #0x59, 154, 15             ; acct
 15: jeq  #0x5c, 110, 16             ; personality
 16: jeq  #0x61, 154, 155            ; unshare
 17: jge  #0x27, 19, 18              ; umount2
 18: jeq  #0x12, 154, 155            ; lookup_dcookie
 19: jge  #0x2b, 20, 154             ; statfs
 20: jeq  #0x33, 154, 21             ; chroot
 21: jeq  #0x3a, 154, 22             ; vhangup
 22: jeq  #0x3c, 154, 155            ; quotactl
 23: jge  #0x126, 24, 30             ; kexec_file_load
 24: jge  #0x1a8, 25, 154            ; pidfd_send_signal
 25: jge  #0x1bc, 26, 29             ; landlock_create_ruleset
 26: jge  #0x1d3, 97, 27             ; open_tree_attr
 27: jge  #0x1ce, 155, 28            ; mseal
 28: jge  #0x1cb, 154, 90            ; lsm_get_self_attr
 29: jge  #0x1a9, 83, 155            ; io_uring_setup
 30: jge  #0x104, 31, 38             ; wait4
 31: jge  #0x112, 32, 34             ; sched_setattr
 32: jeq  #0x118, 154, 33            ; bpf
 33: jeq  #0x11a, 154, 155           ; userfaultfd
 34: jge  #0x110, 154, 35            ; kcmp
 35: jeq  #0x106, 154, 36            ; fanotify_init
 36: jeq  #0x109, 154, 37            ; open_by_handle_at
 37: jeq  #0x10c, 154, 155           ; setns
 38: jge  #0xeb, 39, 42              ; mbind
 39: jge  #0xf4, 154, 40
 40: jge  #0xf0, 41, 154             ; rt_tgsigqueueinfo
 41: jeq  #0xf1, 154, 155            ; perf_event_open
 42: jge  #0xdc, 43, 154             ; clone
 43: jge  #0xdd, 44, 120             ; execve
 44: jset #0x1e, 155, 154
 45: jeq  #0x40000028, 47, 46        ; arm
 46: ret  #0x80000000                ; kill-process
 47: ld [0]                          ; number
 48: jge  #0xde, 49, 98
 49: jge  #0x142, 65, 50             ; openat
 50: jge  #0x112, 57, 51             ; mq_open
 51: jge  #0xfe, 54, 52
 52: jge  #0xe0, 53, 154             ; gettid
 53: jeq  #0xf9, 154, 155            ; lookup_dcookie
 54: jge  #0x10f, 154, 55            ; pciconfig_iobase
 55: jge  #0x100, 56, 154            ; set_tid_address
 56: jeq  #0x106, 154, 155           ; clock_settime
 57: jge  #0x135, 58, 61             ; add_key
 58: jge  #0x13f, 154, 59            ; mbind
 59: jge  #0x13a, 155, 60            ; ioprio_set
 60: jeq  #0x138, 155, 154           ; semtimedop
 61: jeq  #0x119, 62, 155            ; socket
 62: ld [16]                         ; argument 0, low half
 63: jeq  #0x26, 154, 64
 64: jeq  #0x28, 154, 155
 65: jge  #0x193, 79, 66             ; clock_gettime64
 66: jge  #0x16c, 70, 67             ; perf_event_open
 67: jeq  #0x151, 154, 68            ; unshare
 68: jeq  #0x158, 154, 69            ; move_pages
 69: jeq  #0x15b, 154, 155           ; kexec_load
 70: jge  #0x17c, 71, 74             ; sched_setattr
 71: jge  #0x190, 154, 72            ; migrate_pages
 72: jeq  #0x182, 154, 73            ; bpf
 73: jeq  #0x184, 154, 155           ; userfaultfd
 74: jge  #0x17a, 154, 75            ; kcmp
 75: jeq  #0x16c, 154, 76            ; perf_event_open
 76: jeq  #0x16f, 154, 77            ; fanotify_init
 77: jeq  #0x173, 154, 78            ; open_by_handle_at
 78: jeq  #0x177, 154, 155           ; setns
 79: jge  #0x1bc, 88, 80             ; landlock_create_ruleset
 80: jge  #0x1a9, 83, 81             ; io_uring_setup
 81: jeq  #0x194, 154, 82            ; clock_settime64
 82: jeq  #0x19f, 154, 155
 83: jge  #0x1b2, 84, 154            ; pidfd_open
 84: jge  #0x1ba, 154, 85            ; mount_setattr
 85: jeq  #0x1b3, 97, 86             ; clone3
 86: jeq  #0x1b6, 154, 87            ; pidfd_getfd
 87: jeq  #0x1b8, 154, 155           ; process_madvise
 88: jge  #0x1cb, 91, 89             ; lsm_get_self_attr
 89: jeq  #0x1bf, 154, 90
 90: jeq  #0x1c2, 154, 155           ; set_mempolicy_home_node
 91: jge  #0x1ce, 92, 154            ; mseal
 92: jge  #0x1d3, 93, 155            ; open_tree_attr
 93: jge  #0xf0001, 94, 154          ; breakpoint
 94: jge  #0xf0003, 95, 155          ; usr26
 95: jge  #0xf0005, 96, 154          ; set_tls
 96: jeq  #0xf0005, 155, 97          ; set_tls
 97: ret  #0x50026                   ; errno(38)
 98: jge  #0x7f, 99, 113
 99: jge  #0xa6, 100, 105
100: jge  #0xbe, 101, 102            ; vfork
101: jeq  #0xda, 154, 155            ; pivot_root
102: jge  #0xbc, 154, 103
103: jge  #0xaa, 155, 104            ; setresgid
104: jeq  #0xa8, 155, 154            ; poll
105: jge  #0x8a, 106, 107            ; setfsuid
106: jeq  #0x95, 154, 155            ; _sysctl
107: jge  #0x84, 108, 154            ; getpgid
108: jge  #0x86, 109, 155            ; bdflush
109: jeq  #0x88, 110, 154            ; personality
110: ld [16]                         ; argument 0, low half
111: jset #0xfffdfff7, 112, 155
112: jeq  #0xffffffff, 155, 154
113: jge  #0x46, 114, 134            ; setreuid
114: jge  #0x68, 115, 124            ; setitimer
115: jge  #0x76, 119, 116            ; fsync
116: jge  #0x6d, 117, 155
117: jge  #0x72, 118, 154            ; wait4
118: jset #0x1, 154, 155
119: jeq  #0x78, 120, 122            ; clone
120: ld [16]                         ; argument 0, low half
121: jset #0x7e020000, 154, 155
122: jeq  #0x79, 154, 123            ; setdomainname
123: jeq  #0x7b, 154, 155
124: jge  #0x56, 125, 128            ; uselib
125: jge  #0x5b, 126, 154            ; munmap
126: jge  #0x65, 154, 127
127: jeq  #0x62, 154, 155
128: jge  #0x48, 129, 155            ; sigsuspend
129: jge  #0x4b, 130, 154            ; setrlimit
130: jeq  #0x4c, 154, 131
131: jeq  #0x4f, 154, 132            ; settimeofday
132: jeq  #0x52, 154, 133
133: jeq  #0x54, 154, 155
134: jge  #0x24, 135, 144            ; sync
135: jge  #0x36, 139, 136            ; ioctl
136: jge  #0x2c, 137, 155
137: jge  #0x33, 154, 138            ; acct
138: jset #0x3, 155, 154
139: jge  #0x43, 154, 140            ; sigaction
140: jge  #0x3f, 155, 141            ; dup2
141: jge  #0x38, 142, 155
142: jeq  #0x39, 155, 143            ; setpgid
143: jeq  #0x3c, 155, 154            ; umask
144: jge  #0x11, 147, 145
145: jeq  #0x7, 154, 146
146: jeq  #0xd, 154, 155
147: jge  #0x19, 151, 148
148: jge  #0x13, 149, 154            ; lseek
149: jge  #0x15, 150, 155            ; mount
150: jge  #0x17, 155, 154            ; setuid
151: jeq  #0x1a, 155, 152            ; ptrace
152: jeq  #0x1d, 155, 153            ; pause
153: jeq  #0x21, 155, 154            ; access
154: ret  #0x50001                   ; errno(1)
155: ret  #0x7fff0000                ; allow
