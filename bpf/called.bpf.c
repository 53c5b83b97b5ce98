// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Functions that programs of all families call. The verifier looks at each once for every program, whatever leads to it;
 * for that they take numbers only. */
#include "podtrace/peer.h"
#include "podtrace/state.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__noinline int conclude_operation(__u64 what, __u64 object, __u64 at_ns, __u64 duration_ns, __s64 result)
{
	finish(what >> 32, what, what >> 8, object, what >> 16 & 1, at_ns, duration_ns, result);
	return 0;
}

/* What finish() does for an operation of the current thread, for one of a thread that is only asked for if it is told. */
#define FINISH_OF(thread_, what, object_, timed, at, duration, result_)                                                \
	({                                                                                                             \
		bool failed_ = (result_) < 0;                                                                          \
		count((what) >> 32, what, (what) >> 8, object_, timed, duration, failed_ ? 0 : (result_));             \
		if (failed_)                                                                                           \
			count_failure((what) >> 32, (what) & 0xffff, object_, -(result_));                             \
		if (notable(what, duration, failed_)) {                                                                \
			struct occurrence occurred_ = {                                                                \
				.at_ns = at,                                                                           \
				.duration_ns = duration,                                                               \
				.object = object_,                                                                     \
				.result = result_,                                                                     \
				.process = (what) >> 32,                                                               \
				.thread = thread_,                                                                     \
				.kind = what,                                                                          \
				.detail = (what) >> 8,                                                                 \
			};                                                                                             \
			emit(&occurred_);                                                                              \
		}                                                                                                      \
	})

__noinline int conclude_anywhere(__u64 what, __u64 object, __u64 at_ns, __u64 duration_ns, __s64 result)
{
	FINISH_OF(current_process() == what >> 32 ? 0 : NO_THREAD, what, object, what >> 16 & 1, at_ns, duration_ns,
		  result);
	return 0;
}

__noinline int conclude_thread(__u64 what, __u64 thread, __u64 at_ns, __u64 duration_ns)
{
	FINISH_OF(thread, what, 0, true, at_ns, duration_ns, 0LL);
	return 0;
}

__noinline int define_peer_number(__u64 high, __u64 low, __u64 rest, __u64 object)
{
	struct podtrace_peer *record;

	if (is_defined(object))
		return 0;
	record = bpf_ringbuf_reserve(&control_ring, sizeof(*record), 0);
	if (!record) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->record = PODTRACE_PEER;
	record->family = rest >> 32;
	record->port = rest >> 8;
	record->object = object;
	__builtin_memcpy(record->address, &high, sizeof(high));
	__builtin_memcpy(record->address + sizeof(high), &low, sizeof(low));
	record->side = rest;
	bpf_ringbuf_submit(record, 0);
	now_defined(object);
	return 0;
}
