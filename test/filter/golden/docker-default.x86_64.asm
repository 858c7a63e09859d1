  0: ld [4]                          ; ABI
  1: jeq  #0xc000003e, 78, 2         ; x86_64, x32
  2: jeq  #0x40000003, 4, 3          ; x86
  3: ret  #0x80000000                ; kill-process
  4: ld [0]                          ; number
  5: jge  #0xbe, 6, 37               ; vfork
  6: jge  #0x150, 21, 7              ; perf_event_open
  7: jge  #0x111, 14, 8              ; vserver
  8: jge  #0xe0, 11, 9               ; gettid
  9: jge  #0xde, 175, 10
 10: jeq  #0xd9, 175, 176            ; pivot_root
 11: jeq  #0xfb, 175, 12
 12: jeq  #0xfd, 175, 13             ; lookup_dcookie
 13: jeq  #0x108, 175, 176           ; clock_settime
 14: jge  #0x121, 18, 15             ; ioprio_set
 15: jge  #0x115, 16, 175            ; mq_open
 16: jge  #0x11b, 17, 176            ; kexec_load
 17: jeq  #0x11c, 176, 175           ; waitid
 18: jeq  #0x126, 175, 19            ; migrate_pages
 19: jeq  #0x136, 175, 20            ; unshare
 20: jeq  #0x13d, 175, 176           ; move_pages
 21: jge  #0x183, 31, 22
 22: jge  #0x15f, 28, 23             ; sched_setattr
 23: jge  #0x15d, 175, 24            ; kcmp
 24: jeq  #0x150, 175, 25            ; perf_event_open
 25: jeq  #0x152, 175, 26            ; fanotify_init
 26: jeq  #0x156, 175, 27            ; open_by_handle_at
 27: jeq  #0x15a, 175, 176           ; setns
 28: jeq  #0x165, 175, 29            ; bpf
 29: jeq  #0x167, 147, 30            ; socket
 30: jeq  #0x176, 175, 176           ; userfaultfd
 31: jge  #0x1a9, 35, 32             ; io_uring_setup
 32: jge  #0x189, 33, 175            ; semget
 33: jeq  #0x194, 175, 34            ; clock_settime64
 34: jeq  #0x19f, 175, 176
 35: jge  #0x1bc, 36, 139            ; landlock_create_ruleset
 36: jge  #0x1d3, 142, 135           ; open_tree_attr
 37: jge  #0x72, 38, 51              ; wait4
 38: jge  #0x8a, 39, 44              ; setfsuid
 39: jge  #0xa6, 41, 40              ; vm86
 40: jeq  #0x95, 175, 176            ; _sysctl
 41: jge  #0xbc, 175, 42             ; getpmsg
 42: jge  #0xaa, 176, 43             ; setresgid
 43: jeq  #0xa8, 176, 175            ; poll
 44: jge  #0x7f, 48, 45              ; create_module
 45: jeq  #0x73, 175, 46             ; swapoff
 46: jeq  #0x78, 152, 47             ; clone
 47: jeq  #0x79, 175, 176            ; setdomainname
 48: jge  #0x84, 49, 175             ; getpgid
 49: jge  #0x86, 50, 176             ; bdflush
 50: jeq  #0x88, 172, 175            ; personality
 51: jge  #0x38, 64, 52              ; mpx
 52: jge  #0x1f, 59, 53              ; stty
 53: jge  #0x11, 54, 176             ; break
 54: jge  #0x13, 55, 175             ; lseek
 55: jge  #0x15, 56, 176             ; mount
 56: jge  #0x17, 57, 175             ; setuid
 57: jeq  #0x19, 175, 58             ; stime
 58: jeq  #0x1c, 175, 176            ; oldfstat
 59: jge  #0x2c, 62, 60              ; prof
 60: jge  #0x24, 176, 61             ; sync
 61: jeq  #0x21, 176, 175            ; access
 62: jge  #0x36, 176, 63             ; ioctl
 63: jge  #0x33, 175, 129            ; acct
 64: jge  #0x5a, 65, 68              ; mmap
 65: jge  #0x6d, 175, 66             ; olduname
 66: jeq  #0x62, 175, 67             ; profil
 67: jeq  #0x65, 175, 151            ; ioperm
 68: jge  #0x48, 69, 73              ; sigsuspend
 69: jge  #0x56, 175, 70             ; uselib
 70: jge  #0x4b, 71, 175             ; setrlimit
 71: jeq  #0x4f, 175, 72             ; settimeofday
 72: jeq  #0x54, 175, 176            ; oldlstat
 73: jge  #0x46, 176, 74             ; setreuid
 74: jge  #0x43, 175, 75             ; sigaction
 75: jge  #0x3f, 176, 76             ; dup2
 76: jeq  #0x39, 176, 77             ; setpgid
 77: jeq  #0x3c, 176, 175            ; umask
 78: ld [0]                          ; number
 79: jge  #0x118, 80, 145            ; utimensat
 80: jge  #0x1a8, 81, 125            ; pidfd_send_signal
 81: jge  #0x1d3, 82, 134            ; open_tree_attr
 82: jge  #0x40000000, 83, 142       ; read
 83: jge  #0x400000d8, 84, 103       ; remap_file_pages
 84: jge  #0x4000012c, 92, 85        ; fanotify_init
 85: jge  #0x40000111, 89, 86
 86: jeq  #0x400000de, 175, 87
 87: jeq  #0x400000f4, 175, 88
 88: jeq  #0x400000f7, 175, 122
 89: jge  #0x40000113, 90, 175       ; splice
 90: jge  #0x40000127, 175, 91
 91: jeq  #0x40000116, 175, 122
 92: jge  #0x400001d3, 93, 97        ; open_tree_attr
 93: jge  #0x40000200, 94, 175       ; rt_sigaction
 94: jge  #0x40000224, 122, 95
 95: jeq  #0x40000210, 175, 96       ; kexec_load
 96: jeq  #0x40000215, 175, 176      ; move_pages
 97: jge  #0x40000138, 100, 98       ; kcmp
 98: jge  #0x40000136, 175, 99
 99: jeq  #0x40000133, 175, 122
100: jge  #0x40000149, 122, 101      ; pkey_mprotect
101: jge  #0x40000147, 175, 102
102: jeq  #0x40000142, 175, 122
103: jge  #0x40000030, 110, 104      ; shutdown
104: jge  #0x4000000d, 105, 122
105: jge  #0x4000002d, 175, 106
106: jge  #0x40000015, 122, 107      ; access
107: jge  #0x40000013, 175, 108
108: jge  #0x40000011, 122, 109      ; pread64
109: jeq  #0x4000000e, 122, 175      ; rt_sigprocmask
110: jge  #0x4000007f, 115, 111
111: jge  #0x40000036, 112, 122
112: jge  #0x40000038, 113, 175      ; clone
113: jeq  #0x4000003b, 175, 114
114: jeq  #0x40000065, 175, 122
115: jge  #0x400000cf, 119, 116      ; io_destroy
116: jge  #0x40000082, 117, 175      ; rt_sigsuspend
117: jge  #0x400000cd, 175, 118
118: jeq  #0x40000083, 175, 122
119: jge  #0x400000d6, 175, 120
120: jeq  #0x400000d1, 175, 121
121: jeq  #0x400000d3, 175, 122
122: and  #0xbfffffff
123: jge  #0x118, 124, 145           ; utimensat
124: jge  #0x1a8, 133, 125           ; pidfd_send_signal
125: jge  #0x150, 175, 126           ; uprobe
126: jge  #0x135, 130, 127           ; getcpu
127: jge  #0x12a, 128, 176           ; perf_event_open
128: jge  #0x12b, 129, 175           ; recvmmsg
129: jset #0x3, 176, 175
130: jge  #0x144, 176, 131           ; membarrier
131: jge  #0x143, 175, 132           ; userfaultfd
132: jset #0x6, 176, 175
133: jge  #0x1d3, 142, 134           ; open_tree_attr
134: jge  #0x1bc, 135, 138           ; landlock_create_ruleset
135: jge  #0x1ce, 176, 136           ; mseal
136: jge  #0x1cb, 175, 137           ; lsm_get_self_attr
137: jeq  #0x1c2, 175, 176           ; set_mempolicy_home_node
138: jge  #0x1a9, 139, 176           ; io_uring_setup
139: jge  #0x1b2, 140, 175           ; pidfd_open
140: jge  #0x1ba, 175, 141           ; mount_setattr
141: jeq  #0x1b3, 142, 143           ; clone3
142: ret  #0x50026                   ; errno(38)
143: jeq  #0x1b6, 175, 144           ; pidfd_getfd
144: jeq  #0x1b8, 175, 176           ; process_madvise
145: jge  #0x86, 154, 146            ; uselib
146: jeq  #0x29, 147, 150            ; socket
147: ld [16]                         ; argument 0, low half
148: jeq  #0x26, 175, 149
149: jeq  #0x28, 175, 176
150: jeq  #0x38, 152, 151            ; clone
151: jeq  #0x67, 175, 176            ; syslog
152: ld [16]                         ; argument 0, low half
153: jset #0x7e020000, 175, 176
154: jge  #0xba, 155, 164            ; gettid
155: jge  #0xec, 158, 156            ; vserver
156: jeq  #0xd4, 175, 157            ; lookup_dcookie
157: jeq  #0xe3, 175, 176            ; clock_settime
158: jge  #0xfb, 159, 161            ; ioprio_set
159: jge  #0x117, 175, 160           ; move_pages
160: jset #0xef, 176, 175
161: jge  #0xf0, 162, 175            ; mq_open
162: jge  #0xf6, 163, 176            ; kexec_load
163: jeq  #0xf7, 176, 175            ; waitid
164: jge  #0x9b, 165, 168            ; pivot_root
165: jge  #0xa3, 175, 166            ; acct
166: jge  #0x9d, 167, 175            ; prctl
167: jeq  #0xa1, 175, 176            ; chroot
168: jge  #0x89, 169, 171            ; statfs
169: jeq  #0x8b, 175, 170            ; sysfs
170: jeq  #0x99, 175, 176            ; vhangup
171: jset #0x1, 172, 175
172: ld [16]                         ; argument 0, low half
173: jset #0xfffdfff7, 174, 176
174: jeq  #0xffffffff, 176, 175
175: ret  #0x50001                   ; errno(1)
176: ret  #0x7fff0000                ; allow
