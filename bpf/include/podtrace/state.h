/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The gate, and what is remembered of a thread between an entry and an exit.
 */
#ifndef PODTRACE_STATE_H
#define PODTRACE_STATE_H

#include "emit.h"

/* What tells one file from another; `file_object` makes the 64-bit name of it. */
struct identity {
	__u64 inode;	   /* the structure's address: with it goes the file system */
	__u64 number;	   /* of the inode, */
	__u64 name;	   /* its directory entry's, as hash and length, */
	__u64 parent_name; /* and that of the directory it is in */
	__u64 dentry;
	__u64 parent;
	__u64 mount;
	__u32 generation; /* of the inode's number: file systems give a number again */
	__u32 _pad;
};

/* One per thread of a traced process. Made at fork, at the start, or at the thread's first system call; never in the
 * scheduler, where memory must not be allocated. */
struct thread_state {
	__u64 enter_ns;	   /* the operation's begin; meaningless while `exit` is 0 */
	__u64 object;	   /* path or peer */
	__u64 other;	   /* second object of an operation on two files */
	__u64 pointer;	   /* struct sock */
	__u64 address;	   /* user space: where the peer's address or a path stands */
	__u64 last_object; /* known to be defined */
	__u64 off_ns;	   /* left the CPU; 0: it did not, or it is not known */
	__u64 wake_ns;	   /* woken */
	__u64 on_ns;	   /* came to the CPU */
	__u64 on_runtime;  /* sum_exec_runtime then */
	struct counted counted;
	struct identity last; /* of `last_object` */
	__u32 process;
	__u32 epoch;
	__s32 number; /* of the system call */
	__u32 done;   /* messages of a vector that were looked at */
	__u8 exit;    /* handler of its end: enum podtrace_handler, or END_FILE; 0: none */
	__u8 kind;
	__u8 operation;
	__u8 reason; /* it left the CPU for; NOT_BLOCKED: it was preempted */
	__u32 _pad;
};

enum { END_FILE = 31, NOT_BLOCKED = 255 };

#ifdef PODTRACE_DEFINE
#define STATE_MAP
#else
#define STATE_MAP extern
#endif

/* Bounded by the number of threads of targets; freed by the kernel with the thread. */
STATE_MAP struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} thread_states SEC(".maps");

/* The same before 5.11, by thread id. LRU: a thread that ended without our seeing it does not stay. */
STATE_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct thread_state);
} thread_states_by_id SEC(".maps");

/* The gate. Not ours: out, before anything else is read. */
static __always_inline bool is_traced(__u32 pid)
{
	return traced[(pid >> 6) & (PODTRACE_PID_WORDS - 1)] & (1ULL << (pid & 63));
}

/* The current task. Each call of a helper costs some nanoseconds, so whoever needs the task twice passes it on. */
static __always_inline struct task_struct *current_task(void)
{
	if (use_task_storage)
		return bpf_get_current_task_btf();
	return (void *)bpf_get_current_task();
}

/* A field of a task that a hook was handed or that is the current one. Before 5.11 the latter has no type, so that its
 * fields cannot be loaded directly. */
#define OF_TASK(task, field) (use_task_storage ? (task)->field : BPF_CORE_READ(task, field))

static __always_inline bool is_task_traced(struct task_struct *task)
{
	return is_traced(OF_TASK(task, tgid));
}

static __always_inline bool is_current_traced(void)
{
	return is_traced(bpf_get_current_pid_tgid() >> 32);
}

static __always_inline struct thread_state *state_by_id(__u32 thread, bool make)
{
	struct thread_state *state = bpf_map_lookup_elem(&thread_states_by_id, &thread);

	if (!state && make) {
		struct thread_state fresh = {};

		bpf_map_update_elem(&thread_states_by_id, &thread, &fresh, BPF_NOEXIST);
		state = bpf_map_lookup_elem(&thread_states_by_id, &thread);
	}
	return state;
}

/* The state of a task that a hook was handed or that is the current one. */
static __always_inline struct thread_state *state_of(struct task_struct *task, bool make)
{
	if (use_task_storage)
		return bpf_task_storage_get(&thread_states, task, 0, make ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	return state_by_id(BPF_CORE_READ(task, pid), make);
}

static __always_inline struct thread_state *state_of_current(bool make)
{
	return state_of(current_task(), make);
}

/* Makes sure that the state of a task knows the life of its process. */
static __always_inline void refresh(struct thread_state *state, struct task_struct *task)
{
	__u32 epoch = membership_epoch, pid;
	struct podtrace_member *member;

	if (state->epoch == epoch)
		return;
	pid = OF_TASK(task, tgid);
	member = bpf_map_lookup_elem(&members, &pid);
	state->process = member ? member->process : 0;
	state->epoch = epoch;
}

/* The life of the current process, without a state. */
static __always_inline __u32 current_process(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct podtrace_member *member = bpf_map_lookup_elem(&members, &pid);

	return member ? member->process : 0;
}

/* Results that mean "ask again", not "it failed": the operation did not happen. */
static __always_inline bool is_retry(__s64 result)
{
	return result == -K_EAGAIN || (result <= -K_ERESTARTSYS && result >= -K_ERESTART_RESTARTBLOCK);
}

#endif
