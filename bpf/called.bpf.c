// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Functions that programs of all families call. The verifier looks at each once for every program, whatever leads to it;
 * for that they take numbers only. */
#include "podtrace/peer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__noinline int conclude_operation(__u64 what, __u64 object, __u64 at_ns, __u64 duration_ns, __s64 result)
{
	finish(what >> 32, what, what >> 8, object, what >> 16 & 1, at_ns, duration_ns, result);
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
