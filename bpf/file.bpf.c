// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Files: what is not the plain read or write of a descriptor (for those see syscalls.bpf.c). */
#include "podtrace/file.h"
#include "podtrace/connection.h"
#include "podtrace/walk.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Kinds live in BTF through this. */
enum podtrace_file_kind unused_file_kind __attribute__((unused));

/* Ends an operation on a path that a program gave and that no descriptor stands for. */
static __always_inline void finish_given(struct thread_state *state, __u8 kind, __u64 now, long result)
{
	__u64 object;

	if (!enabled(kind))
		return;
	object = given_path(state->address);
	conclude(state->process, kind, 0, object, true, state->enter_ns, now - state->enter_ns,
		 result < 0 ? result : 0);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_open, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	__u64 now = bpf_ktime_get_ns(), object;
	struct described it;

	if (!state)
		return 0;
	if (result < 0) {
		finish_given(state, PODTRACE_FILE_OPEN, now, result);
		return 0;
	}
	describe(current_task(), result, &it);
	if (it.class != CLASS_FILE || !enabled(PODTRACE_FILE_OPEN))
		return 0;
	object = file_object(it.file, it.inode);
	conclude(state->process, PODTRACE_FILE_OPEN, 0, object, true, state->enter_ns, now - state->enter_ns, 0);
	if (is_defined(object))
		return 0;
	begin_walk(object, it.file);
	bpf_tail_call(ctx, &exit_handlers, PODTRACE_EXIT_WALK);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_truncate, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);

	if (state)
		finish_given(state, PODTRACE_FILE_TRUNCATE, bpf_ktime_get_ns(), result);
	return 0;
}

/* Counts one side of a call that reads on one side and writes on the other. */
static __always_inline void finish_side(struct thread_state *state, __u8 kind, __u64 object, long result)
{
	__u64 duration = bpf_ktime_get_ns() - state->enter_ns;

	/* Waiting to receive is no latency. */
	if (object && enabled(kind))
		conclude(state->process, kind, 0, object, kind != PODTRACE_TCP_RECV, state->enter_ns, duration, result);
}

/* The connection on one side; 0 if there is none. */
static __always_inline __u64 peer_of_side(struct thread_state *state, __u64 sock)
{
	struct connection *connection = sock ? connection_of(sock) : NULL;

	if (sock && !connection)
		connection = adopt_open(sock, state->process);
	return connection ? connection->object : 0;
}

/* One call that reads on one side and writes on the other: an operation of each side that is a file or a connection.
 * In two programs, because what the verifier has to follow multiplies. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_pair, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);

	if (!state)
		return 0;
	if (state->address)
		finish_side(state, PODTRACE_TCP_RECV, peer_of_side(state, state->address), result);
	else
		finish_side(state, PODTRACE_FILE_READ, state->object, result);
	bpf_tail_call(ctx, &exit_handlers, PODTRACE_EXIT_PAIR_WRITE);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_pair_write, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);

	if (!state)
		return 0;
	if (state->pointer)
		finish_side(state, PODTRACE_TCP_SEND, peer_of_side(state, state->pointer), result);
	else
		finish_side(state, PODTRACE_FILE_WRITE, state->other, result);
	return 0;
}
