/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PODTRACE_UDP_H
#define PODTRACE_UDP_H

/* The kinds of family `udp`; described in src/families/udp.rs. */
enum podtrace_udp_kind {
	PODTRACE_UDP_SEND = 0x20,
	PODTRACE_UDP_RECV = 0x21,
};

#endif
