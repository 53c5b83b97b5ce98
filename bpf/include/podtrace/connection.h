/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TCP connections of targets: known by their socket, so that what happens in softirq finds its process.
 */
#ifndef PODTRACE_CONNECTION_H
#define PODTRACE_CONNECTION_H

#include "peer.h"
#include "tcp.h"

enum connection_flag {
	CONNECTING = 1, /* a handshake that we saw begin */
	COUNTED = 2,	/* ... and was counted */
	RETURNED = 4,	/* ... while connect() has returned without waiting for it */
	TURN = 8,	/* client: sent, no answer yet; server: received, not answered yet */
	AWAITED = 16,	/* a thread waits, or has waited, for that answer */
	PUSHES = 32,	/* the last sends came one by one, with nothing received in between */
};

struct connection {
	__u64 object;	/* the peer */
	__u64 began_ns; /* the handshake */
	__u64 turn_ns;	/* end of the last send (client) or receive (server) */
	__u64 asked_ns; /* client: end of the send before it, if it was apart and nothing was received since; or 0 */
	__u64 asked;	/* client: bytes sent since the last receive */
	__u32 process;	/* that used it last */
	__u32 srtt;	/* tcp_sock.srtt_us at the last sample */
	__u32 side;
	__u32 flags;
};

#ifdef PODTRACE_DEFINE
#define CONNECTION_MAP
#else
#define CONNECTION_MAP extern
#endif

/* key: struct sock. Not LRU: forgetting one would lose its attribution silently. Entries go when the socket is
 * destroyed; sockets are freed after that, so an address is never found under another life. */
CONNECTION_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

static __always_inline struct connection *connection_of(__u64 sock)
{
	return bpf_map_lookup_elem(&connections, &sock);
}

/* Takes a connection in; NULL if there is no room. */
static __always_inline struct connection *adopt(__u64 sock, struct connection *fresh)
{
	if (bpf_map_update_elem(&connections, &sock, fresh, BPF_ANY)) {
		lose(PODTRACE_TCP_CONNECT, PODTRACE_CONNECTION_TABLE_FULL);
		return NULL;
	}
	return connection_of(sock);
}

/* A connection that was open before it was first seen: whoever listens on its local port is the server. */
static __always_inline struct connection *adopt_open(__u64 sock, __u32 process)
{
	struct connection fresh = {.process = process};
	__u64 key = listener_key((void *)sock);
	struct peer peer;

	peer_of_sock((void *)sock, &peer);
	if (bpf_map_lookup_elem(&listeners, &key))
		as_server((void *)sock, &peer);
	fresh.side = peer.side;
	fresh.object = define_peer(&peer);
	return adopt(sock, &fresh);
}

/* Samples of the round-trip time and of its minimum, if the kernel has a new one. */
static __always_inline void sample_rtt(__u64 sock, struct connection *connection)
{
	__u32 srtt = GET(struct tcp_sock, sock, srtt_us), deviation, least;

	if (!srtt || srtt == connection->srtt || !enabled(PODTRACE_TCP_RTT))
		return;
	connection->srtt = srtt;
	/* ~0 stands for none: minmax_reset() in tcp_init_sock() of net/ipv4/tcp.c */
	least = GET(struct tcp_sock, sock, rtt_min.s[0].v);
	if (least != ~0U)
		conclude(connection->process, PODTRACE_TCP_RTT_MIN, 0, connection->object, true, bpf_ktime_get_ns(),
			 (__u64)least * 1000, 0);
	deviation = GET(struct tcp_sock, sock, mdev_us);
	/* srtt_us is eight times, mdev_us four times the value: include/linux/tcp.h */
	conclude_there(connection->process, PODTRACE_TCP_RTT, 0, connection->object, true, bpf_ktime_get_ns(),
		 (__u64)(srtt >> 3) * 1000, (__u64)(deviation >> 2) * 1000);
}

static __always_inline void count_transition(struct connection *connection, __u32 from, __u32 to)
{
	if (enabled(PODTRACE_TCP_STATE))
		conclude_there(connection->process, PODTRACE_TCP_STATE, (from & 15) << 4 | (to & 15), connection->object,
			 false, bpf_ktime_get_ns(), 0, 0);
}

#endif
