// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The scheduler: what threads wait for, how long they queue. Nothing is allocated here: run queues are locked. */
#include "podtrace/connection.h"
#include "podtrace/file.h"
#include "podtrace/object.h"
#include "podtrace/sched.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum podtrace_sched_kind unused_sched_kind __attribute__((unused));
enum podtrace_sched_reason unused_sched_reason __attribute__((unused));

/* Before 5.14 `state` was a long: commit 2f064a59a11f ("sched: Change task_struct::state"). */
struct task_struct___long_state {
	volatile long state;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ((struct task_struct___long_state *)task, state);
}

/* The registers a task entered the kernel with: at the end of its kernel stack. */
static __always_inline struct pt_regs *registers_of(struct task_struct *task)
{
	return (void *)BPF_CORE_READ(task, stack) + thread_size - sizeof(struct pt_regs);
}

/* FUTEX_* of include/uapi/linux/futex.h */
enum {
	FUTEX_CLOCK_REALTIME_FLAG = 256,
	FUTEX_COMMAND = 127,
	FUTEX_WAIT_COMMAND = 0,
	FUTEX_LOCK_PI_COMMAND = 6,
	FUTEX_WAIT_BITSET_COMMAND = 9, /* Rust's std waits by it */
	FUTEX_LOCK_PI2_COMMAND = 13,
};

/* The value that the mutexes of glibc, musl and Rust's std wait on: locked, with waiters. And the one that glibc's
 * read-write locks wait on, always by the wall clock: write phase or writer, with waiters. Condition variables that wait
 * so have even values there. */
enum { MUTEX_CONTENDED = 2, RWLOCK_CONTENDED = 3 };

static __always_inline __u8 futex_reason(struct pt_regs *registers)
{
	__u32 operation = PT_REGS_PARM2_CORE_SYSCALL(registers), command = operation & FUTEX_COMMAND;
	__u32 value = PT_REGS_PARM3_CORE_SYSCALL(registers);

	if (command == FUTEX_LOCK_PI_COMMAND || command == FUTEX_LOCK_PI2_COMMAND)
		return PODTRACE_WAIT_LOCK;
	if ((command == FUTEX_WAIT_COMMAND || command == FUTEX_WAIT_BITSET_COMMAND) && value == MUTEX_CONTENDED)
		return PODTRACE_WAIT_LOCK;
	if (command == FUTEX_WAIT_BITSET_COMMAND && operation & FUTEX_CLOCK_REALTIME_FLAG && value == RWLOCK_CONTENDED)
		return PODTRACE_WAIT_LOCK;
	return PODTRACE_WAIT_CONDITION;
}

static __always_inline __u8 descriptor_reason(struct task_struct *task, struct pt_regs *registers)
{
	__u32 descriptor = PT_REGS_PARM1_CORE_SYSCALL(registers);
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	__u16 type;

	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return PODTRACE_WAIT_OTHER;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + descriptor);
	type = BPF_CORE_READ(file, f_inode, i_mode) & K_S_IFMT;
	if (type == K_S_IFSOCK)
		return PODTRACE_WAIT_NETWORK;
	if (type == K_S_IFIFO)
		return PODTRACE_WAIT_PIPE;
	if (type == K_S_IFREG && is_real_file(BPF_CORE_READ(file, f_inode)))
		return PODTRACE_WAIT_DISK;
	return PODTRACE_WAIT_OTHER;
}

/* Whether a task does not run because somebody keeps it from running: a signal, a debugger, or a frozen cgroup. The system
 * call it was in then is not what it waits for. */
static __always_inline bool is_held_up(struct task_struct *task, __u32 state)
{
	if (state & (K_TASK_STOPPED | K_TASK_TRACED | K_TASK_FROZEN))
		return true;
	return bpf_core_field_exists(task->frozen) && BPF_CORE_READ_BITFIELD_PROBED(task, frozen);
}

/* What a task that leaves the CPU is going to wait for. */
static __always_inline __u8 reason_to_wait(struct task_struct *task)
{
	__u32 state = task_state(task);
	bool uninterruptible = state & K_TASK_UNINTERRUPTIBLE;
	struct pt_regs *registers;
	__u64 number;
	__u8 asked;

	if (is_held_up(task, state))
		return PODTRACE_WAIT_STOPPED;
	if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait))
		return PODTRACE_WAIT_DISK;
	registers = registers_of(task);
#if defined(__TARGET_ARCH_x86)
	number = BPF_CORE_READ(registers, orig_ax);
#else
	number = BPF_CORE_READ(registers, syscallno);
#endif
	if (number >= PODTRACE_SYSCALLS)
		return PODTRACE_WAIT_OTHER; /* a fault or an interrupt */
	asked = reason_of[number & (PODTRACE_SYSCALLS - 1)];
	if (asked == PODTRACE_ASK_SYNC)
		return PODTRACE_WAIT_DISK;
	if (uninterruptible)
		return PODTRACE_WAIT_OTHER;
	if (asked == PODTRACE_ASK_FUTEX)
		return futex_reason(registers);
	if (asked == PODTRACE_ASK_DESCRIPTOR)
		return descriptor_reason(task, registers);
	return asked;
}

static __always_inline bool is_idle(__u8 reason)
{
	return reason == PODTRACE_WAIT_SLEEP || reason == PODTRACE_WAIT_POLL || reason == PODTRACE_WAIT_CONDITION ||
	       reason == PODTRACE_WAIT_CHILD || reason == PODTRACE_WAIT_ACCEPT;
}

/* Counts a wait that ended. Idle waits are counted, never notable. */
static __always_inline void count_wait(struct thread_state *state, struct task_struct *task, __u64 duration)
{
	if (!enabled(PODTRACE_SCHED_OFFCPU))
		return;
	if (is_idle(state->reason))
		count(state->process, PODTRACE_SCHED_OFFCPU, state->reason, 0, true, duration, 0);
	else
		conclude_of(OF_TASK(task, pid), state->process, PODTRACE_SCHED_OFFCPU, state->reason, state->off_ns,
			    duration);
}

/* A thread that leaves the CPU without having been seen to come: on a loaded machine some switches to a thread are not
 * shown to tracepoints. Its wait is known if its waking was seen; its time in the run queue is not. */
static __always_inline void end_unseen(struct thread_state *state, struct task_struct *task)
{
	if (!state->off_ns)
		return;
	if (state->reason != NOT_BLOCKED && state->wake_ns > state->off_ns)
		count_wait(state, task, state->wake_ns - state->off_ns);
	else if (state->reason != NOT_BLOCKED)
		lose(PODTRACE_SCHED_OFFCPU, PODTRACE_PROBE_SKIPPED);
	lose(PODTRACE_SCHED_RUNQ, PODTRACE_PROBE_SKIPPED);
}

static __always_inline void leaves(struct task_struct *task, bool preempted)
{
	struct thread_state *state = state_of(task, false);

	if (!state)
		return;
	refresh(state, task);
	end_unseen(state, task);
	state->off_ns = bpf_ktime_get_ns();
	state->wake_ns = 0;
	state->on_ns = 0;
	state->reason = preempted || !task_state(task) ? NOT_BLOCKED : reason_to_wait(task);
}

static __always_inline void comes(struct task_struct *task)
{
	struct thread_state *state = state_of(task, false);
	__u64 now, ready;

	if (!state)
		return;
	refresh(state, task);
	now = bpf_ktime_get_ns();
	state->on_ns = now;
	state->on_runtime = BPF_CORE_READ(task, se.sum_exec_runtime);
	ready = state->wake_ns;
	if (state->off_ns) {
		if (state->reason == NOT_BLOCKED) {
			ready = state->off_ns;
		} else {
			/* Woken before it had quite left: the wait was over at once. */
			count_wait(state, task, (ready ? ready : now) - state->off_ns);
		}
	}
	if (ready && enabled(PODTRACE_SCHED_RUNQ))
		conclude_of(OF_TASK(task, pid), state->process, PODTRACE_SCHED_RUNQ, 0, ready, now - ready);
	state->off_ns = 0;
	state->wake_ns = 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempted, struct task_struct *previous, struct task_struct *next)
{
	if (is_traced(previous->tgid))
		leaves(previous, preempted);
	if (is_traced(next->tgid))
		comes(next);
	return 0;
}

static __always_inline void wakes(struct task_struct *task)
{
	struct thread_state *state = state_of(task, false);

	if (state)
		state->wake_ns = bpf_ktime_get_ns();
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *task)
{
	if (is_traced(task->tgid))
		wakes(task);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *task)
{
	if (is_traced(task->tgid))
		wakes(task);
	return 0;
}

/* Marks the connection that a thread is waiting to receive from. */
static __always_inline void await(struct thread_state *state)
{
	struct connection *connection;

	if (state->kind != PODTRACE_TCP_RECV ||
	    (state->exit != PODTRACE_EXIT_TCP && state->exit != PODTRACE_EXIT_TCP_MESSAGES &&
	     state->exit != PODTRACE_EXIT_POLL))
		return;
	connection = connection_of(state->pointer);
	if (connection)
		connection->flags |= AWAITED;
}

/* Waits that go on while the trace begins or ends count with the part that lies in it. Read once targets were taken in, and
 * when the trace ends, before the gate is closed: a wait that is counted here has no begin any more, and is not again. */
SEC("iter/task")
int settle_waits(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	__u64 now = bpf_ktime_get_ns();
	struct thread_state *state;

	if (!task || !is_traced(BPF_CORE_READ(task, tgid)))
		return 0;
	state = state_of(task, false);
	if (!state || task_state(task) & K_TASK_DEAD)
		return 0;
	refresh(state, task);
	if (trace_ended_ns) {
		if (state->off_ns && state->reason != NOT_BLOCKED && trace_ended_ns > state->off_ns)
			count_wait(state, task, (state->wake_ns ? state->wake_ns : trace_ended_ns) - state->off_ns);
		state->off_ns = 0;
		await(state);
	} else if (!state->off_ns && !state->on_ns && task_state(task) && !BPF_CORE_READ(task, on_cpu)) {
		/* It left before it was looked at: had it left since, its state would say so. The time is from before
		 * the look at it, so that no waking is earlier. */
		state->reason = reason_to_wait(task);
		state->off_ns = now;
	}
	return 0;
}
