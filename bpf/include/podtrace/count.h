/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Counting: tallies with histograms, failures by number, losses by cause.
 */
#ifndef PODTRACE_COUNT_H
#define PODTRACE_COUNT_H

#include "shared.h"

static __always_inline struct podtrace_counters *counters_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

/* Counts something lost. Kind 0: it is not known which. */
static __always_inline void lose_many(__u8 kind, __u32 cause, __u64 count)
{
	struct podtrace_counters *here = counters_here();

	if (here)
		here->lost[kind & (PODTRACE_KINDS - 1)][cause & (PODTRACE_CAUSES - 1)] += count;
}

static __always_inline void lose(__u8 kind, __u32 cause)
{
	lose_many(kind, cause, 1);
}

/* The bucket of a duration: see src/event/histogram.rs, which a test compares with this. */
static __always_inline __u32 bucket_of(__u64 duration_ns)
{
	__u64 units = duration_ns >> 2, rest = units;
	__u32 exponent = 0, index;

	if (units < 16)
		return units;
	if (rest >> 32) {
		rest >>= 32;
		exponent += 32;
	}
	if (rest >> 16) {
		rest >>= 16;
		exponent += 16;
	}
	if (rest >> 8) {
		rest >>= 8;
		exponent += 8;
	}
	if (rest >> 4) {
		rest >>= 4;
		exponent += 4;
	}
	if (rest >> 2) {
		rest >>= 2;
		exponent += 2;
	}
	if (rest >> 1)
		exponent += 1;
	index = ((exponent - 3) << 4) + ((units >> (exponent - 4)) & 15);
	return index < PODTRACE_BUCKETS ? index : PODTRACE_BUCKETS - 1;
}

/* The slot of the histogram that all keys of a kind share when they find none of their own. Kinds begin at 1, so 0 can
 * mean "not chosen yet". */
static __always_inline __u32 shared_slot(const struct podtrace_tally_key *key)
{
	return (key->kind & (PODTRACE_KINDS - 1)) + (key->generation & 1) * PODTRACE_KINDS;
}

/* Chooses the histogram of this CPU's copy of a tally. */
CALLED int choose_slot(struct podtrace_tally_key *key)
{
	struct podtrace_histogram *histogram;
	__u32 slot;

	if (!key)
		return 0;
	if (bpf_map_pop_elem(&free_slots, &slot))
		return shared_slot(key);
	histogram = bpf_map_lookup_elem(&histograms, &slot);
	if (!histogram)
		return shared_slot(key);
	histogram->count = 0;
	histogram->amount = 0;
	histogram->total_ns = 0;
	histogram->max_ns = 0;
	return slot;
}

/* Makes the tally of a key that has none yet in this generation. */
CALLED int make_tally(struct podtrace_tally_key *key)
{
	struct podtrace_tally fresh = {};

	if (!key)
		return 0;
	bpf_map_update_elem(&tallies, key, &fresh, BPF_NOEXIST);
	if (!bpf_map_lookup_elem(&tallies, key)) {
		/* Full. The entries for what has no room were made before the programs were attached. */
		lose(key->kind, PODTRACE_TALLY_FULL);
		key->process = 0;
		key->detail = 0;
		key->object = PODTRACE_OBJECT_OTHER;
	}
	return 0;
}

/* Counts a duration. A slot of the pool belongs to one key on one CPU; the shared ones need atomics. */
static __always_inline void record_duration(__u32 slot, __u64 duration_ns)
{
	struct podtrace_histogram *histogram = bpf_map_lookup_elem(&histograms, &slot);
	__u32 bucket = bucket_of(duration_ns) & (PODTRACE_BUCKETS - 1);

	if (!histogram)
		return;
	if (slot >= 2 * PODTRACE_KINDS)
		histogram->buckets[bucket]++;
	else
		__sync_fetch_and_add(&histogram->buckets[bucket], 1);
}

/* A key as it is hashed and compared: in whole words. Written byte by byte, it would not have left the CPU's store buffer
 * when it is read, and reading would wait. */
union tally_key {
	struct podtrace_tally_key fields;
	__u64 words[2];
};
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first word is put together for little-endian CPUs");

/* Where a thread counted last. What it counts next is most often of the same key, and then nothing has to be looked for:
 * finding a tally takes longer than all the rest of counting. Worth something on one CPU during one generation; nobody
 * else gets the histogram before that is over. */
struct counted {
	__u64 words[2]; /* of the key */
	__u32 generation;
	__u32 cpu;
	__u32 slot; /* 0: nowhere that could be used again */
	__u32 _pad;
};

static __always_inline __u64 first_word(__u32 process, __u8 kind, __u8 detail, __u32 now)
{
	return process | (__u64)kind << 32 | (__u64)detail << 40 | (__u64)(now & 1) << 48;
}

/* Adds a timed operation where the thread's last one was added; false: it was of another key, or is too long ago. */
static __always_inline bool count_again(const struct counted *last, __u32 process, __u8 kind, __u64 object,
					__u64 duration_ns, __u64 amount)
{
	struct podtrace_histogram *histogram;
	__u32 now = generation, slot = last->slot;

	if (!slot || last->words[1] != object || last->words[0] != first_word(process, kind, 0, now) ||
	    last->generation != now || last->cpu != bpf_get_smp_processor_id())
		return false;
	histogram = bpf_map_lookup_elem(&histograms, &slot);
	if (!histogram)
		return false;
	histogram->count++;
	histogram->amount += amount;
	histogram->total_ns += duration_ns;
	if (duration_ns > histogram->max_ns)
		histogram->max_ns = duration_ns;
	histogram->buckets[bucket_of(duration_ns) & (PODTRACE_BUCKETS - 1)]++;
	return true;
}

/* Remembers where a thread counted. A shared histogram has no numbers of a key's own. */
static __always_inline void remember(struct counted *last, const union tally_key *key, __u32 now, __u32 slot)
{
	last->words[0] = key->words[0];
	last->words[1] = key->words[1];
	last->generation = now;
	last->cpu = bpf_get_smp_processor_id();
	last->slot = slot >= 2 * PODTRACE_KINDS ? slot : 0;
}

/* Adds operations to their tally. `timed` is a constant: whether the kind has a duration. `last`: where it may be added
 * the next time, or NULL. */
static __always_inline void count_many(struct counted *last, __u32 process, __u8 kind, __u8 detail, __u64 object,
				       bool timed, __u64 duration_ns, __u64 amount, __u64 operations)
{
	__u32 now = generation;
	union tally_key key = {.words = {first_word(process, kind, detail, now), object}};
	struct podtrace_tally *tally = bpf_map_lookup_elem(&tallies, &key);

	if (!tally) {
		make_tally(&key.fields);
		tally = bpf_map_lookup_elem(&tallies, &key);
		if (!tally) {
			lose(kind, PODTRACE_STATE_LOST);
			return;
		}
	}
	tally->count += operations;
	tally->amount += amount;
	if (!timed)
		return;
	tally->total_ns += duration_ns;
	if (duration_ns > tally->max_ns)
		tally->max_ns = duration_ns;
	if (!tally->slot)
		tally->slot = choose_slot(&key.fields);
	record_duration(tally->slot, duration_ns);
	if (last)
		remember(last, &key, now, tally->slot);
}

static __always_inline void count(__u32 process, __u8 kind, __u8 detail, __u64 object, bool timed, __u64 duration_ns,
				  __u64 amount)
{
	count_many(NULL, process, kind, detail, object, timed, duration_ns, amount, 1);
}

/* Counts a failed operation under its number; the operation itself is counted by count(). */
CALLED int count_failure(__u32 process, __u32 kind_detail, __u64 object, __u32 number)
{
	struct podtrace_error_key key = {
		.process = process,
		.kind = kind_detail & 255,
		.detail = kind_detail >> 8,
		.number = number,
		.object = object,
		.generation = generation & 1,
	};
	__u64 *seen = bpf_map_lookup_elem(&failures, &key), one = 1;

	if (!seen) {
		if (!bpf_map_update_elem(&failures, &key, &one, BPF_NOEXIST))
			return 0;
		seen = bpf_map_lookup_elem(&failures, &key);
	}
	if (!seen) {
		lose(key.kind, PODTRACE_TALLY_FULL);
		key.process = 0;
		key.detail = 0;
		key.number = 0;
		key.object = PODTRACE_OBJECT_OTHER;
		seen = bpf_map_lookup_elem(&failures, &key);
	}
	if (seen)
		__sync_fetch_and_add(seen, 1);
	return 0;
}

#endif
