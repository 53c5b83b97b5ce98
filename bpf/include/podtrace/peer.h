/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Network peers: their addresses, their 64-bit names, their definitions.
 */
#ifndef PODTRACE_PEER_H
#define PODTRACE_PEER_H

#include "object.h"

/* An address as compared and sent: IPv4 in the first four bytes, also where the socket is IPv6 and the address mapped. */
struct peer {
	__u32 address[4];
	__u16 family; /* 0: not known */
	__u16 port;   /* host order */
	__u32 side;
};

#ifdef PODTRACE_DEFINE
#define PEER_MAP
#else
#define PEER_MAP extern
#endif

/* key: network namespace << 16 | port; the port is listened on. Filled by user space at the start and by transitions. */
PEER_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} listeners SEC(".maps");

static __always_inline void unmap(struct peer *peer)
{
	/* ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2 */
	if (peer->address[0] || peer->address[1] || peer->address[2] != bpf_htonl(0xffff))
		return;
	peer->family = K_AF_INET;
	peer->address[0] = peer->address[3];
	peer->address[2] = 0;
	peer->address[3] = 0;
}

static __always_inline __u64 listener_key(struct sock *sock)
{
	__u64 namespace = GET(struct net, GET(struct sock, sock, __sk_common.skc_net.net), ns.inum);

	return namespace << 16 | GET(struct sock, sock, __sk_common.skc_num);
}

/* The peer a socket is connected to; its side is the client's unless the caller knows better. */
static __always_inline void peer_of_sock(struct sock *sock, struct peer *peer)
{
	__builtin_memset(peer, 0, sizeof(*peer));
	peer->family = GET(struct sock, sock, __sk_common.skc_family);
	peer->port = bpf_ntohs(GET(struct sock, sock, __sk_common.skc_dport));
	if (peer->family == K_AF_INET) {
		peer->address[0] = GET(struct sock, sock, __sk_common.skc_daddr);
	} else {
		bpf_core_read(peer->address, sizeof(peer->address), &sock->__sk_common.skc_v6_daddr);
		unmap(peer);
	}
	peer->side = PODTRACE_CLIENT;
}

/* A connection that came to us: the peer's port is short-lived, ours says what was asked for. */
static __always_inline void as_server(struct sock *sock, struct peer *peer)
{
	peer->side = PODTRACE_SERVER;
	peer->port = GET(struct sock, sock, __sk_common.skc_num);
}

/* The peer whose address a program gave or was given; false if it cannot be read or is of another family. */
static __always_inline bool peer_of_user(__u64 address, struct peer *peer)
{
	struct user_sockaddr given = {};

	__builtin_memset(peer, 0, sizeof(*peer));
	if (bpf_probe_read_user(&given, 8, (void *)address)) {
		lose(0, PODTRACE_UNREADABLE);
		return false;
	}
	peer->family = given.family;
	peer->port = bpf_ntohs(given.port);
	if (given.family == K_AF_INET) {
		peer->address[0] = given.v4;
		return true;
	}
	if (given.family != K_AF_INET6)
		return false;
	/* struct sockaddr_in6, include/uapi/linux/in6.h: family, port, flow, address */
	if (bpf_probe_read_user(peer->address, sizeof(peer->address), (void *)(address + 8))) {
		lose(0, PODTRACE_UNREADABLE);
		return false;
	}
	unmap(peer);
	return true;
}

/* Sends a peer's definition if that was not done yet: its address in two halves, its family, port and side in `rest`. */
int define_peer_number(__u64 high, __u64 low, __u64 rest, __u64 object);

/* Names a peer, and makes sure that it is defined. */
static __always_inline __u64 define_peer(struct peer *peer)
{
	__u64 high, low, rest = (__u64)peer->family << 32 | (__u32)peer->port << 8 | (__u8)peer->side, object;

	__builtin_memcpy(&high, peer->address, sizeof(high));
	__builtin_memcpy(&low, peer->address + 2, sizeof(low));
	object = as_object(mix(mix(mix(high, low), rest), 0x7065657273)); /* apart from files' hashes: "peers" */
	define_peer_number(high, low, rest, object);
	return object;
}

#endif
