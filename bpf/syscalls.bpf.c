// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * System calls: entered once, gated once, classified once, whatever the number of families interested. The dispatchers
 * jump to handlers by tail call; operations on files end right here, because they are the most frequent.
 */
#include "podtrace/file.h"
#include "podtrace/tcp.h"
#include "podtrace/udp.h"
#include "podtrace/walk.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Jumps to the handler that begins an operation. The places are constants: the kernel makes direct jumps of those, and
 * an indirect one costs tens of nanoseconds where it has to be guarded against speculation. */
static __always_inline void jump_to_enter(void *ctx, __u8 operation)
{
	if (operation <= PODTRACE_OP_ACCEPT)
		bpf_tail_call_static(ctx, &enter_handlers, PODTRACE_ENTER_DESCRIPTOR);
	else if (operation == PODTRACE_OP_SENDFILE || operation == PODTRACE_OP_SPLICE)
		bpf_tail_call_static(ctx, &enter_handlers, PODTRACE_ENTER_PAIR);
	else
		bpf_tail_call_static(ctx, &enter_handlers, PODTRACE_ENTER_PLAIN);
}

static __always_inline bool is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return OF_TASK(task, thread_info.status) & K_TS_COMPAT;
#else
	return false;
#endif
}

SEC("tp_btf/sys_enter")
int BPF_PROG(dispatch_enter, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	__u8 operation;

	if (!is_task_traced(task) || (__u64)number >= PODTRACE_SYSCALLS)
		return 0;
	/* Its numbers mean something else. */
	if (is_compat(task)) {
		lose(0, PODTRACE_COMPAT_SYSCALL);
		return 0;
	}
	operation = operation_of[number & (PODTRACE_SYSCALLS - 1)];
	if (operation)
		jump_to_enter(ctx, operation);
	return 0;
}

/* Begins an operation: the state of the thread, cleared of what an earlier one left. */
static __always_inline struct thread_state *begin(struct task_struct *task, long number)
{
	struct thread_state *state = state_of(task, true);

	if (!state) {
		lose(0, PODTRACE_STATE_LOST);
		return NULL;
	}
	refresh(state, task);
	state->number = number;
	state->operation = operation_of[number & (PODTRACE_SYSCALLS - 1)];
	state->exit = 0;
	return state;
}

static __always_inline __u8 file_kind(__u8 operation)
{
	switch (operation) {
	case PODTRACE_OP_READ:
		return PODTRACE_FILE_READ;
	case PODTRACE_OP_WRITE:
		return PODTRACE_FILE_WRITE;
	case PODTRACE_OP_CLOSE:
		return PODTRACE_FILE_CLOSE;
	case PODTRACE_OP_FSYNC:
		return PODTRACE_FILE_FSYNC;
	case PODTRACE_OP_FTRUNCATE:
		return PODTRACE_FILE_TRUNCATE;
	}
	return 0;
}

static __always_inline bool is_sending(__u8 operation)
{
	return operation == PODTRACE_OP_WRITE || operation == PODTRACE_OP_SENDTO || operation == PODTRACE_OP_SENDMSG ||
	       operation == PODTRACE_OP_SENDMMSG;
}

/* Where the peer's address, or the headers of messages, stand in user space. */
static __always_inline __u64 address_of(struct pt_regs *regs, __u8 operation)
{
	switch (operation) {
	case PODTRACE_OP_RECVFROM:
	case PODTRACE_OP_SENDTO:
		return PT_REGS_PARM5_SYSCALL(regs);
	case PODTRACE_OP_RECVMSG:
	case PODTRACE_OP_SENDMSG:
	case PODTRACE_OP_RECVMMSG:
	case PODTRACE_OP_SENDMMSG:
	case PODTRACE_OP_CONNECT:
		return PT_REGS_PARM2_SYSCALL(regs);
	}
	return 0;
}

/* Whether a receive only looks: what it returns will be received again. */
static __always_inline bool is_peek(struct pt_regs *regs, __u8 operation)
{
	__u32 flags = 0;

	if (operation == PODTRACE_OP_RECVFROM || operation == PODTRACE_OP_RECVMMSG)
		flags = PT_REGS_PARM4_SYSCALL(regs);
	else if (operation == PODTRACE_OP_RECVMSG)
		flags = PT_REGS_PARM3_SYSCALL(regs);
	return flags & (K_MSG_PEEK | K_MSG_ERRQUEUE);
}

static __always_inline void begin_socket(struct thread_state *state, struct pt_regs *regs, struct described *it)
{
	__u8 operation = state->operation;
	bool tcp = it->class == CLASS_TCP;

	if (operation == PODTRACE_OP_CLOSE || operation == PODTRACE_OP_FSYNC || operation == PODTRACE_OP_FTRUNCATE ||
	    is_peek(regs, operation))
		return;
	state->pointer = it->sock;
	state->address = address_of(regs, operation);
	state->other = 0;
	state->done = 0;
	if (operation == PODTRACE_OP_CONNECT) {
		state->kind = PODTRACE_TCP_CONNECT;
		state->exit = tcp ? PODTRACE_EXIT_CONNECT : 0;
		return;
	}
	if (operation == PODTRACE_OP_ACCEPT) {
		state->kind = PODTRACE_TCP_ACCEPT;
		state->exit = tcp ? PODTRACE_EXIT_ACCEPT : 0;
		return;
	}
	if (tcp)
		state->kind = is_sending(operation) ? PODTRACE_TCP_SEND : PODTRACE_TCP_RECV;
	else
		state->kind = is_sending(operation) ? PODTRACE_UDP_SEND : PODTRACE_UDP_RECV;
	if (operation == PODTRACE_OP_RECVMMSG || operation == PODTRACE_OP_SENDMMSG)
		state->exit = tcp ? PODTRACE_EXIT_TCP_MESSAGES : PODTRACE_EXIT_UDP_MESSAGES;
	else
		state->exit = tcp ? PODTRACE_EXIT_TCP : PODTRACE_EXIT_UDP;
}

/* Begins an operation on a file. */
static __always_inline void begin_file(struct thread_state *state, __u64 object, __u8 kind)
{
	state->object = object;
	state->kind = kind;
	state->exit = END_FILE;
	state->enter_ns = bpf_ktime_get_ns();
}

SEC("tp_btf/sys_enter")
int BPF_PROG(enter_descriptor, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	struct thread_state *state = begin(task, number);
	struct identity identity = {};
	struct described it;
	__u64 object;
	__u8 kind;

	if (!state)
		return 0;
	it.file = file_at(task, PT_REGS_PARM1_SYSCALL(regs));
	if (!it.file)
		return 0;
	it.inode = GET(struct file, it.file, f_inode);
	it.class = CLASS_NONE;
	it.sock = 0;
	kind = file_kind(state->operation);
	/* The file of the last operation: what it is and that it was defined is known. */
	if (state->last_object && state->last.inode == (__u64)it.inode && enabled(kind)) {
		identify(it.file, it.inode, &identity);
		if (is_same(&identity, &state->last)) {
			begin_file(state, state->last_object, kind);
			return 0;
		}
	}
	describe_file(&it);
	if (it.class == CLASS_TCP || it.class == CLASS_UDP) {
		begin_socket(state, regs, &it);
		state->enter_ns = bpf_ktime_get_ns();
		return 0;
	}
	if (it.class != CLASS_FILE || !enabled(kind))
		return 0;
	identify(it.file, it.inode, &state->last);
	object = object_of(&state->last);
	state->last_object = object;
	if (is_defined(object)) {
		begin_file(state, object, kind);
		return 0;
	}
	begin_walk(object, it.file);
	begin_file(state, object, kind);
	bpf_tail_call(ctx, &enter_handlers, PODTRACE_ENTER_WALK);
	return 0;
}

/* Two descriptors at once: sendfile(out, in), splice(in, offset, out) and copy_file_range, which is like splice. First the
 * side that is read. In two programs, because what the verifier has to follow multiplies. */
SEC("tp_btf/sys_enter")
int BPF_PROG(enter_pair, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	struct thread_state *state = begin(task, number);
	struct described in;

	if (!state)
		return 0;
	describe(task,
		 state->operation == PODTRACE_OP_SENDFILE ? PT_REGS_PARM2_SYSCALL(regs) : PT_REGS_PARM1_SYSCALL(regs),
		 &in);
	state->object = in.class == CLASS_FILE ? file_object(in.file, in.inode) : 0;
	state->address = in.class == CLASS_TCP ? in.sock : 0;
	state->done = state->object && !is_defined(state->object);
	if (state->done)
		begin_walk(state->object, in.file);
	bpf_tail_call_static(ctx, &enter_handlers, PODTRACE_ENTER_PAIR_WRITE);
	return 0;
}

/* Then the side that is written. `done`: the walk of the other one is prepared. */
SEC("tp_btf/sys_enter")
int BPF_PROG(enter_pair_write, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	struct thread_state *state = state_of(task, false);
	struct described out;
	bool walks;

	if (!state)
		return 0;
	describe(task,
		 state->operation == PODTRACE_OP_SENDFILE ? PT_REGS_PARM1_SYSCALL(regs) : PT_REGS_PARM3_SYSCALL(regs),
		 &out);
	state->other = out.class == CLASS_FILE ? file_object(out.file, out.inode) : 0;
	state->pointer = out.class == CLASS_TCP ? out.sock : 0;
	walks = state->done;
	if (state->other && !is_defined(state->other)) {
		if (walks)
			then_walk(state->other, out.file);
		else
			begin_walk(state->other, out.file);
		walks = true;
	}
	state->exit = PODTRACE_EXIT_PAIR;
	state->enter_ns = bpf_ktime_get_ns();
	if (walks)
		bpf_tail_call(ctx, &enter_handlers, PODTRACE_ENTER_WALK);
	return 0;
}

/* A poll for the input of one connection is a wait for what it will receive: many clients never wait inside a receive. */
static __always_inline void begin_poll(struct thread_state *state, struct task_struct *task, struct pt_regs *regs)
{
	struct user_pollfd one;
	struct described it;

	if (PT_REGS_PARM2_SYSCALL(regs) != 1 ||
	    bpf_probe_read_user(&one, sizeof(one), (void *)PT_REGS_PARM1_SYSCALL(regs)) || !(one.events & K_POLLIN))
		return;
	describe(task, one.fd, &it);
	if (it.class != CLASS_TCP)
		return;
	state->pointer = it.sock;
	state->kind = PODTRACE_TCP_RECV;
	state->exit = PODTRACE_EXIT_POLL;
}

/* Calls of which only the time and perhaps a path is needed. */
SEC("tp_btf/sys_enter")
int BPF_PROG(enter_plain, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	struct thread_state *state = begin(task, number);

	if (!state)
		return 0;
	state->address = PT_REGS_PARM1_SYSCALL(regs);
	switch (state->operation) {
	case PODTRACE_OP_OPENAT:
		state->address = PT_REGS_PARM2_SYSCALL(regs);
		state->exit = PODTRACE_EXIT_OPEN;
		break;
	case PODTRACE_OP_OPEN:
		state->exit = PODTRACE_EXIT_OPEN;
		break;
	case PODTRACE_OP_TRUNCATE:
		state->exit = PODTRACE_EXIT_TRUNCATE;
		break;
	case PODTRACE_OP_EXECAT:
		state->address = PT_REGS_PARM2_SYSCALL(regs);
		state->exit = PODTRACE_EXIT_EXEC;
		break;
	case PODTRACE_OP_EXEC:
		state->exit = PODTRACE_EXIT_EXEC;
		break;
	case PODTRACE_OP_IO_URING:
		state->exit = PODTRACE_EXIT_IO_URING;
		break;
	case PODTRACE_OP_POLL:
		begin_poll(state, task, regs);
		break;
	}
	state->enter_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(enter_walk, struct pt_regs *regs, long number)
{
	struct thread_state *state;

	if (walk_on()) {
		bpf_tail_call(ctx, &enter_handlers, PODTRACE_ENTER_WALK);
		give_up_walk();
	}
	/* The walk was ours, not the operation's. */
	state = state_of_current(false);
	if (state)
		state->enter_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_walk, struct pt_regs *regs, long result)
{
	if (walk_on()) {
		bpf_tail_call(ctx, &exit_handlers, PODTRACE_EXIT_WALK);
		give_up_walk();
	}
	return 0;
}

static __always_inline long number_of(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

/* Jumps to the handler that ends an operation; to the frequent ones directly, as above. */
static __always_inline void jump_to_exit(void *ctx, __u8 exit)
{
	if (exit == PODTRACE_EXIT_TCP)
		bpf_tail_call_static(ctx, &exit_handlers, PODTRACE_EXIT_TCP);
	else if (exit == PODTRACE_EXIT_UDP)
		bpf_tail_call_static(ctx, &exit_handlers, PODTRACE_EXIT_UDP);
	else
		bpf_tail_call(ctx, &exit_handlers, exit);
}

/* Whether a call was one that is observed. Another's end needs no state to be looked up. */
static __always_inline bool is_observed(struct pt_regs *regs)
{
	__u64 number = number_of(regs);

	return number < PODTRACE_SYSCALLS && operation_of[number & (PODTRACE_SYSCALLS - 1)];
}

/* Ends an operation on a file: the most frequent of all, so here it may be counted without looking for its tally. */
static __always_inline void end_file(struct thread_state *state, long result)
{
	__u64 object = state->object, duration = bpf_ktime_get_ns() - state->enter_ns;
	__u32 process = state->process;
	__u8 kind = state->kind;

	/* Only reads and writes return a quantity. */
	if (kind != PODTRACE_FILE_READ && kind != PODTRACE_FILE_WRITE && result > 0)
		result = 0;
	if (!count_again(&state->counted, process, kind, object, duration, result < 0 ? 0 : result))
		count_many(&state->counted, process, kind, 0, object, true, duration, result < 0 ? 0 : result, 1);
	follow_up(process, kind, 0, object, state->enter_ns, duration, result);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct thread_state *state;
	__u8 exit;

	if (!is_task_traced(task) || !is_observed(regs))
		return 0;
	state = state_of(task, false);
	if (!state || !state->exit)
		return 0;
	exit = state->exit;
	state->exit = 0;
	if (state->number != number_of(regs))
		return 0;
	if (is_retry(result)) {
		/* A receive in vain may have been a wait. An interrupted connect goes on in the background: its end is for
		 * exit_connect to judge. */
		if (exit == PODTRACE_EXIT_TCP)
			exit = PODTRACE_EXIT_POLL;
		else if (exit != PODTRACE_EXIT_CONNECT && exit != PODTRACE_EXIT_POLL)
			return 0;
	}
	if (exit != END_FILE) {
		jump_to_exit(ctx, exit);
		return 0;
	}
	end_file(state, result);
	return 0;
}

/* Requests handed to io_uring are carried out where no system call shows them: they are counted as unseen. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_io_uring, struct pt_regs *regs, long result)
{
	if (result > 0)
		lose_many(0, PODTRACE_IO_URING, result);
	return 0;
}
