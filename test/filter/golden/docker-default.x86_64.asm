  0: ld [4]                          ; ABI
  1: jeq  #0xc000003e, 78, 2         ; x86_64, x32
  2: jeq  #0x40000003, 4, 3          ; x86
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xbe, 6, 37               ; vfork
  6: jge  #0x150, 21, 7              ; perf_event_open
  7: jge  #0x111, 14, 8              ; vserver
  8: jge  #0xe0, 11, 9               ; gettid
  9: jge  #0xde, 178, 10
 10: jeq  #0xd9, 178, 179            ; pivot_root
 11: jeq  #0xfb, 178, 12
 12: jeq  #0xfd, 178, 13             ; lookup_dcookie
 13: jeq  #0x108, 178, 179           ; clock_settime
 14: jge  #0x121, 18, 15             ; ioprio_set
 15: jge  #0x115, 16, 178            ; mq_open
 16: jge  #0x11b, 17, 179            ; kexec_load
 17: jeq  #0x11c, 179, 178           ; waitid
 18: jeq  #0x126, 178, 19            ; migrate_pages
 19: jeq  #0x136, 178, 20            ; unshare
 20: jeq  #0x13d, 178, 179           ; move_pages
 21: jge  #0x183, 31, 22
 22: jge  #0x15f, 28, 23             ; sched_setattr
 23: jge  #0x15d, 178, 24            ; kcmp
 24: jeq  #0x150, 178, 25            ; perf_event_open
 25: jeq  #0x152, 178, 26            ; fanotify_init
 26: jeq  #0x156, 178, 27            ; open_by_handle_at
 27: jeq  #0x15a, 178, 179           ; setns
 28: jeq  #0x165, 178, 29            ; bpf
 29: jeq  #0x167, 150, 30            ; socket
 30: jeq  #0x176, 178, 179           ; userfaultfd
 31: jge  #0x1a9, 35, 32             ; io_uring_setup
 32: jge  #0x189, 33, 178            ; semget
 33: jeq  #0x194, 178, 34            ; clock_settime64
 34: jeq  #0x19f, 178, 179
 35: jge  #0x1bc, 36, 138            ; landlock_create_ruleset
 36: jge  #0x1d3, 178, 134           ; open_tree_attr
 37: jge  #0x72, 38, 51              ; wait4
 38: jge  #0x8a, 39, 44              ; setfsuid
 39: jge  #0xa6, 41, 40              ; vm86
 40: jeq  #0x95, 178, 179            ; _sysctl
 41: jge  #0xbc, 178, 42             ; getpmsg
 42: jge  #0xaa, 179, 43             ; setresgid
 43: jeq  #0xa8, 179, 178            ; poll
 44: jge  #0x7f, 48, 45              ; create_module
 45: jeq  #0x73, 178, 46             ; swapoff
 46: jeq  #0x78, 148, 47             ; clone
 47: jeq  #0x79, 178, 179            ; setdomainname
 48: jge  #0x84, 49, 178             ; getpgid
 49: jge  #0x86, 50, 179             ; bdflush
 50: jeq  #0x88, 172, 178            ; personality
 51: jge  #0x38, 64, 52              ; mpx
 52: jge  #0x1f, 59, 53              ; stty
 53: jge  #0x11, 54, 179             ; break
 54: jge  #0x13, 55, 178             ; lseek
 55: jge  #0x15, 56, 179             ; mount
 56: jge  #0x17, 57, 178             ; setuid
 57: jeq  #0x19, 178, 58             ; stime
 58: jeq  #0x1c, 178, 179            ; oldfstat
 59: jge  #0x2c, 62, 60              ; prof
 60: jge  #0x24, 179, 61             ; sync
 61: jeq  #0x21, 179, 178            ; access
 62: jge  #0x36, 179, 63             ; ioctl
 63: jge  #0x33, 178, 128            ; acct
 64: jge  #0x5a, 65, 68              ; mmap
 65: jge  #0x6d, 178, 66             ; olduname
 66: jeq  #0x62, 178, 67             ; profil
 67: jeq  #0x65, 178, 147            ; ioperm
 68: jge  #0x48, 69, 73              ; sigsuspend
 69: jge  #0x56, 178, 70             ; uselib
 70: jge  #0x4b, 71, 178             ; setrlimit
 71: jeq  #0x4f, 178, 72             ; settimeofday
 72: jeq  #0x54, 178, 179            ; oldlstat
 73: jge  #0x46, 179, 74             ; setreuid
 74: jge  #0x43, 178, 75             ; sigaction
 75: jge  #0x3f, 179, 76             ; dup2
 76: jeq  #0x39, 179, 77             ; setpgid
 77: jeq  #0x3c, 179, 178            ; umask
 78: ld [0]                          ; number
 79: jge  #0x118, 80, 144            ; utimensat
 80: jge  #0x1a8, 81, 124            ; pidfd_send_signal
 81: jge  #0x1d3, 82, 133            ; open_tree_attr
 82: jge  #0x40000000, 83, 178       ; read
 83: jge  #0x400000d8, 84, 102       ; remap_file_pages
 84: jge  #0x4000012c, 92, 85        ; fanotify_init
 85: jge  #0x40000111, 89, 86
 86: jeq  #0x400000de, 178, 87
 87: jeq  #0x400000f4, 178, 88
 88: jeq  #0x400000f7, 178, 121
 89: jge  #0x40000113, 90, 178       ; splice
 90: jge  #0x40000127, 178, 91
 91: jeq  #0x40000116, 178, 121
 92: jge  #0x40000200, 93, 96        ; rt_sigaction
 93: jge  #0x40000224, 121, 94
 94: jeq  #0x40000210, 121, 95       ; kexec_load
 95: jeq  #0x40000215, 121, 179      ; move_pages
 96: jge  #0x40000138, 99, 97        ; kcmp
 97: jge  #0x40000136, 178, 98
 98: jeq  #0x40000133, 178, 121
 99: jge  #0x40000149, 121, 100      ; pkey_mprotect
100: jge  #0x40000147, 178, 101
101: jeq  #0x40000142, 178, 121
102: jge  #0x4000007f, 103, 110
103: jge  #0x400000cf, 107, 104      ; io_destroy
104: jge  #0x40000082, 105, 178      ; rt_sigsuspend
105: jge  #0x400000cd, 178, 106
106: jeq  #0x40000083, 178, 121
107: jge  #0x400000d6, 178, 108
108: jeq  #0x400000d1, 178, 109
109: jeq  #0x400000d3, 178, 121
110: jge  #0x4000002d, 111, 116
111: jge  #0x40000030, 112, 178      ; shutdown
112: jge  #0x40000036, 113, 121
113: jge  #0x40000038, 114, 178      ; clone
114: jeq  #0x4000003b, 178, 115
115: jeq  #0x40000065, 178, 121
116: jge  #0x4000000d, 117, 121
117: jge  #0x40000015, 121, 118      ; access
118: jge  #0x40000013, 178, 119
119: jge  #0x40000011, 121, 120      ; pread64
120: jeq  #0x4000000e, 121, 178      ; rt_sigprocmask
121: and  #0xbfffffff
122: jge  #0x118, 123, 144           ; utimensat
123: jge  #0x1a8, 132, 124           ; pidfd_send_signal
124: jge  #0x150, 178, 125           ; uprobe
125: jge  #0x135, 129, 126           ; getcpu
126: jge  #0x12a, 127, 179           ; perf_event_open
127: jge  #0x12b, 128, 178           ; recvmmsg
128: jset #0x3, 179, 178
129: jge  #0x144, 179, 130           ; membarrier
130: jge  #0x143, 178, 131           ; userfaultfd
131: jset #0x6, 179, 178
132: jge  #0x1d3, 178, 133           ; open_tree_attr
133: jge  #0x1bc, 134, 137           ; landlock_create_ruleset
134: jge  #0x1ce, 179, 135           ; mseal
135: jge  #0x1cb, 178, 136           ; lsm_get_self_attr
136: jeq  #0x1c2, 178, 179           ; set_mempolicy_home_node
137: jge  #0x1a9, 138, 179           ; io_uring_setup
138: jge  #0x1b2, 139, 178           ; pidfd_open
139: jge  #0x1ba, 178, 140           ; mount_setattr
140: jeq  #0x1b3, 141, 142           ; clone3
141: ret  #0x50026                   ; errno(38)
142: jeq  #0x1b6, 178, 143           ; pidfd_getfd
143: jeq  #0x1b8, 178, 179           ; process_madvise
144: jge  #0x86, 154, 145            ; uselib
145: jeq  #0x29, 150, 146            ; socket
146: jeq  #0x38, 148, 147            ; clone
147: jeq  #0x67, 178, 179            ; syslog
148: ld [16]                         ; argument 0, low half
149: jset #0x7e020000, 178, 179
150: ld [16]                         ; argument 0, low half
151: jge  #0x26, 152, 179
152: jeq  #0x27, 179, 153
153: jgt  #0x28, 179, 178
154: jge  #0xba, 155, 164            ; gettid
155: jge  #0xec, 158, 156            ; vserver
156: jeq  #0xd4, 178, 157            ; lookup_dcookie
157: jeq  #0xe3, 178, 179            ; clock_settime
158: jge  #0xfb, 159, 161            ; ioprio_set
159: jge  #0x117, 178, 160           ; move_pages
160: jset #0xef, 179, 178
161: jge  #0xf0, 162, 178            ; mq_open
162: jge  #0xf6, 163, 179            ; kexec_load
163: jeq  #0xf7, 179, 178            ; waitid
164: jge  #0xa3, 178, 165            ; acct
165: jge  #0x89, 166, 171            ; statfs
166: jge  #0x9b, 169, 167            ; pivot_root
167: jeq  #0x8b, 178, 168            ; sysfs
168: jeq  #0x99, 178, 179            ; vhangup
169: jge  #0x9d, 170, 178            ; prctl
170: jeq  #0xa1, 178, 179            ; chroot
171: jset #0x1, 172, 178
172: ld [16]                         ; argument 0, low half
173: jset #0xffffffff, 174, 179
174: jeq  #0x8, 179, 175
175: jeq  #0x20000, 179, 176
176: jeq  #0x20008, 179, 177
177: jeq  #0xffffffff, 179, 178
178: ret  #0x50001                   ; errno(1)
179: ret  #0x7fff0000                ; allow
