/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The fields of kernel structures that podtrace reads, and nothing else. Offsets are relocated by CO-RE when a program
 * is loaded, so order and size here mean nothing; only names and types do.
 */
#ifndef PODTRACE_KERNEL_H
#define PODTRACE_KERNEL_H

#define __VMLINUX_H__ /* bpf_tracing.h: use the kernel's names of pt_regs fields */

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false, true };

/* include/uapi/linux/bpf.h: the map types, flags and update modes that are used. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2, BPF_RB_AVAIL_DATA = 0 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
};
struct pt_regs {
	__u64 regs[31];
	__u64 sp, pc, pstate;
	__u64 orig_x0;
	__s32 syscallno;
};
#endif

struct list_head {
	struct list_head *next, *prev;
};

typedef struct {
	int counter;
} atomic_t;

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup_root *root;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup *dfl_cgrp;
	struct cgroup_subsys_state *subsys[];
};

enum cgroup_subsys_id { memory_cgrp_id = 4, pids_cgrp_id = 11, cpu_cgrp_id = 1 };

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct qstr {
	__u64 hash_len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct mnt_namespace *mnt_ns;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	int mnt_id;
	__u64 mnt_id_unique;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	__u32 i_generation;
	__u16 i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_rdev;
};

struct file {
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct linux_binprm {
	const char *filename;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	__u64 sum_sched_runtime;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct thread_info {
	__u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	unsigned int flags;
	int on_cpu;
	struct sched_entity se;
	struct mm_struct *mm;
	int exit_code;
	unsigned in_iowait : 1;
	unsigned frozen : 1;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_time;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_userlocks : 4;
	__u16 sk_protocol;
	int sk_err;
	__u8 sk_shutdown;
};

struct mptcp_sock {
	struct sock *first;
};

struct minmax_sample {
	__u32 t;
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_sock {
	__u32 srtt_us;
	__u32 mdev_us;
	__u32 rcv_nxt;
	__u32 copied_seq;
	struct minmax rtt_min;
};

struct socket {
	struct sock *sk;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

#pragma clang attribute pop

/* What user space hands in. Fixed layouts: no relocation. */

struct user_sockaddr {
	__u16 family;
	__be16 port;
	union {
		__be32 v4;
		struct {
			__u32 flow;
			__u8 address[16];
		} v6;
	};
};

struct user_msghdr {
	__u64 name;
	__u32 name_len;
	__u32 pad;
	__u64 iov;
	__u64 iov_len;
	__u64 control;
	__u64 control_len;
	__u32 flags;
	__u32 pad2;
};

struct user_pollfd {
	__s32 fd;
	__s16 events;
	__s16 revents;
};

struct user_mmsghdr {
	struct user_msghdr header;
	__u32 length;
	__u32 pad;
};

/* Values the kernel's headers define; each cites its header. */
enum {
	K_AF_INET = 2,	    /* include/linux/socket.h */
	K_AF_INET6 = 10,    /* include/linux/socket.h */
	K_IPPROTO_TCP = 6,  /* include/uapi/linux/in.h */
	K_IPPROTO_UDP = 17, /* include/uapi/linux/in.h */
	K_IPPROTO_MPTCP = 262, /* include/uapi/linux/in.h */
	K_S_IFMT = 0170000, /* include/uapi/linux/stat.h, and the S_IF* below */
	K_S_IFSOCK = 0140000,
	K_S_IFREG = 0100000,
	K_S_IFBLK = 0060000,
	K_S_IFDIR = 0040000,
	K_S_IFCHR = 0020000,
	K_S_IFIFO = 0010000,
	K_ANON_INODE_MAGIC = 0x09041934, /* include/uapi/linux/magic.h, and the two below */
	K_PIDFS_MAGIC = 0x50494446,
	K_NSFS_MAGIC = 0x6e736673,
	K_SOCK_BINDPORT_LOCK = 8,  /* include/net/sock.h */
	K_SIGNAL_GROUP_EXIT = 4,   /* include/linux/sched/signal.h */
	K_PF_KTHREAD = 0x00200000, /* include/linux/sched.h */
	K_MAX_ERRNO = 4095,	   /* include/linux/err.h */
	K_TASK_INTERRUPTIBLE = 1,  /* include/linux/sched.h, and those below */
	K_TASK_UNINTERRUPTIBLE = 2,
	K_TASK_STOPPED = 4,
	K_TASK_TRACED = 8,
	K_TASK_DEAD = 0x80,
	K_TASK_FROZEN = 0x8000, /* since 6.1 */
	K_TS_COMPAT = 2, /* arch/x86/include/asm/thread_info.h */
	K_POLLIN = 1,	 /* include/uapi/asm-generic/poll.h */
	K_MSG_PEEK = 2,	 /* include/linux/socket.h, and the one below */
	K_MSG_ERRQUEUE = 0x2000,
	K_EINTR = 4, /* include/uapi/asm-generic/errno-base.h and errno.h */
	K_EAGAIN = 11,
	K_EISCONN = 106,
	K_EALREADY = 114,
	K_EINPROGRESS = 115,
	K_ERESTARTSYS = 512, /* include/linux/errno.h */
	K_ERESTART_RESTARTBLOCK = 516,
	K_TCP_ESTABLISHED = 1, /* include/net/tcp_states.h, and those below */
	K_TCP_SYN_SENT = 2,
	K_TCP_SYN_RECV = 3,
	K_TCP_FIN_WAIT1 = 4,
	K_TCP_FIN_WAIT2 = 5,
	K_TCP_CLOSE = 7,
	K_TCP_CLOSE_WAIT = 8,
	K_TCP_LISTEN = 10,
};

#endif
