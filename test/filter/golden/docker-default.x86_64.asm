  0: ld [4]                          ; ABI
  1: jeq  #0xc000003e, 2, 115        ; x86_64, x32
  2: ld [0]                          ; number
  3: jge  #0xfb, 4, 95               ; ioprio_set
  4: jge  #0x1b2, 5, 80              ; pidfd_open
  5: jge  #0x40000000, 6, 78         ; read
  6: jge  #0x400000ec, 7, 43
  7: jge  #0x40000144, 8, 27         ; membarrier
  8: jge  #0x400001bc, 9, 18         ; landlock_create_ruleset
  9: jge  #0x40000200, 10, 14        ; rt_sigaction
 10: jge  #0x40000215, 11, 13        ; move_pages
 11: jge  #0x40000216, 12, 213       ; preadv
 12: jge  #0x40000224, 213, 214
 13: jeq  #0x40000210, 213, 214      ; kexec_load
 14: jge  #0x400001cb, 15, 17        ; lsm_get_self_attr
 15: jge  #0x400001ce, 16, 213       ; mseal
 16: jge  #0x400001d3, 213, 214      ; open_tree_attr
 17: jeq  #0x400001c2, 213, 214      ; set_mempolicy_home_node
 18: jge  #0x400001b2, 19, 23        ; pidfd_open
 19: jge  #0x400001b6, 20, 22        ; pidfd_getfd
 20: jeq  #0x400001b7, 214, 21       ; faccessat2
 21: jeq  #0x400001b9, 214, 213      ; epoll_pwait2
 22: jeq  #0x400001b3, 130, 214      ; clone3
 23: jge  #0x40000150, 24, 25        ; uprobe
 24: jeq  #0x400001a8, 214, 213      ; pidfd_send_signal
 25: jge  #0x40000147, 26, 214
 26: jge  #0x40000149, 214, 213      ; pkey_mprotect
 27: jge  #0x40000116, 28, 36
 28: jge  #0x40000133, 29, 32
 29: jge  #0x4000013a, 30, 31        ; sched_setattr
 30: jge  #0x40000140, 213, 214      ; kexec_file_load
 31: jeq  #0x40000135, 214, 213      ; getcpu
 32: jge  #0x4000012d, 33, 34        ; fanotify_mark
 33: jeq  #0x40000130, 213, 214      ; open_by_handle_at
 34: jge  #0x40000118, 35, 213       ; utimensat
 35: jge  #0x40000127, 213, 214
 36: jge  #0x400000fb, 37, 40        ; ioprio_set
 37: jge  #0x40000110, 38, 39        ; unshare
 38: jge  #0x40000113, 214, 213      ; splice
 39: jeq  #0x40000100, 213, 214      ; migrate_pages
 40: jge  #0x400000f4, 41, 42
 41: jeq  #0x400000f5, 214, 213      ; mq_getsetattr
 42: jge  #0x400000f0, 214, 213      ; mq_open
 43: jge  #0x40000099, 44, 57        ; vhangup
 44: jge  #0x400000cf, 45, 51        ; io_destroy
 45: jge  #0x400000d8, 46, 48        ; remap_file_pages
 46: jeq  #0x400000de, 213, 47
 47: jeq  #0x400000e3, 213, 214      ; clock_settime
 48: jge  #0x400000d3, 49, 50
 49: jeq  #0x400000d5, 214, 213      ; epoll_create
 50: jeq  #0x400000d1, 213, 214
 51: jge  #0x4000009d, 52, 56        ; prctl
 52: jge  #0x400000a3, 53, 55        ; acct
 53: jge  #0x400000ba, 54, 213       ; gettid
 54: jge  #0x400000cd, 213, 214
 55: jeq  #0x400000a1, 213, 214      ; chroot
 56: jeq  #0x4000009a, 214, 213      ; modify_ldt
 57: jge  #0x40000039, 58, 68        ; fork
 58: jge  #0x4000007f, 59, 65
 59: jge  #0x40000084, 60, 64        ; utime
 60: jeq  #0x40000086, 213, 61
 61: jeq  #0x40000087, 174, 62       ; personality
 62: jeq  #0x40000088, 213, 63       ; ustat
 63: jeq  #0x4000008b, 213, 214      ; sysfs
 64: jeq  #0x40000082, 214, 213      ; rt_sigsuspend
 65: jeq  #0x4000003b, 213, 66
 66: jeq  #0x40000065, 213, 67
 67: jeq  #0x40000067, 213, 214      ; syslog
 68: jge  #0x40000015, 69, 74        ; access
 69: jge  #0x4000002d, 70, 73
 70: jge  #0x40000036, 71, 72
 71: jge  #0x40000038, 182, 213      ; clone
 72: jge  #0x40000030, 214, 213      ; shutdown
 73: jeq  #0x40000029, 138, 214      ; socket
 74: jge  #0x4000000f, 75, 77
 75: jge  #0x40000011, 76, 213       ; pread64
 76: jge  #0x40000013, 213, 214
 77: jeq  #0x4000000d, 213, 214
 78: jge  #0x1d3, 213, 79            ; open_tree_attr
 79: jge  #0x1bc, 122, 126           ; landlock_create_ruleset
 80: jge  #0x150, 81, 82             ; uprobe
 81: jeq  #0x1a8, 214, 213           ; pidfd_send_signal
 82: jge  #0x12a, 83, 92             ; perf_event_open
 83: jge  #0x138, 84, 88             ; kcmp
 84: jge  #0x144, 214, 85            ; membarrier
 85: jge  #0x140, 86, 87             ; kexec_file_load
 86: jeq  #0x142, 214, 213           ; execveat
 87: jge  #0x13a, 214, 213           ; sched_setattr
 88: jge  #0x12b, 89, 213            ; recvmmsg
 89: jeq  #0x12c, 213, 90            ; fanotify_init
 90: jeq  #0x130, 213, 91            ; open_by_handle_at
 91: jeq  #0x134, 213, 214           ; setns
 92: jeq  #0x100, 213, 93            ; migrate_pages
 93: jeq  #0x110, 213, 94            ; unshare
 94: jeq  #0x117, 213, 214           ; move_pages
 95: jge  #0x86, 96, 112             ; uselib
 96: jge  #0xba, 97, 103             ; gettid
 97: jge  #0xec, 98, 101             ; vserver
 98: jge  #0xf6, 99, 100             ; kexec_load
 99: jeq  #0xf7, 214, 213            ; waitid
100: jge  #0xf0, 214, 213            ; mq_open
101: jeq  #0xd4, 213, 102            ; lookup_dcookie
102: jeq  #0xe3, 213, 214            ; clock_settime
103: jge  #0xa3, 213, 104            ; acct
104: jge  #0x99, 105, 108            ; vhangup
105: jge  #0x9d, 106, 107            ; prctl
106: jeq  #0xa1, 213, 214            ; chroot
107: jeq  #0x9a, 214, 213            ; modify_ldt
108: jge  #0x89, 109, 110            ; statfs
109: jeq  #0x8b, 213, 214            ; sysfs
110: jge  #0x87, 111, 213            ; personality
111: jge  #0x88, 213, 174            ; ustat
112: jge  #0x39, 189, 113            ; fork
113: jeq  #0x29, 138, 114            ; socket
114: jeq  #0x38, 182, 214            ; clone
115: jeq  #0x40000003, 116, 215      ; x86
116: ld [0]                          ; number
117: jge  #0x111, 118, 155           ; vserver
118: jge  #0x183, 119, 134
119: jge  #0x1d3, 213, 120           ; open_tree_attr
120: jge  #0x1a9, 121, 131           ; io_uring_setup
121: jge  #0x1bc, 122, 125           ; landlock_create_ruleset
122: jge  #0x1cb, 123, 124           ; lsm_get_self_attr
123: jge  #0x1ce, 214, 213           ; mseal
124: jeq  #0x1c2, 213, 214           ; set_mempolicy_home_node
125: jge  #0x1b2, 126, 213           ; pidfd_open
126: jge  #0x1b6, 127, 129           ; pidfd_getfd
127: jeq  #0x1b7, 214, 128           ; faccessat2
128: jeq  #0x1b9, 214, 213           ; epoll_pwait2
129: jeq  #0x1b3, 130, 214           ; clone3
130: ret  #0x50026                   ; errno(38)
131: jge  #0x189, 132, 213           ; semget
132: jeq  #0x194, 213, 133           ; clock_settime64
133: jeq  #0x19f, 213, 214
134: jge  #0x150, 135, 148           ; perf_event_open
135: jge  #0x15f, 136, 143           ; sched_setattr
136: jeq  #0x165, 213, 137           ; bpf
137: jeq  #0x167, 138, 142           ; socket
138: ld [16]                         ; argument 0, low half
139: jge  #0x26, 140, 214
140: jeq  #0x27, 214, 141
141: jgt  #0x28, 214, 213
142: jeq  #0x176, 213, 214           ; userfaultfd
143: jge  #0x15d, 213, 144           ; kcmp
144: jge  #0x151, 145, 213           ; recvmmsg
145: jeq  #0x152, 213, 146           ; fanotify_init
146: jeq  #0x156, 213, 147           ; open_by_handle_at
147: jeq  #0x15a, 213, 214           ; setns
148: jge  #0x121, 149, 152           ; ioprio_set
149: jeq  #0x126, 213, 150           ; migrate_pages
150: jeq  #0x136, 213, 151           ; unshare
151: jeq  #0x13d, 213, 214           ; move_pages
152: jge  #0x11b, 153, 154           ; kexec_load
153: jeq  #0x11c, 214, 213           ; waitid
154: jge  #0x115, 214, 213           ; mq_open
155: jge  #0x8a, 156, 168            ; setfsuid
156: jge  #0xbe, 157, 163            ; vfork
157: jge  #0xe0, 158, 161            ; gettid
158: jeq  #0xfb, 213, 159
159: jeq  #0xfd, 213, 160            ; lookup_dcookie
160: jeq  #0x108, 213, 214           ; clock_settime
161: jge  #0xde, 213, 162
162: jeq  #0xd9, 213, 214            ; pivot_root
163: jge  #0xa6, 164, 167            ; vm86
164: jge  #0xaa, 165, 166            ; setresgid
165: jge  #0xbc, 213, 214            ; getpmsg
166: jeq  #0xa8, 214, 213            ; poll
167: jeq  #0x95, 213, 214            ; _sysctl
168: jge  #0x4b, 169, 193            ; setrlimit
169: jge  #0x6d, 170, 186            ; olduname
170: jge  #0x7f, 171, 180            ; create_module
171: jge  #0x84, 172, 213            ; getpgid
172: jge  #0x86, 173, 214            ; bdflush
173: jeq  #0x88, 174, 213            ; personality
174: ld [16]                         ; argument 0, low half
175: jset #0xffffffff, 176, 214
176: jeq  #0x8, 214, 177
177: jeq  #0x20000, 214, 178
178: jeq  #0x20008, 214, 179
179: jeq  #0xffffffff, 214, 213
180: jge  #0x74, 181, 185            ; sysinfo
181: jeq  #0x78, 182, 184            ; clone
182: ld [16]                         ; argument 0, low half
183: jset #0x7e020000, 213, 214
184: jeq  #0x79, 213, 214            ; setdomainname
185: jeq  #0x72, 214, 213            ; wait4
186: jge  #0x5a, 187, 190            ; mmap
187: jeq  #0x62, 213, 188            ; profil
188: jeq  #0x65, 213, 189            ; ioperm
189: jeq  #0x67, 213, 214            ; syslog
190: jge  #0x54, 191, 192            ; oldlstat
191: jeq  #0x55, 214, 213            ; readlink
192: jeq  #0x4f, 213, 214            ; settimeofday
193: jge  #0x24, 194, 205            ; sync
194: jge  #0x33, 195, 203            ; acct
195: jge  #0x3f, 196, 199            ; dup2
196: jge  #0x46, 197, 198            ; setreuid
197: jge  #0x48, 213, 214            ; sigsuspend
198: jge  #0x43, 213, 214            ; sigaction
199: jge  #0x3a, 200, 201            ; ulimit
200: jeq  #0x3c, 214, 213            ; umask
201: jge  #0x36, 202, 213            ; ioctl
202: jeq  #0x38, 213, 214            ; mpx
203: jeq  #0x2c, 213, 204            ; prof
204: jeq  #0x30, 213, 214            ; signal
205: jge  #0x11, 206, 214            ; break
206: jge  #0x17, 207, 211            ; setuid
207: jge  #0x1f, 208, 209            ; stty
208: jeq  #0x21, 214, 213            ; access
209: jeq  #0x19, 213, 210            ; stime
210: jeq  #0x1c, 213, 214            ; oldfstat
211: jge  #0x13, 212, 213            ; lseek
212: jge  #0x15, 213, 214            ; mount
213: ret  #0x50001                   ; errno(1)
214: ret  #0x7fff0000                ; allow
215: ret  #0x80000000                ; kill-process
