/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sending single events. Records are reserved in the ring, filled and submitted; nothing is assembled elsewhere.
 */
#ifndef PODTRACE_EMIT_H
#define PODTRACE_EMIT_H

#include "count.h"

/* What an event is made from. */
struct occurrence {
	__u64 at_ns;
	__u64 duration_ns;
	__u64 object;
	__s64 result;
	__u64 aux;
	__u32 process;
	__u32 thread; /* whose operation it is; 0: the current one's, NO_THREAD: nobody's */
	__u8 kind;
	__u8 detail;
};

enum { NO_THREAD = 0xffffffff };

static __always_inline void fill(struct podtrace_event *event, const struct occurrence *what)
{
	event->record = PODTRACE_EVENT;
	event->process = what->process;
	event->at_ns = what->at_ns;
	event->duration_ns = what->duration_ns;
	event->object = what->object;
	event->result = what->result;
	event->aux = what->aux;
	event->thread = what->thread ? what->thread : (__u32)bpf_get_current_pid_tgid();
	if (event->thread == NO_THREAD)
		event->thread = 0;
	event->kind = what->kind;
	event->detail = what->detail;
	event->_pad = 0;
}

static __always_inline void sent(__u8 kind)
{
	struct podtrace_counters *here = counters_here();

	if (here)
		here->sent[kind & (PODTRACE_KINDS - 1)]++;
}

/* Sends one of the many. The reader is woken once a sixteenth of the ring is full, else it comes by itself. */
CALLED int emit(struct occurrence *what)
{
	struct podtrace_event *event;
	__u64 waiting;

	if (!what)
		return 0;
	event = bpf_ringbuf_reserve(&data_ring, sizeof(*event), 0);
	if (!event) {
		lose(what->kind, PODTRACE_RING_FULL);
		return 0;
	}
	fill(event, what);
	waiting = bpf_ringbuf_query(&data_ring, BPF_RB_AVAIL_DATA);
	bpf_ringbuf_submit(event, waiting > data_ring_bytes / 16 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	sent(what->kind);
	return 0;
}

/* Sends one of the few that must not be crowded out: the life cycle. */
static __always_inline void emit_control(const struct occurrence *what)
{
	struct podtrace_event *event = bpf_ringbuf_reserve(&control_ring, sizeof(*event), 0);

	if (!event) {
		lose(what->kind, PODTRACE_RING_FULL);
		return;
	}
	fill(event, what);
	bpf_ringbuf_submit(event, 0);
	sent(what->kind);
}

/* Whether an operation is worth an event of its own. */
static __always_inline bool notable(__u8 kind, __u64 duration_ns, bool failed)
{
	return failed || duration_ns >= slow_ns[kind & (PODTRACE_KINDS - 1)];
}

static __always_inline bool enabled(__u8 kind)
{
	return kind_enabled[kind & (PODTRACE_KINDS - 1)];
}

/* An operation that was counted: counts its failure if it failed, and sends it if it is notable. */
static __always_inline void follow_up(__u32 process, __u8 kind, __u8 detail, __u64 object, __u64 at_ns,
				      __u64 duration_ns, __s64 result)
{
	bool failed = result < 0;

	if (failed)
		count_failure(process, kind | detail << 8, object, -result);
	if (notable(kind, duration_ns, failed)) {
		struct occurrence what = {
			.at_ns = at_ns,
			.duration_ns = duration_ns,
			.object = object,
			.result = result,
			.process = process,
			.kind = kind,
			.detail = detail,
		};
		emit(&what);
	}
}

/* Counts an operation that ended, and follows it up. */
static __always_inline void finish(__u32 process, __u8 kind, __u8 detail, __u64 object, bool timed, __u64 at_ns,
				   __u64 duration_ns, __s64 result)
{
	count(process, kind, detail, object, timed, duration_ns, result < 0 ? 0 : result);
	follow_up(process, kind, detail, object, at_ns, duration_ns, result);
}

/* The same as a function of its own, which the verifier looks at once for each program and not once for each way that
 * leads to a call: five numbers are what such a function may take on every kernel. `what`: the process in the high half;
 * kind, detail and whether it is timed in the low one. */
int conclude_operation(__u64 what, __u64 object, __u64 at_ns, __u64 duration_ns, __s64 result);

static __always_inline void conclude(__u32 process, __u8 kind, __u8 detail, __u64 object, bool timed, __u64 at_ns,
				     __u64 duration_ns, __s64 result)
{
	__u64 what = (__u64)process << 32 | (__u32)timed << 16 | (__u32)detail << 8 | kind;

	conclude_operation(what, object, at_ns, duration_ns, result);
}

/* Likewise for what happens in the context of whomever the kernel interrupted: the thread is told only if it is one of
 * the process. */
int conclude_anywhere(__u64 what, __u64 object, __u64 at_ns, __u64 duration_ns, __s64 result);

static __always_inline void conclude_there(__u32 process, __u8 kind, __u8 detail, __u64 object, bool timed, __u64 at_ns,
					   __u64 duration_ns, __s64 result)
{
	__u64 what = (__u64)process << 32 | (__u32)timed << 16 | (__u32)detail << 8 | kind;

	conclude_anywhere(what, object, at_ns, duration_ns, result);
}

/* Likewise for what another thread than the current one did; it is timed, and about nothing but the thread. */
int conclude_thread(__u64 what, __u64 thread, __u64 at_ns, __u64 duration_ns);

static __always_inline void conclude_of(__u32 thread, __u32 process, __u8 kind, __u8 detail, __u64 at_ns,
					__u64 duration_ns)
{
	conclude_thread((__u64)process << 32 | (__u32)detail << 8 | kind, thread, at_ns, duration_ns);
}

#endif
