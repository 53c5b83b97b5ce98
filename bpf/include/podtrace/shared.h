/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Maps, settings and globals that every family uses. Each source sees them as `extern`; shared.bpf.c, which sets
 * PODTRACE_DEFINE, owns them.
 */
#ifndef PODTRACE_SHARED_H
#define PODTRACE_SHARED_H

#include "kernel.h"
#include "wire.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* A function that stays one: called, not inlined, and not every source that sees it calls it. */
#define CALLED static __noinline __attribute__((unused))

#ifdef PODTRACE_DEFINE
#define SHARED
#define SETTING(type, name, value) const volatile type name = value
#else
#define SHARED extern
#define SETTING(type, name, value) extern const volatile type name
#endif

/* Settings: written by the plan before load, constant afterwards. */
SETTING(__u32, use_task_storage, 1); /* 0: the kernel has no task storage (before 5.11); states are in a hash */
SETTING(__u32, cgroup_hierarchy, 0); /* enum podtrace_hierarchy */
SETTING(__u32, own_pid, 0);	     /* podtrace itself: never belongs to a target cgroup */
SETTING(__u32, follow_lives, 0);     /* 1: tell when processes end and cgroups are made */
SETTING(__u32, held_pid, 0);	     /* the command that waits for its start: belongs from its exec on; 0: none */
SETTING(__u32, held_target, 0);	     /* the target it belongs to then */
SETTING(__u32, held_follow, 0);	     /* 1: it is the first of a process set */
SETTING(__u32, thread_size, 16384);  /* bytes of a kernel stack (arch/x86/include/asm/page_64_types.h) */
SETTING(__u64, data_ring_bytes, 4194304);
#ifdef PODTRACE_DEFINE
const volatile __u64 slow_ns[PODTRACE_KINDS] = {};	  /* per kind: longer is an event; 0: every one is */
const volatile __u8 operation_of[PODTRACE_SYSCALLS] = {}; /* enum podtrace_operation by system call number */
const volatile __u8 reason_of[PODTRACE_SYSCALLS] = {};	  /* enum sched_reason by system call number */
const volatile __u8 kind_enabled[PODTRACE_KINDS] = {};	  /* 1: the kind is asked for */
#else
extern const volatile __u64 slow_ns[PODTRACE_KINDS];
extern const volatile __u8 operation_of[PODTRACE_SYSCALLS];
extern const volatile __u8 reason_of[PODTRACE_SYSCALLS];
extern const volatile __u8 kind_enabled[PODTRACE_KINDS];
#endif

/* One bit per pid of a traced process: the gate. Changed only together with `members`. */
SHARED __u64 traced[PODTRACE_PID_WORDS];

/* Which of two generations of tallies operations are added to now; user space flips it once a tick. */
SHARED __u32 generation;

/* When the trace ended, by the monotonic clock: nothing else will be counted. 0: it goes on. Written by user space. */
SHARED __u64 trace_ended_ns;

/* Raised whenever a running process changes its life or target, so that states forget what they remember of it. */
SHARED __u32 membership_epoch;

/* Depths at which target cgroups lie, in any order; user space appends. */
SHARED __u32 level_count;
SHARED __u32 levels[PODTRACE_LEVELS];

/* key: pid (tgid); value: its life and target. Bounded by the plan; a full table is counted. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct podtrace_member);
} members SEC(".maps");

/* key: cgroup id in the chosen hierarchy; value: what it is, PODTRACE_NOT_OURS included. Written by user space. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct podtrace_target);
} target_cgroups SEC(".maps");

/* key: pid (tgid) of a process to take in when the task iterator meets it; value: target. Written by user space. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u16);
} seeds SEC(".maps");

/* What was counted since the generation began. Per CPU: no atomics on the way; programs on one CPU do not nest in the
 * same key. Both generations live in it. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct podtrace_tally_key);
	__type(value, struct podtrace_tally);
} tallies SEC(".maps");

/* Histograms, by slot: 2 * PODTRACE_KINDS shared ones (kind + generation * PODTRACE_KINDS), then the pool. Not per CPU:
 * each CPU's copy of a tally takes a slot of its own, so memory does not grow with CPUs that see nothing. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4352);
	__type(key, __u32);
	__type(value, struct podtrace_histogram);
} histograms SEC(".maps");

/* Slots of the pool that nobody uses. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, __u32);
} free_slots SEC(".maps");

/* Failed operations; shared between CPUs, added to atomically: failures are the rare case. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct podtrace_error_key);
	__type(value, __u64);
} failures SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct podtrace_counters);
} counters SEC(".maps");

/* key: object; a definition of it was sent. LRU: forgetting one only means sending it again. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} defined SEC(".maps");

/* Few and needed: definitions and life cycle. Woken at once. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1048576);
} control_ring SEC(".maps");

/* Many: single events. Woken when a part of it is full, and read on every time-out. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4194304);
} data_ring SEC(".maps");

/* Handlers that the dispatchers of system calls jump to. */
SHARED struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PODTRACE_HANDLERS);
	__type(key, __u32);
	__type(value, __u32);
} enter_handlers SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PODTRACE_HANDLERS);
	__type(key, __u32);
	__type(value, __u32);
} exit_handlers SEC(".maps");

#endif
