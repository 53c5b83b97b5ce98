// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* UDP: datagrams, bytes and errors per peer. */
#include "podtrace/udp.h"
#include "podtrace/peer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum podtrace_udp_kind unused_udp_kind __attribute__((unused));

/* The peer of a datagram: the address that stands in user space, else the one the socket is connected to. A socket that
 * was bound to a port on purpose and is not connected is a server: its peers' ports are short-lived. */
static __always_inline __u64 peer_of_datagram(__u64 sock, __u64 address)
{
	struct sock *socket = (void *)sock;
	struct peer peer;

	if (GET(struct sock, socket, __sk_common.skc_dport)) {
		peer_of_sock(socket, &peer);
	} else if (!address || !peer_of_user(address, &peer)) {
		__builtin_memset(&peer, 0, sizeof(peer));
		as_server(socket, &peer);
	} else if (BPF_CORE_READ_BITFIELD_PROBED(socket, sk_userlocks) & K_SOCK_BINDPORT_LOCK) {
		as_server(socket, &peer);
	}
	return define_peer(&peer);
}

/* Counts a datagram; waiting for one is no latency. */
static __always_inline void finish_datagram(struct thread_state *state, __u64 address, __u64 duration, __s64 result)
{
	__u64 object = peer_of_datagram(state->pointer, address);
	__u8 kind = state->kind;

	if (enabled(kind))
		conclude(state->process, kind, 0, object, kind == PODTRACE_UDP_SEND, state->enter_ns, duration, result);
}

/* The address in a message's header, 0 if there is none. */
static __always_inline __u64 name_of_message(__u64 header)
{
	struct {
		__u64 name;
		__u32 length;
		__u32 pad;
	} head = {};

	if (!header || bpf_probe_read_user(&head, sizeof(head), (void *)header))
		return 0;
	return head.length ? head.name : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_udp, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	__u64 address;

	if (!state)
		return 0;
	address = state->address;
	if (state->operation == PODTRACE_OP_RECVMSG || state->operation == PODTRACE_OP_SENDMSG)
		address = name_of_message(address);
	/* A receive that failed has no peer but the socket's. */
	if (result < 0 && state->kind == PODTRACE_UDP_RECV)
		address = 0;
	finish_datagram(state, address, bpf_ktime_get_ns() - state->enter_ns, result);
	return 0;
}

/* Messages a jump looks at. Few, so that the verifier sees a short program: with the kernel's limit of 33 jumps that
 * makes 528 of the 1,024 messages a call may have; those beyond are counted as lost. */
enum { MESSAGES_A_CALL = 16 };

/* sendmmsg and recvmmsg: each message is an operation; the time is the call's, and given to the first. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_udp_messages, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	__u64 message, duration;
	__u32 length, done;

	if (!state || !enabled(state->kind))
		return 0;
	if (result < 0) {
		finish_datagram(state, 0, bpf_ktime_get_ns() - state->enter_ns, result);
		return 0;
	}
	done = state->done;
	for (int i = 0; i < MESSAGES_A_CALL; i++, done++) {
		if (done >= result)
			return 0;
		message = state->address + done * sizeof(struct user_mmsghdr);
		if (bpf_probe_read_user(&length, sizeof(length),
					(void *)(message + offsetof(struct user_mmsghdr, length)))) {
			lose_many(state->kind, PODTRACE_STATE_LOST, result - done);
			return 0;
		}
		duration = done ? 0 : bpf_ktime_get_ns() - state->enter_ns;
		finish_datagram(state, name_of_message(message), duration, length);
	}
	state->done = done;
	bpf_tail_call(ctx, &exit_handlers, PODTRACE_EXIT_UDP_MESSAGES);
	lose_many(state->kind, PODTRACE_STATE_LOST, result - done);
	return 0;
}
