  0: ld [4]                          ; ABI
  1: jeq  #0xc00000b7, 2, 47         ; aarch64
  2: ld [0]                          ; number
  3: jge  #0x126, 4, 10              ; kexec_file_load
  4: jge  #0x1a8, 5, 158             ; pidfd_send_signal
  5: jge  #0x1d3, 158, 6             ; open_tree_attr
  6: jge  #0x1bc, 7, 8               ; landlock_create_ruleset
  7: jge  #0x1cb, 58, 60             ; lsm_get_self_attr
  8: jge  #0x1b2, 62, 9              ; pidfd_open
  9: jge  #0x1a9, 158, 159           ; io_uring_setup
 10: jge  #0xa3, 11, 30              ; getrlimit
 11: jge  #0xd9, 12, 28              ; add_key
 12: jge  #0x104, 13, 20             ; wait4
 13: jge  #0x112, 14, 16             ; sched_setattr
 14: jeq  #0x118, 158, 15            ; bpf
 15: jeq  #0x11a, 158, 159           ; userfaultfd
 16: jge  #0x110, 158, 17            ; kcmp
 17: jeq  #0x106, 158, 18            ; fanotify_init
 18: jeq  #0x109, 158, 19            ; open_by_handle_at
 19: jeq  #0x10c, 158, 159           ; setns
 20: jge  #0xeb, 21, 24              ; mbind
 21: jge  #0xf4, 158, 22
 22: jge  #0xf0, 23, 158             ; rt_tgsigqueueinfo
 23: jeq  #0xf1, 158, 159            ; perf_event_open
 24: jge  #0xe2, 159, 25             ; mprotect
 25: jge  #0xdd, 26, 27              ; execve
 26: jge  #0xe0, 158, 159            ; swapon
 27: jge  #0xdc, 121, 158            ; clone
 28: jeq  #0xaa, 158, 29             ; settimeofday
 29: jeq  #0xc6, 89, 159             ; socket
 30: jge  #0x59, 31, 41              ; acct
 31: jge  #0x75, 32, 34              ; ptrace
 32: jge  #0xa1, 158, 33             ; sethostname
 33: jeq  #0x8e, 158, 159            ; reboot
 34: jge  #0x68, 35, 38              ; kexec_load
 35: jge  #0x6b, 36, 158             ; timer_create
 36: jeq  #0x70, 158, 37             ; clock_settime
 37: jeq  #0x74, 158, 159            ; syslog
 38: jge  #0x5a, 39, 158             ; capget
 39: jeq  #0x5c, 114, 40             ; personality
 40: jeq  #0x61, 158, 159            ; unshare
 41: jge  #0x2b, 42, 45              ; statfs
 42: jeq  #0x33, 158, 43             ; chroot
 43: jeq  #0x3a, 158, 44             ; vhangup
 44: jeq  #0x3c, 158, 159            ; quotactl
 45: jge  #0x27, 158, 46             ; umount2
 46: jeq  #0x12, 158, 159            ; lookup_dcookie
 47: jeq  #0x40000028, 48, 160       ; arm
 48: ld [0]                          ; number
 49: jge  #0xfe, 50, 96
 50: jge  #0x16c, 51, 79             ; perf_event_open
 51: jge  #0x1a9, 52, 67             ; io_uring_setup
 52: jge  #0x1d3, 53, 56             ; open_tree_attr
 53: jge  #0xf0001, 54, 158          ; breakpoint
 54: jge  #0xf0003, 55, 159          ; usr26
 55: jeq  #0xf0005, 159, 158         ; set_tls
 56: jge  #0x1bc, 57, 61             ; landlock_create_ruleset
 57: jge  #0x1cb, 58, 59             ; lsm_get_self_attr
 58: jge  #0x1ce, 159, 158           ; mseal
 59: jeq  #0x1bf, 158, 60
 60: jeq  #0x1c2, 158, 159           ; set_mempolicy_home_node
 61: jge  #0x1b2, 62, 158            ; pidfd_open
 62: jge  #0x1b6, 63, 65             ; pidfd_getfd
 63: jeq  #0x1b7, 159, 64            ; faccessat2
 64: jeq  #0x1b9, 159, 158           ; epoll_pwait2
 65: jeq  #0x1b3, 66, 159            ; clone3
 66: ret  #0x50026                   ; errno(38)
 67: jge  #0x190, 68, 71             ; migrate_pages
 68: jge  #0x195, 69, 70             ; clock_adjtime64
 69: jeq  #0x19f, 158, 159
 70: jeq  #0x193, 159, 158           ; clock_gettime64
 71: jge  #0x17c, 72, 74             ; sched_setattr
 72: jeq  #0x182, 158, 73            ; bpf
 73: jeq  #0x184, 158, 159           ; userfaultfd
 74: jge  #0x17a, 158, 75            ; kcmp
 75: jge  #0x16d, 76, 158            ; recvmmsg
 76: jeq  #0x16f, 158, 77            ; fanotify_init
 77: jeq  #0x173, 158, 78            ; open_by_handle_at
 78: jeq  #0x177, 158, 159           ; setns
 79: jge  #0x135, 80, 87             ; add_key
 80: jge  #0x142, 81, 84             ; openat
 81: jeq  #0x151, 158, 82            ; unshare
 82: jeq  #0x158, 158, 83            ; move_pages
 83: jeq  #0x15b, 158, 159           ; kexec_load
 84: jge  #0x13a, 85, 86             ; ioprio_set
 85: jge  #0x13f, 158, 159           ; mbind
 86: jeq  #0x138, 159, 158           ; semtimedop
 87: jge  #0x112, 88, 93             ; mq_open
 88: jeq  #0x119, 89, 159            ; socket
 89: ld [16]                         ; argument 0, low half
 90: jge  #0x26, 91, 159
 91: jeq  #0x27, 159, 92
 92: jgt  #0x28, 159, 158
 93: jge  #0x10f, 158, 94            ; pciconfig_iobase
 94: jge  #0x100, 95, 158            ; set_tid_address
 95: jeq  #0x106, 158, 159           ; clock_settime
 96: jge  #0x8a, 97, 107             ; setfsuid
 97: jge  #0xbe, 98, 102             ; vfork
 98: jge  #0xde, 99, 101
 99: jge  #0xe0, 100, 158            ; gettid
100: jeq  #0xf9, 158, 159            ; lookup_dcookie
101: jeq  #0xda, 158, 159            ; pivot_root
102: jge  #0xa6, 103, 106
103: jge  #0xaa, 104, 105            ; setresgid
104: jge  #0xbc, 158, 159
105: jeq  #0xa8, 159, 158            ; poll
106: jeq  #0x95, 158, 159            ; _sysctl
107: jge  #0x43, 108, 139            ; sigaction
108: jge  #0x65, 109, 129
109: jge  #0x76, 110, 125            ; fsync
110: jge  #0x7f, 111, 120
111: jge  #0x84, 112, 158            ; getpgid
112: jge  #0x86, 113, 159            ; bdflush
113: jeq  #0x88, 114, 158            ; personality
114: ld [16]                         ; argument 0, low half
115: jset #0xffffffff, 116, 159
116: jeq  #0x8, 159, 117
117: jeq  #0x20000, 159, 118
118: jeq  #0x20008, 159, 119
119: jeq  #0xffffffff, 159, 158
120: jeq  #0x78, 121, 123            ; clone
121: ld [16]                         ; argument 0, low half
122: jset #0x7e020000, 158, 159
123: jeq  #0x79, 158, 124            ; setdomainname
124: jeq  #0x7b, 158, 159
125: jge  #0x6d, 126, 128
126: jeq  #0x72, 159, 127            ; wait4
127: jeq  #0x74, 159, 158            ; sysinfo
128: jge  #0x68, 159, 158            ; setitimer
129: jge  #0x54, 130, 133
130: jge  #0x5b, 131, 132            ; munmap
131: jeq  #0x62, 158, 159
132: jeq  #0x55, 159, 158            ; readlink
133: jge  #0x4d, 134, 136            ; getrusage
134: jeq  #0x4f, 158, 135            ; settimeofday
135: jeq  #0x52, 158, 159
136: jge  #0x48, 137, 138            ; sigsuspend
137: jeq  #0x4b, 159, 158            ; setrlimit
138: jge  #0x46, 159, 158            ; setreuid
139: jge  #0x24, 140, 148            ; sync
140: jge  #0x33, 141, 146            ; acct
141: jge  #0x3a, 142, 144
142: jge  #0x3f, 159, 143            ; dup2
143: jeq  #0x3c, 159, 158            ; umask
144: jge  #0x36, 145, 158            ; ioctl
145: jeq  #0x38, 158, 159
146: jeq  #0x2c, 158, 147
147: jeq  #0x30, 158, 159
148: jge  #0x11, 149, 156
149: jge  #0x1b, 150, 152
150: jeq  #0x1d, 159, 151            ; pause
151: jeq  #0x21, 159, 158            ; access
152: jge  #0x15, 153, 155            ; mount
153: jge  #0x17, 154, 158            ; setuid
154: jeq  #0x19, 158, 159
155: jge  #0x13, 159, 158            ; lseek
156: jeq  #0x7, 158, 157
157: jeq  #0xd, 158, 159
158: ret  #0x50001                   ; errno(1)
159: ret  #0x7fff0000                ; allow
160: ret  #0x80000000                ; kill-process
