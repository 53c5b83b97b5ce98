/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PODTRACE_TCP_H
#define PODTRACE_TCP_H

/* The kinds of family `tcp`; described in src/families/tcp.rs. */
enum podtrace_tcp_kind {
	PODTRACE_TCP_CONNECT = 0x10,
	PODTRACE_TCP_ACCEPT = 0x11,
	PODTRACE_TCP_SEND = 0x12,
	PODTRACE_TCP_RECV = 0x13,
	PODTRACE_TCP_RESPONSE = 0x14,
	PODTRACE_TCP_SERVICE = 0x15,
	PODTRACE_TCP_RTT = 0x16,
	PODTRACE_TCP_STATE = 0x17,
	PODTRACE_TCP_RESET = 0x18,
	PODTRACE_TCP_RETRANSMIT = 0x19,
	PODTRACE_TCP_RTT_MIN = 0x1a,
	PODTRACE_TCP_UNANSWERED = 0x1b,
	PODTRACE_TCP_SILENT = 0x1c,
};

/* What a peer has not answered: when the trace ended, or when the connection did. */
enum podtrace_tcp_waiting {
	PODTRACE_WAITING_CONNECT = 0,
	PODTRACE_WAITING_REQUEST = 1,
	PODTRACE_GIVEN_UP = 2,	  /* the target closed the connection */
	PODTRACE_PEER_ENDED = 3, /* the peer did, or the way to it */
};

enum podtrace_tcp_direction {
	PODTRACE_RESET_RECEIVED = 0,
	PODTRACE_RESET_SENT = 1,
	/* The kernel tells the same of a reset that comes and of data that comes, which it answers by one. */
	PODTRACE_RESET_AFTER_CLOSE = 2,
};

#endif
