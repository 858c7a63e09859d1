  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 45         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0xeb, 4, 22               ; mbind
  4: jge  #0x126, 16, 5              ; kexec_file_load
  5: jge  #0x104, 9, 6               ; wait4
  6: jge  #0xf4, 155, 7
  7: jge  #0xf0, 8, 155              ; rt_tgsigqueueinfo
  8: jeq  #0xf1, 155, 154            ; perf_event_open
  9: jge  #0x112, 10, 12             ; sched_setattr
 10: jeq  #0x118, 155, 11            ; bpf
 11: jeq  #0x11a, 155, 154           ; userfaultfd
 12: jge  #0x110, 155, 13            ; kcmp
 13: jeq  #0x106, 155, 14            ; fanotify_init
 14: jeq  #0x109, 155, 15            ; open_by_handle_at
 15: jeq  #0x10c, 155, 154           ; setns
 16: jge  #0x1a8, 17, 155            ; pidfd_send_signal
 17: jge  #0x1bc, 18, 21             ; landlock_create_ruleset
 18: jge  #0x1d3, 96, 19             ; open_tree_attr
 19: jge  #0x1ce, 154, 20            ; mseal
 20: jge  #0x1cb, 155, 89            ; lsm_get_self_attr
 21: jge  #0x1a9, 82, 154            ; io_uring_setup
 22: jge  #0x6b, 34, 23              ; timer_create
 23: jge  #0x3d, 30, 24              ; getdents64
 24: jge  #0x27, 26, 25              ; umount2
 25: jeq  #0x12, 155, 154            ; lookup_dcookie
 26: jge  #0x2b, 27, 155             ; statfs
 27: jeq  #0x33, 155, 28             ; chroot
 28: jeq  #0x3a, 155, 29             ; vhangup
 29: jeq  #0x3c, 155, 154            ; quotactl
 30: jge  #0x68, 155, 31             ; kexec_load
 31: jeq  #0x59, 155, 32             ; acct
 32: jeq  #0x5c, 119, 33             ; personality
 33: jeq  #0x61, 155, 154            ; unshare
 34: jge  #0xa3, 39, 35              ; getrlimit
 35: jge  #0x8e, 37, 36              ; reboot
 36: jset #0x8b, 154, 155
 37: jge  #0xa1, 155, 38             ; sethostname
 38: jeq  #0x8e, 155, 154            ; reboot
 39: jge  #0xd9, 42, 40              ; add_key
 40: jeq  #0xaa, 155, 41             ; settimeofday
 41: jeq  #0xc6, 61, 154             ; socket
 42: jge  #0xdc, 43, 155             ; clone
 43: jge  #0xdd, 44, 110             ; execve
 44: jset #0x1e, 154, 155
 45: jeq  #0x40000028, 47, 46        ; arm
 46: ret  #0x80000000                ; kill-process
 47: ld [0]                          ; number
 48: jge  #0xe0, 49, 97              ; gettid
 49: jge  #0x142, 64, 50             ; openat
 50: jge  #0x112, 56, 51             ; mq_open
 51: jge  #0xfe, 53, 52
 52: jeq  #0xf9, 155, 154            ; lookup_dcookie
 53: jge  #0x10f, 155, 54            ; pciconfig_iobase
 54: jge  #0x100, 55, 155            ; set_tid_address
 55: jeq  #0x106, 155, 154           ; clock_settime
 56: jge  #0x135, 57, 60             ; add_key
 57: jge  #0x13f, 155, 58            ; mbind
 58: jge  #0x13a, 154, 59            ; ioprio_set
 59: jeq  #0x138, 154, 155           ; semtimedop
 60: jeq  #0x119, 61, 154            ; socket
 61: ld [16]                         ; argument 0, low half
 62: jeq  #0x26, 155, 63
 63: jeq  #0x28, 155, 154
 64: jge  #0x190, 77, 65             ; migrate_pages
 65: jge  #0x16c, 69, 66             ; perf_event_open
 66: jeq  #0x151, 155, 67            ; unshare
 67: jeq  #0x158, 155, 68            ; move_pages
 68: jeq  #0x15b, 155, 154           ; kexec_load
 69: jge  #0x17c, 70, 72             ; sched_setattr
 70: jeq  #0x182, 155, 71            ; bpf
 71: jeq  #0x184, 155, 154           ; userfaultfd
 72: jge  #0x17a, 155, 73            ; kcmp
 73: jeq  #0x16c, 155, 74            ; perf_event_open
 74: jeq  #0x16f, 155, 75            ; fanotify_init
 75: jeq  #0x173, 155, 76            ; open_by_handle_at
 76: jeq  #0x177, 155, 154           ; setns
 77: jge  #0x1bc, 87, 78             ; landlock_create_ruleset
 78: jge  #0x1a9, 82, 79             ; io_uring_setup
 79: jge  #0x195, 81, 80             ; clock_adjtime64
 80: jeq  #0x193, 154, 155           ; clock_gettime64
 81: jeq  #0x19f, 155, 154
 82: jge  #0x1b2, 83, 155            ; pidfd_open
 83: jge  #0x1ba, 155, 84            ; mount_setattr
 84: jeq  #0x1b3, 96, 85             ; clone3
 85: jeq  #0x1b6, 155, 86            ; pidfd_getfd
 86: jeq  #0x1b8, 155, 154           ; process_madvise
 87: jge  #0x1cb, 90, 88             ; lsm_get_self_attr
 88: jeq  #0x1bf, 155, 89
 89: jeq  #0x1c2, 155, 154           ; set_mempolicy_home_node
 90: jge  #0x1ce, 91, 155            ; mseal
 91: jge  #0x1d3, 92, 154            ; open_tree_attr
 92: jge  #0xf0001, 93, 155          ; breakpoint
 93: jge  #0xf0003, 94, 154          ; usr26
 94: jge  #0xf0005, 95, 155          ; set_tls
 95: jeq  #0xf0005, 154, 96          ; set_tls
 96: ret  #0x50026                   ; errno(38)
 97: jge  #0x6d, 98, 122
 98: jge  #0xa6, 99, 105
 99: jge  #0xbe, 100, 102            ; vfork
100: jge  #0xde, 155, 101
101: jeq  #0xda, 155, 154            ; pivot_root
102: jge  #0xbc, 155, 103
103: jge  #0xaa, 154, 104            ; setresgid
104: jeq  #0xa8, 154, 155            ; poll
105: jge  #0x7f, 114, 106
106: jge  #0x76, 109, 107            ; fsync
107: jge  #0x72, 108, 155            ; wait4
108: jset #0x1, 155, 154
109: jeq  #0x78, 110, 112            ; clone
110: ld [16]                         ; argument 0, low half
111: jset #0x7e020000, 155, 154
112: jeq  #0x79, 155, 113            ; setdomainname
113: jeq  #0x7b, 155, 154
114: jge  #0x8a, 115, 116            ; setfsuid
115: jeq  #0x95, 155, 154            ; _sysctl
116: jge  #0x84, 117, 155            ; getpgid
117: jge  #0x86, 118, 154            ; bdflush
118: jeq  #0x88, 119, 155            ; personality
119: ld [16]                         ; argument 0, low half
120: jset #0xfffdfff7, 121, 154
121: jeq  #0xffffffff, 154, 155
122: jge  #0x36, 137, 123            ; ioctl
123: jge  #0x1b, 124, 130
124: jge  #0x2c, 125, 127
125: jge  #0x33, 155, 126            ; acct
126: jset #0x3, 154, 155
127: jge  #0x24, 154, 128            ; sync
128: jeq  #0x1d, 154, 129            ; pause
129: jeq  #0x21, 154, 155            ; access
130: jge  #0x11, 133, 131
131: jeq  #0x7, 155, 132
132: jeq  #0xd, 155, 154
133: jge  #0x13, 134, 155            ; lseek
134: jge  #0x15, 135, 154            ; mount
135: jge  #0x17, 136, 155            ; setuid
136: jeq  #0x19, 155, 154
137: jge  #0x52, 138, 144
138: jge  #0x5b, 141, 139            ; munmap
139: jge  #0x56, 155, 140            ; uselib
140: jset #0x1, 154, 155
141: jge  #0x68, 154, 142            ; setitimer
142: jge  #0x65, 155, 143
143: jeq  #0x62, 155, 154
144: jge  #0x43, 149, 145            ; sigaction
145: jge  #0x3f, 154, 146            ; dup2
146: jge  #0x38, 147, 154
147: jeq  #0x39, 154, 148            ; setpgid
148: jeq  #0x3c, 154, 155            ; umask
149: jge  #0x46, 150, 155            ; setreuid
150: jge  #0x48, 151, 154            ; sigsuspend
151: jge  #0x4b, 152, 155            ; setrlimit
152: jeq  #0x4c, 155, 153
153: jeq  #0x4f, 155, 154            ; settimeofday
154: ret  #0x7fff0000                ; allow
155: ret  #0x50001                   ; errno(1)
