/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The vectors of messages that sendmmsg and recvmmsg take.
 */
#ifndef PODTRACE_DATAGRAMS_H
#define PODTRACE_DATAGRAMS_H

#include "peer.h"

/* Messages a call takes at most: UIO_MAXIOV of include/uapi/linux/uio.h. */
enum { MESSAGES_MAX = 1024 };

/* The sum of the lengths of the first `messages` messages. */
static __always_inline __s64 bytes_of_messages(__u64 address, long messages)
{
	__s64 bytes = 0;
	__u32 length;

	for (int i = 0; i < MESSAGES_MAX; i++) {
		if (i >= messages)
			break;
		if (bpf_probe_read_user(&length, sizeof(length),
					(void *)(address + i * sizeof(struct user_mmsghdr) +
						 offsetof(struct user_mmsghdr, length)))) {
			lose(0, PODTRACE_UNREADABLE);
			break;
		}
		bytes += length;
	}
	return bytes;
}

#endif
