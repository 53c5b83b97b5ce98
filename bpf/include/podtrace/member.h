/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who belongs to a target: decided in slow paths only (fork, exec, move, exit, start), never per operation.
 */
#ifndef PODTRACE_MEMBER_H
#define PODTRACE_MEMBER_H

#include "state.h"

struct life_counter {
	__u32 next;
};

#ifdef PODTRACE_DEFINE
#define LIFE_MAP
#else
#define LIFE_MAP extern
#endif

/* Numbers for process lives, per CPU because 5.10 has no atomic that returns a value. */
LIFE_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct life_counter);
} lives SEC(".maps");

enum { LIFE_BITS = 22, CPU_MASK = 1023 };

/* A number no other life of this trace has: 4 Mi lives per CPU, 1,024 CPUs. */
static __always_inline __u32 new_life(void)
{
	__u32 zero = 0;
	struct life_counter *counter = bpf_map_lookup_elem(&lives, &zero);

	if (!counter)
		return 0;
	counter->next++;
	return (bpf_get_smp_processor_id() & CPU_MASK) << LIFE_BITS | (counter->next & ((1 << LIFE_BITS) - 1));
}

/* Before 6.1 a cgroup held its ancestors' ids, since then it holds the ancestors: commit 7f203bc89eb6 ("cgroup: Replace
 * cgroup->ancestor_ids[] with ->ancestors[]"). */
struct cgroup___ids {
	__u64 ancestor_ids[1];
} __attribute__((preserve_access_index));

struct cgroup___pointers {
	struct cgroup *ancestors[1];
} __attribute__((preserve_access_index));

static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u32 level)
{
	struct cgroup *ancestor = NULL;
	__u64 id = 0, offset;

	if (BPF_CORE_READ(cgroup, level) < (int)level)
		return 0;
	if (bpf_core_field_exists(struct cgroup___pointers, ancestors)) {
		offset = bpf_core_field_offset(struct cgroup___pointers, ancestors);
		barrier_var(offset); /* keeps the relocation in this branch: the other kernels cannot resolve it */
		bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)cgroup + offset + level * sizeof(ancestor));
		return BPF_CORE_READ(ancestor, kn, id);
	}
	offset = bpf_core_field_offset(struct cgroup___ids, ancestor_ids);
	barrier_var(offset);
	bpf_probe_read_kernel(&id, sizeof(id), (void *)cgroup + offset + level * sizeof(id));
	return id;
}

/* A task's cgroup in the hierarchy that targets are matched in. */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *state = NULL;
	__u32 controller;

	switch (cgroup_hierarchy) {
	case PODTRACE_CGROUP_V2:
		return BPF_CORE_READ(set, dfl_cgrp);
	case PODTRACE_CGROUP_MEMORY:
		controller = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
		break;
	case PODTRACE_CGROUP_PIDS:
		controller = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
		break;
	default:
		controller = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
	}
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) + controller * sizeof(state));
	return BPF_CORE_READ(state, cgroup);
}

/* Where a task belongs. */
struct place {
	__u64 child; /* the cgroup directly below the target's; 0: the target's itself, or the target is a set of processes */
	__u16 target;
	__u16 from_exec; /* as in struct podtrace_target */
};

/* The target whose cgroup a task is in or below, the deepest if several are; false: none. */
static __always_inline bool target_by_cgroup(struct task_struct *task, struct place *place)
{
	struct podtrace_target *found;
	struct cgroup *cgroup;
	__u32 depth = 0;
	bool any = false;
	__u64 id;

	if (!level_count || BPF_CORE_READ(task, tgid) == own_pid)
		return false;
	cgroup = cgroup_of(task);
	for (__u32 i = 0; i < PODTRACE_LEVELS; i++) {
		if (i >= level_count)
			break;
		id = ancestor_id(cgroup, levels[i]);
		found = id ? bpf_map_lookup_elem(&target_cgroups, &id) : NULL;
		if (found && (!any || levels[i] > depth)) {
			place->target = found->target;
			place->from_exec = found->from_exec;
			depth = levels[i];
			any = true;
		}
	}
	if (!any || place->target == PODTRACE_NOT_OURS)
		return false;
	place->child = ancestor_id(cgroup, depth + 1);
	return true;
}

/* The gate's bit. Added and subtracted, not or-ed: 5.10 has no other atomic. Exact, because only whoever inserts a
 * member adds, and only whoever deletes it subtracts. */
static __always_inline void open_gate(__u32 pid)
{
	__sync_fetch_and_add(&traced[(pid >> 6) & (PODTRACE_PID_WORDS - 1)], 1ULL << (pid & 63));
}

static __always_inline void close_gate(__u32 pid)
{
	__sync_fetch_and_add(&traced[(pid >> 6) & (PODTRACE_PID_WORDS - 1)], -(1ULL << (pid & 63)));
}

/* Takes a process in; its life's number, 0 if it was in already or there is no room. */
static __always_inline __u32 take_in(__u32 pid, const struct place *place, __u16 follow)
{
	struct podtrace_member member = {
		.child = place->child,
		.process = new_life(),
		.target = place->target,
		.follow = follow,
	};

	if (bpf_map_update_elem(&members, &pid, &member, BPF_NOEXIST)) {
		if (!bpf_map_lookup_elem(&members, &pid))
			lose(0, PODTRACE_PROCESS_TABLE_FULL);
		return 0;
	}
	open_gate(pid);
	return member.process;
}

static __always_inline bool let_go(__u32 pid)
{
	if (bpf_map_delete_elem(&members, &pid))
		return false;
	close_gate(pid);
	return true;
}

/* CPU time of a process: of the threads that ended, and of those that are named. */
static __always_inline __u64 cpu_time(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 time = BPF_CORE_READ(task, signal, sum_sched_runtime) + BPF_CORE_READ(task, se.sum_exec_runtime);

	if (leader != task)
		time += BPF_CORE_READ(leader, se.sum_exec_runtime);
	return time;
}

/* The process id that a process has in its own pid namespace. */
static __always_inline __u32 namespace_pid(struct task_struct *leader)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	bpf_probe_read_kernel(
		&upid, bpf_core_type_size(struct upid) < sizeof(upid) ? bpf_core_type_size(struct upid) : sizeof(upid),
		(void *)pid + bpf_core_field_offset(struct pid, numbers) +
			(level & 31) * bpf_core_type_size(struct upid));
	return upid.nr;
}

/* Fills in what every definition of a process life says. */
static __always_inline void describe_process(struct podtrace_process *record, struct task_struct *leader, __u32 process,
					     const struct place *place, __u16 origin)
{
	record->record = PODTRACE_PROCESS;
	record->process = process;
	record->at_ns = bpf_ktime_get_ns();
	record->pid = BPF_CORE_READ(leader, tgid);
	record->parent_pid = BPF_CORE_READ(leader, real_parent, tgid);
	record->namespace_pid = namespace_pid(leader);
	record->target = place->target;
	record->origin = origin;
	record->cpu_ns = 0;
	record->child = place->child;
	BPF_CORE_READ_STR_INTO(&record->comm, leader, comm);
}

static __always_inline void define_process(struct task_struct *leader, __u32 process, const struct place *place,
					   __u16 origin)
{
	struct podtrace_process *record = bpf_ringbuf_reserve(&control_ring, sizeof(*record), 0);

	if (!record) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	describe_process(record, leader, process, place, origin);
	bpf_ringbuf_submit(record, 0);
}

/* Tells that a process ceased to belong to its target. */
static __always_inline void tell_left(__u32 process, bool ended, __u32 status)
{
	struct podtrace_left *record = bpf_ringbuf_reserve(&control_ring, sizeof(*record), 0);

	if (!record) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->record = PODTRACE_LEFT;
	record->process = process;
	record->at_ns = bpf_ktime_get_ns();
	record->ended = ended;
	record->status = status;
	bpf_ringbuf_submit(record, 0);
}

#endif
