/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PODTRACE_SCHED_H
#define PODTRACE_SCHED_H

/* The kinds of family `sched`; described in src/families/sched.rs. */
enum podtrace_sched_kind {
	PODTRACE_SCHED_OFFCPU = 0x40,
	PODTRACE_SCHED_RUNQ = 0x41,
	PODTRACE_SCHED_CPU = 0x42,
};

/* What a thread waits for. */
enum podtrace_sched_reason {
	PODTRACE_WAIT_OTHER = 0,
	PODTRACE_WAIT_DISK = 1,
	PODTRACE_WAIT_LOCK = 2,
	PODTRACE_WAIT_NETWORK = 3,
	PODTRACE_WAIT_SLEEP = 4,
	PODTRACE_WAIT_POLL = 5,
	PODTRACE_WAIT_PIPE = 6,
	PODTRACE_WAIT_CHILD = 7,
	PODTRACE_WAIT_CONDITION = 8,
	PODTRACE_WAIT_ACCEPT = 9,
	PODTRACE_WAIT_STOPPED = 10,
	/* In `reason_of` only: look closer. */
	PODTRACE_ASK_FUTEX = 32,
	PODTRACE_ASK_DESCRIPTOR = 33,
	PODTRACE_ASK_SYNC = 34,
};

#endif
