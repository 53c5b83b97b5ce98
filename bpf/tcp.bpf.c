// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* TCP: handshakes, operations, answers, round-trip times, states, resets, retransmits. */
#include "podtrace/connection.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum podtrace_tcp_kind unused_tcp_kind __attribute__((unused));

static __always_inline bool is_tcp(const struct sock *sock)
{
	return BPF_CORE_READ(sock, sk_protocol) == K_IPPROTO_TCP;
}

static __always_inline void count_connect(struct connection *connection, __s64 result)
{
	__u64 now = bpf_ktime_get_ns();

	connection->flags |= COUNTED;
	if (enabled(PODTRACE_TCP_CONNECT))
		conclude_there(connection->process, PODTRACE_TCP_CONNECT, 0, connection->object, true, connection->began_ns,
			 now - connection->began_ns, result);
}

/* A handshake begins, in the context of the process that connects. */
static __always_inline struct connection *begin_connect(__u64 sock)
{
	struct connection fresh = {.flags = CONNECTING, .began_ns = bpf_ktime_get_ns(), .side = PODTRACE_CLIENT};
	struct peer peer;

	if (!is_current_traced())
		return NULL;
	fresh.process = current_process();
	peer_of_sock((void *)sock, &peer);
	fresh.object = define_peer(&peer);
	return adopt(sock, &fresh);
}

static __always_inline void begin_listen(struct sock *sock)
{
	__u64 key = listener_key(sock);
	__u8 yes = 1;

	if (is_current_traced())
		bpf_map_update_elem(&listeners, &key, &yes, BPF_ANY);
}

/* RCV_SHUTDOWN of include/net/sock.h: nobody will read what comes. */
enum { RECEIVING_SHUT = 1 };

/* Less is no wait that anybody means: a farewell goes out right before the close, and is owed nothing. */
enum { APART_NS = 100 * 1000 * 1000 };

/* More than HTTP/2 sends by itself after it received something, and an idle connection has therefore sent last: the
 * windows of a stream and of the connection (13 bytes each, RFC 9113 section 6.9), or the acknowledgement of a ping (17,
 * section 6.7), in a record of TLS 1.3 (22 more, RFC 8446 section 5.2). */
enum { ASKED_LEAST = 64 };

/* Client: something was sent. */
static __always_inline void ask(struct connection *connection, __u64 begin, __u64 end, __u64 bytes)
{
	if (!(connection->flags & TURN)) {
		connection->flags &= ~(AWAITED | PUSHES);
		connection->asked_ns = 0;
		connection->asked = 0;
	} else if (begin - connection->turn_ns >= APART_NS) {
		if (connection->asked_ns)
			connection->flags |= PUSHES;
		connection->asked_ns = connection->turn_ns;
	}
	connection->asked += bytes;
	connection->turn_ns = end;
	connection->flags |= TURN;
}

/* Whether what was sent last asks for an answer, as far as can be told. */
static __always_inline bool asks(const struct connection *connection)
{
	return connection->flags & AWAITED || (connection->asked > ASKED_LEAST && !(connection->flags & PUSHES));
}

/* A connection of ours ends. If what was sent last was not answered, and no answer waits to be read: who ended it, and how
 * long that was after it. A farewell, if one was sent, is not what is owed an answer. */
static __always_inline void end_turn(struct connection *connection, const struct sock *sock, int from, int to)
{
	__u64 key = (__u64)sock, since = connection->turn_ns, now, least;
	__u8 how = PODTRACE_PEER_ENDED;
	__u32 unread;

	if (from != K_TCP_ESTABLISHED || connection->side != PODTRACE_CLIENT || !(connection->flags & TURN) ||
	    !enabled(PODTRACE_TCP_UNANSWERED) || !asks(connection))
		return;
	unread = GET(struct tcp_sock, key, rcv_nxt) - GET(struct tcp_sock, key, copied_seq);
	if (to == K_TCP_CLOSE_WAIT)
		unread--; /* the end itself, which has a number of its own */
	else if (BPF_CORE_READ(sock, sk_shutdown) & RECEIVING_SHUT)
		how = PODTRACE_GIVEN_UP;
	else if (to != K_TCP_CLOSE)
		return; /* Only our half is closed: the answer may still come. */
	if (unread)
		return;
	now = bpf_ktime_get_ns();
	/* srtt_us is eight times the round-trip time: the peer had four of them to answer in. */
	least = APART_NS + (__u64)GET(struct tcp_sock, key, srtt_us) * 1000 / 2;
	if (now - since < least)
		since = connection->asked_ns;
	if (!since || now - since < least)
		return;
	connection->flags &= ~TURN;
	conclude_there(connection->process, PODTRACE_TCP_UNANSWERED, how, connection->object, true, since, now - since, 0);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, const struct sock *sock, int from, int to)
{
	struct connection *connection;
	__u64 key = (__u64)sock;
	int error;

	if (!is_tcp(sock))
		return 0;
	if (to == K_TCP_LISTEN) {
		begin_listen((void *)sock);
		return 0;
	}
	connection = to == K_TCP_SYN_SENT ? begin_connect(key) : connection_of(key);
	if (!connection)
		return 0;
	count_transition(connection, from, to);
	if ((connection->flags & (CONNECTING | COUNTED)) == CONNECTING) {
		error = BPF_CORE_READ(sock, sk_err);
		if (to == K_TCP_ESTABLISHED)
			count_connect(connection, 0);
		else if (to == K_TCP_CLOSE && error)
			count_connect(connection, -(__s64)error);
		else if (to == K_TCP_CLOSE && connection->flags & RETURNED)
			count_connect(connection, -PODTRACE_ABANDONED);
	}
	end_turn(connection, sock, from, to);
	if (to == K_TCP_CLOSE)
		sample_rtt(key, connection);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroy, struct sock *sock)
{
	__u64 key = (__u64)sock;

	if (connection_of(key))
		bpf_map_delete_elem(&connections, &key);
	return 0;
}

/* The errors that end before a handshake begins, and all that the states do not tell. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_connect, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	struct connection *connection, failed = {};
	struct peer peer;

	if (!state)
		return 0;
	connection = connection_of(state->pointer);
	if (result == -K_EINPROGRESS || result == -K_EALREADY || is_retry(result)) {
		if (connection)
			connection->flags |= RETURNED;
		return 0;
	}
	if (result == -K_EISCONN || (result == 0 && connection))
		return 0;
	if (connection && connection->flags & COUNTED && connection->began_ns >= state->enter_ns)
		return 0;
	/* A second connect() that only fetches the failure of the first: it was counted then. */
	if (connection && connection->flags & RETURNED && connection->flags & COUNTED)
		return 0;
	if (!peer_of_user(state->address, &peer))
		return 0; /* AF_UNSPEC: a disconnect */
	failed.began_ns = state->enter_ns;
	failed.process = state->process;
	failed.object = define_peer(&peer);
	count_connect(&failed, result);
	if (connection)
		connection->flags |= COUNTED;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_accept, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	struct connection fresh = {.side = PODTRACE_SERVER}, *connection = &fresh;
	struct described it;
	struct peer peer;

	if (!state || !enabled(PODTRACE_TCP_ACCEPT))
		return 0;
	fresh.process = state->process;
	if (result < 0) {
		conclude(fresh.process, PODTRACE_TCP_ACCEPT, 0, 0, false, state->enter_ns, 0, result);
		return 0;
	}
	describe(current_task(), result, &it);
	if (it.class != CLASS_TCP)
		return 0;
	peer_of_sock((void *)it.sock, &peer);
	as_server((void *)it.sock, &peer);
	fresh.object = define_peer(&peer);
	/* Its handshake was over before there was a process to see it. */
	count_transition(&fresh, K_TCP_SYN_RECV, K_TCP_ESTABLISHED);
	conclude(fresh.process, PODTRACE_TCP_ACCEPT, 0, fresh.object, false, state->enter_ns, 0, 0);
	connection = adopt(it.sock, &fresh);
	if (connection)
		sample_rtt(it.sock, connection);
	return 0;
}

/* What turns tell: the peer's answer time on connections we opened, our own on those we accepted. */
static __always_inline void take_turn(struct connection *connection, bool sending, __u64 begin, __u64 end, __u64 bytes)
{
	bool client = connection->side == PODTRACE_CLIENT;
	__u8 kind = client ? PODTRACE_TCP_RESPONSE : PODTRACE_TCP_SERVICE;
	/* A client waits until the receive ended, a server until its send began. */
	__u64 until = client ? end : begin;

	if (sending && client) {
		ask(connection, begin, end, bytes);
		return;
	}
	if (!sending && !client) {
		connection->turn_ns = end;
		connection->flags |= TURN;
		return;
	}
	if (!(connection->flags & TURN))
		return;
	connection->flags &= ~TURN;
	if (enabled(kind) && until > connection->turn_ns)
		conclude(connection->process, kind, 0, connection->object, true, connection->turn_ns,
			 until - connection->turn_ns, 0);
}

/* Ends a send or receive of `result` bytes. */
static __always_inline void end_operation(struct thread_state *state, __s64 result)
{
	struct connection *connection = connection_of(state->pointer);
	bool sending = state->kind == PODTRACE_TCP_SEND;
	__u64 now = bpf_ktime_get_ns(), object;
	struct peer peer;

	if (!connection)
		connection = adopt_open(state->pointer, state->process);
	if (connection) {
		connection->process = state->process;
		object = connection->object;
	} else {
		peer_of_sock((void *)state->pointer, &peer);
		object = define_peer(&peer);
	}
	if (sending && enabled(PODTRACE_TCP_SEND))
		conclude(state->process, PODTRACE_TCP_SEND, 0, object, true, state->enter_ns, now - state->enter_ns,
			 result);
	else if (!sending && enabled(PODTRACE_TCP_RECV))
		conclude(state->process, PODTRACE_TCP_RECV, 0, object, false, state->enter_ns, now - state->enter_ns,
			 result);
	if (!connection || result <= 0)
		return;
	take_turn(connection, sending, state->enter_ns, now, result);
	sample_rtt(state->pointer, connection);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_tcp, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);

	if (state)
		end_operation(state, result);
	return 0;
}

/* A poll of one connection, or a receive that brought nothing: whoever was in it for so long has waited for an answer. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_poll, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	struct connection *connection;

	if (!state || result > 0 || state->kind != PODTRACE_TCP_RECV || bpf_ktime_get_ns() - state->enter_ns < APART_NS)
		return 0;
	connection = connection_of(state->pointer);
	if (connection)
		connection->flags |= AWAITED;
	return 0;
}

/* Messages a jump adds up: the kernel's limit of 33 jumps is enough for the 1,024 a call may have (UIO_MAXIOV). */
enum { LENGTHS_A_CALL = 32 };

/* sendmmsg and recvmmsg on a connection: one operation of all its bytes, which are added up in `other`. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_tcp_messages, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);
	__u32 length;

	if (!state)
		return 0;
	for (int i = 0; i < LENGTHS_A_CALL; i++) {
		if (state->done >= result)
			break;
		if (bpf_probe_read_user(&length, sizeof(length),
					(void *)(state->address + state->done * sizeof(struct user_mmsghdr) +
						 offsetof(struct user_mmsghdr, length)))) {
			lose(state->kind, PODTRACE_UNREADABLE);
			break;
		}
		state->other += length;
		state->done++;
	}
	if (result > 0 && state->done < result)
		bpf_tail_call(ctx, &exit_handlers, PODTRACE_EXIT_TCP_MESSAGES);
	end_operation(state, result < 0 ? result : state->other);
	return 0;
}

static __always_inline void count_about(const struct sock *sock, __u8 kind, __u8 detail)
{
	struct connection *connection = connection_of((__u64)sock);

	if (connection && enabled(kind))
		conclude_there(connection->process, kind, detail, connection->object, false, bpf_ktime_get_ns(), 0, 0);
}

/* A connection was reset by a segment that came. */
static __always_inline void count_reset(const struct sock *sock)
{
	__u8 state = BPF_CORE_READ(sock, __sk_common.skc_state);
	bool closed = (state == K_TCP_FIN_WAIT1 || state == K_TCP_FIN_WAIT2) &&
		      BPF_CORE_READ(sock, sk_shutdown) & RECEIVING_SHUT;

	count_about(sock, PODTRACE_TCP_RESET, closed ? PODTRACE_RESET_AFTER_CLOSE : PODTRACE_RESET_RECEIVED);
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit, const struct sock *sock)
{
	count_about(sock, PODTRACE_TCP_RETRANSMIT, 0);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_reset_received, struct sock *sock)
{
	count_reset(sock);
	return 0;
}

/* A reset for a segment that belongs to no socket has none. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_reset_sent, const struct sock *sock)
{
	if (sock)
		count_about(sock, PODTRACE_TCP_RESET, PODTRACE_RESET_SENT);
	return 0;
}

/* What peers have not answered: read once over `connections`, at the trace's end, after settle_waits has marked those that
 * somebody waits for. By epoll, a connection that waits for an answer looks like an idle one: such are told apart. */
SEC("iter/bpf_map_elem")
int settle_connections(struct bpf_iter__bpf_map_elem *context)
{
	struct connection *connection = context->value;
	__u8 kind = PODTRACE_TCP_UNANSWERED, waiting = PODTRACE_WAITING_REQUEST;
	__u64 since;

	if (!connection)
		return 0;
	since = connection->turn_ns;
	if ((connection->flags & (CONNECTING | COUNTED)) == CONNECTING) {
		waiting = PODTRACE_WAITING_CONNECT;
		since = connection->began_ns;
	} else if (connection->side != PODTRACE_CLIENT || !(connection->flags & TURN)) {
		return 0;
	} else if (!(connection->flags & AWAITED)) {
		/* Nobody can be seen to wait. */
		if (!asks(connection))
			return 0;
		kind = PODTRACE_TCP_SILENT;
		waiting = 0;
	}
	if (enabled(kind) && since < trace_ended_ns)
		conclude_there(connection->process, kind, waiting, connection->object, true, since,
			       trace_ended_ns - since, 0);
	return 0;
}

/* The same where the kernel's BTF does not describe these tracepoints. */

SEC("raw_tp/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_raw, const struct sock *sock)
{
	count_about(sock, PODTRACE_TCP_RETRANSMIT, 0);
	return 0;
}

SEC("raw_tp/tcp_receive_reset")
int BPF_PROG(tcp_reset_received_raw, struct sock *sock)
{
	count_reset(sock);
	return 0;
}

SEC("raw_tp/tcp_send_reset")
int BPF_PROG(tcp_reset_sent_raw, const struct sock *sock)
{
	if (sock)
		count_about(sock, PODTRACE_TCP_RESET, PODTRACE_RESET_SENT);
	return 0;
}
