  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 47         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0xe2, 4, 24               ; mprotect
  4: jge  #0x126, 17, 5              ; kexec_file_load
  5: jge  #0x104, 10, 6              ; wait4
  6: jge  #0xf4, 158, 7
  7: jge  #0xeb, 8, 157              ; mbind
  8: jge  #0xf0, 9, 158              ; rt_tgsigqueueinfo
  9: jeq  #0xf1, 158, 157            ; perf_event_open
 10: jge  #0x112, 11, 13             ; sched_setattr
 11: jeq  #0x118, 158, 12            ; bpf
 12: jeq  #0x11a, 158, 157           ; userfaultfd
 13: jge  #0x110, 158, 14            ; kcmp
 14: jeq  #0x106, 158, 15            ; fanotify_init
 15: jeq  #0x109, 158, 16            ; open_by_handle_at
 16: jeq  #0x10c, 158, 157           ; setns
 17: jge  #0x1a8, 18, 158            ; pidfd_send_signal
 18: jge  #0x1bc, 19, 22             ; landlock_create_ruleset
 19: jge  #0x1d3, 97, 20             ; open_tree_attr
 20: jge  #0x1ce, 157, 21            ; mseal
 21: jge  #0x1cb, 158, 94            ; lsm_get_self_attr
 22: jge  #0x1a9, 23, 157            ; io_uring_setup
 23: jge  #0x1b2, 95, 158            ; pidfd_open
 24: jge  #0x6b, 36, 25              ; timer_create
 25: jge  #0x3d, 32, 26              ; getdents64
 26: jge  #0x27, 28, 27              ; umount2
 27: jeq  #0x12, 158, 157            ; lookup_dcookie
 28: jge  #0x2b, 29, 158             ; statfs
 29: jeq  #0x33, 158, 30             ; chroot
 30: jeq  #0x3a, 158, 31             ; vhangup
 31: jeq  #0x3c, 158, 157            ; quotactl
 32: jge  #0x68, 158, 33             ; kexec_load
 33: jeq  #0x59, 158, 34             ; acct
 34: jeq  #0x5c, 122, 35             ; personality
 35: jeq  #0x61, 158, 157            ; unshare
 36: jge  #0xa3, 41, 37              ; getrlimit
 37: jge  #0x8e, 39, 38              ; reboot
 38: jset #0x8b, 157, 158
 39: jge  #0xa1, 158, 40             ; sethostname
 40: jeq  #0x8e, 158, 157            ; reboot
 41: jge  #0xd9, 44, 42              ; add_key
 42: jeq  #0xaa, 158, 43             ; settimeofday
 43: jeq  #0xc6, 63, 157             ; socket
 44: jge  #0xdc, 45, 158             ; clone
 45: jge  #0xdd, 46, 113             ; execve
 46: jge  #0xe0, 158, 157            ; swapon
 47: jeq  #0x40000028, 49, 48        ; arm
 48: ret  #0x80000000                ; kill-process
 49: ld [0]                          ; number
 50: jge  #0xe0, 51, 100             ; gettid
 51: jge  #0x142, 66, 52             ; openat
 52: jge  #0x112, 58, 53             ; mq_open
 53: jge  #0xfe, 55, 54
 54: jeq  #0xf9, 158, 157            ; lookup_dcookie
 55: jge  #0x10f, 158, 56            ; pciconfig_iobase
 56: jge  #0x100, 57, 158            ; set_tid_address
 57: jeq  #0x106, 158, 157           ; clock_settime
 58: jge  #0x135, 59, 62             ; add_key
 59: jge  #0x13f, 158, 60            ; mbind
 60: jge  #0x13a, 157, 61            ; ioprio_set
 61: jeq  #0x138, 157, 158           ; semtimedop
 62: jeq  #0x119, 63, 157            ; socket
 63: ld [16]                         ; argument 0, low half
 64: jeq  #0x26, 158, 65
 65: jeq  #0x28, 158, 157
 66: jge  #0x190, 79, 67             ; migrate_pages
 67: jge  #0x16c, 71, 68             ; perf_event_open
 68: jeq  #0x151, 158, 69            ; unshare
 69: jeq  #0x158, 158, 70            ; move_pages
 70: jeq  #0x15b, 158, 157           ; kexec_load
 71: jge  #0x17c, 72, 74             ; sched_setattr
 72: jeq  #0x182, 158, 73            ; bpf
 73: jeq  #0x184, 158, 157           ; userfaultfd
 74: jge  #0x17a, 158, 75            ; kcmp
 75: jeq  #0x16c, 158, 76            ; perf_event_open
 76: jeq  #0x16f, 158, 77            ; fanotify_init
 77: jeq  #0x173, 158, 78            ; open_by_handle_at
 78: jeq  #0x177, 158, 157           ; setns
 79: jge  #0x1b3, 85, 80             ; clone3
 80: jge  #0x1a9, 81, 82             ; io_uring_setup
 81: jeq  #0x1b2, 157, 158           ; pidfd_open
 82: jge  #0x195, 84, 83             ; clock_adjtime64
 83: jeq  #0x193, 157, 158           ; clock_gettime64
 84: jeq  #0x19f, 158, 157
 85: jge  #0x1cb, 86, 92             ; lsm_get_self_attr
 86: jge  #0x1ce, 87, 158            ; mseal
 87: jge  #0x1d3, 88, 157            ; open_tree_attr
 88: jge  #0xf0001, 89, 158          ; breakpoint
 89: jge  #0xf0003, 90, 157          ; usr26
 90: jge  #0xf0005, 91, 158          ; set_tls
 91: jeq  #0xf0005, 157, 97          ; set_tls
 92: jge  #0x1bc, 93, 95             ; landlock_create_ruleset
 93: jeq  #0x1bf, 158, 94
 94: jeq  #0x1c2, 158, 157           ; set_mempolicy_home_node
 95: jge  #0x1ba, 158, 96            ; mount_setattr
 96: jeq  #0x1b3, 97, 98             ; clone3
 97: ret  #0x50026                   ; errno(38)
 98: jeq  #0x1b6, 158, 99            ; pidfd_getfd
 99: jeq  #0x1b8, 158, 157           ; process_madvise
100: jge  #0x6d, 101, 125
101: jge  #0xa6, 102, 108
102: jge  #0xbe, 103, 105            ; vfork
103: jge  #0xde, 158, 104
104: jeq  #0xda, 158, 157            ; pivot_root
105: jge  #0xbc, 158, 106
106: jge  #0xaa, 157, 107            ; setresgid
107: jeq  #0xa8, 157, 158            ; poll
108: jge  #0x7f, 117, 109
109: jge  #0x76, 112, 110            ; fsync
110: jge  #0x72, 111, 158            ; wait4
111: jset #0x1, 158, 157
112: jeq  #0x78, 113, 115            ; clone
113: ld [16]                         ; argument 0, low half
114: jset #0x7e020000, 158, 157
115: jeq  #0x79, 158, 116            ; setdomainname
116: jeq  #0x7b, 158, 157
117: jge  #0x8a, 118, 119            ; setfsuid
118: jeq  #0x95, 158, 157            ; _sysctl
119: jge  #0x84, 120, 158            ; getpgid
120: jge  #0x86, 121, 157            ; bdflush
121: jeq  #0x88, 122, 158            ; personality
122: ld [16]                         ; argument 0, low half
123: jset #0xfffdfff7, 124, 157
124: jeq  #0xffffffff, 157, 158
125: jge  #0x36, 140, 126            ; ioctl
126: jge  #0x1b, 127, 133
127: jge  #0x2c, 128, 130
128: jge  #0x33, 158, 129            ; acct
129: jset #0x3, 157, 158
130: jge  #0x24, 157, 131            ; sync
131: jeq  #0x1d, 157, 132            ; pause
132: jeq  #0x21, 157, 158            ; access
133: jge  #0x11, 136, 134
134: jeq  #0x7, 158, 135
135: jeq  #0xd, 158, 157
136: jge  #0x13, 137, 158            ; lseek
137: jge  #0x15, 138, 157            ; mount
138: jge  #0x17, 139, 158            ; setuid
139: jeq  #0x19, 158, 157
140: jge  #0x52, 141, 147
141: jge  #0x5b, 144, 142            ; munmap
142: jge  #0x56, 158, 143            ; uselib
143: jset #0x1, 157, 158
144: jge  #0x68, 157, 145            ; setitimer
145: jge  #0x65, 158, 146
146: jeq  #0x62, 158, 157
147: jge  #0x43, 152, 148            ; sigaction
148: jge  #0x3f, 157, 149            ; dup2
149: jge  #0x38, 150, 157
150: jeq  #0x39, 157, 151            ; setpgid
151: jeq  #0x3c, 157, 158            ; umask
152: jge  #0x46, 153, 158            ; setreuid
153: jge  #0x48, 154, 157            ; sigsuspend
154: jge  #0x4b, 155, 158            ; setrlimit
155: jeq  #0x4c, 158, 156
156: jeq  #0x4f, 158, 157            ; settimeofday
157: ret  #0x7fff0000                ; allow
158: ret  #0x50001                   ; errno(1)
