// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Process life cycle: who belongs to a target, and the kinds of family `process`. */
#include "podtrace/process.h"
#include "podtrace/member.h"
#include "podtrace/object.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum podtrace_process_kind unused_process_kind __attribute__((unused));

static __always_inline void report(__u32 process, __u8 kind, __u64 object, __u32 failure, __u64 aux)
{
	struct occurrence what = {
		.at_ns = bpf_ktime_get_ns(),
		.object = object,
		.result = -(__s64)failure,
		.aux = aux,
		.process = process,
		.kind = kind,
	};

	if (!enabled(kind))
		return;
	count(process, kind, 0, object, false, 0, 0);
	if (failure)
		count_failure(process, kind, object, failure);
	emit_control(&what);
}

/* A process or a thread was made, in the context of its parent, before it runs. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_pid = BPF_CORE_READ(parent, tgid), pid = BPF_CORE_READ(child, tgid), process, origin = 0;
	struct podtrace_member *member = NULL;
	struct place place = {};
	bool belongs;

	if (is_traced(parent_pid))
		member = bpf_map_lookup_elem(&members, &parent_pid);
	if (pid == parent_pid) {
		if (member)
			state_of(child, true);
		return 0;
	}
	if (member)
		origin = member->process;
	belongs = target_by_cgroup(child, &place);
	if (belongs && place.from_exec && (!member || member->target != place.target))
		belongs = false;
	if (!belongs && member && member->follow) {
		place.target = member->target;
		place.child = 0;
		belongs = true;
	}
	if (member)
		report(origin, PODTRACE_PROCESS_FORK, 0, 0, pid);
	if (!belongs)
		return 0;
	process = take_in(pid, &place, member ? member->follow : 0);
	if (!process)
		return 0;
	state_of(child, true);
	define_process(child, process, &place, PODTRACE_FORK);
	return 0;
}

/* The head of the argument vector, as the new program sees it. */
static __always_inline void read_arguments(struct podtrace_exec *record, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
	__u32 length = end - start;

	record->arguments_total = length;
	if (length > PODTRACE_ARGUMENTS)
		length = PODTRACE_ARGUMENTS;
	if (!length)
		return;
	if (bpf_probe_read_user(record->arguments, length, (void *)start)) {
		lose(PODTRACE_PROCESS_EXEC, PODTRACE_UNREADABLE);
		return;
	}
	record->arguments_read = length;
}

static __always_inline struct mnt_namespace *tree_of_program(struct task_struct *task)
{
	struct file *program = BPF_CORE_READ(task, mm, exe_file);
	struct mount *mount = mount_of(BPF_CORE_READ(program, f_path.mnt));

	return BPF_CORE_READ(mount, mnt_ns);
}

/* Whether a task's program is in its own tree of mounts. The copy of itself by which a runtime prepares a container is
 * not: it is in memory, or in a mount that belongs to no tree (runc and crun, because of CVE-2019-5736). */
static __always_inline bool program_in_own_tree(struct task_struct *task)
{
	return tree_of_program(task) == BPF_CORE_READ(task, nsproxy, mnt_ns);
}

/* Whether a process that is found in a container's cgroup is its runtime, about to become the container's: it bears the
 * name that runc gives itself then, or is that copy. Less is asked of it than of a new program, because a container's own
 * processes may have left their tree of mounts since they began. */
static __always_inline bool prepares_container(struct task_struct *task)
{
	const char named[] = {'r', 'u', 'n', 'c', ':', '['};
	__u64 tree = (__u64)tree_of_program(task);
	char comm[16];

	BPF_CORE_READ_STR_INTO(&comm, task, group_leader, comm);
	for (int i = 0; i < sizeof(named); i++)
		if (comm[i] != named[i])
			/* No tree, or MNT_NS_INTERNAL of fs/mount.h: an error number for a pointer */
			return !tree || tree >= (__u64)-K_MAX_ERRNO;
	return true;
}

/* Whether a process belongs to a target from this program on. A container begins with its first program: what the process
 * did in the container's cgroup before, it did for the runtime. */
static __always_inline void begin_with_program(struct task_struct *task, __u32 pid)
{
	struct place place = {};

	if (held_pid && pid == held_pid) {
		/* What podtrace's own child did before it became the command is not the command's. */
		place.target = held_target;
		take_in(pid, &place, held_follow);
	} else if (target_by_cgroup(task, &place) && place.from_exec && program_in_own_tree(task)) {
		take_in(pid, &place, 0);
	}
}

/* A new program in an old process: a new life. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
	__u32 pid = BPF_CORE_READ(task, tgid);
	struct podtrace_member *member, next;
	struct podtrace_exec *record;
	struct thread_state *state;
	struct place place;
	__u64 object = 0;

	if (!is_traced(pid))
		begin_with_program(task, pid);
	if (!is_traced(pid))
		return 0;
	member = bpf_map_lookup_elem(&members, &pid);
	if (!member)
		return 0;
	next = *member;
	next.process = new_life();
	bpf_map_update_elem(&members, &pid, &next, BPF_EXIST);
	state = state_of(task, true);
	if (state) {
		state->process = next.process;
		state->epoch = membership_epoch;
		state->exit = 0;
		state->last_object = 0;
		/* It runs; a process that was taken in just now was not seen to come to its CPU. */
		if (!state->on_ns) {
			state->on_ns = bpf_ktime_get_ns();
			state->on_runtime = BPF_CORE_READ(task, se.sum_exec_runtime);
		}
	}
	record = bpf_ringbuf_reserve(&control_ring, sizeof(*record), 0);
	if (!record) {
		lose(0, PODTRACE_DEFINITION_LOST);
		report(next.process, PODTRACE_PROCESS_EXEC, PODTRACE_OBJECT_OTHER, 0, 0);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	place.child = next.child;
	place.target = next.target;
	describe_process(&record->process, task, next.process, &place, PODTRACE_EXECUTED);
	record->process.record = PODTRACE_EXEC;
	record->process.cpu_ns = cpu_time(task);
	bpf_probe_read_kernel_str(record->path, sizeof(record->path), BPF_CORE_READ(program, filename));
	object = text_object(record->path);
	record->object = object;
	read_arguments(record, task);
	bpf_ringbuf_submit(record, 0);
	report(next.process, PODTRACE_PROCESS_EXEC, object, 0, 0);
	return 0;
}

/* execve that failed; one that succeeds is seen above, and returns into another program. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_exec, struct pt_regs *regs, long result)
{
	struct thread_state *state = state_of_current(false);

	if (state && result < 0 && enabled(PODTRACE_PROCESS_EXEC_FAILED))
		report(state->process, PODTRACE_PROCESS_EXEC_FAILED, given_path(state->address), -result, 0);
	return 0;
}

/* What a parent's wait() would be told: the exit code in the high byte, or a signal in the low one. */
static __always_inline __u32 wait_status(struct task_struct *task)
{
	__u32 flags = BPF_CORE_READ(task, signal, flags);

	if (flags & K_SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code) & 0xffff;
	return BPF_CORE_READ(task, group_leader, exit_code) & 0xffff;
}

/* The last thread of a process ends. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid = BPF_CORE_READ(task, tgid), thread = BPF_CORE_READ(task, pid), process, status;
	struct podtrace_member *member;
	struct thread_state *state;
	__u64 cpu, now;

	if (!is_traced(pid))
		return 0;
	state = state_of(task, false);
	if (BPF_CORE_READ(task, signal, live.counter)) {
		if (!use_task_storage)
			bpf_map_delete_elem(&thread_states_by_id, &thread);
		return 0;
	}
	member = bpf_map_lookup_elem(&members, &pid);
	if (!member)
		return 0;
	process = member->process;
	/* Two last threads may both find nobody alive: the one that removes the process reports it. */
	if (!let_go(pid))
		return 0;
	cpu = cpu_time(task);
	now = bpf_ktime_get_ns();
	/* The scheduler accounts the running slice at its ticks; what is missing is known if we saw it begin. */
	if (state && state->on_ns &&
	    state->on_runtime + (now - state->on_ns) > BPF_CORE_READ(task, se.sum_exec_runtime))
		cpu += state->on_runtime + (now - state->on_ns) - BPF_CORE_READ(task, se.sum_exec_runtime);
	status = wait_status(task);
	if (!use_task_storage)
		bpf_map_delete_elem(&thread_states_by_id, &thread);
	report(process, PODTRACE_PROCESS_EXIT, 0, status, cpu);
	if (follow_lives)
		tell_left(process, true, status);
	return 0;
}

/* Whether a member stays what it is. */
static __always_inline bool stays(const struct podtrace_member *member, bool belongs, const struct place *place)
{
	return belongs && member->target == place->target && (!follow_lives || member->child == place->child);
}

/* A member that lives on ceases to be one. */
static __always_inline void leave(__u32 pid, const struct podtrace_member *member)
{
	__u32 process = member->process;

	if (let_go(pid))
		tell_left(process, false, 0);
}

/* A process was moved to another cgroup. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(process_moved, struct cgroup *to, const char *path, struct task_struct *leader)
{
	__u32 pid = BPF_CORE_READ(leader, tgid), process;
	struct podtrace_member *member = NULL;
	struct place place = {};
	bool belongs;

	if (!level_count)
		return 0;
	if (is_traced(pid))
		member = bpf_map_lookup_elem(&members, &pid);
	if (member && member->follow)
		return 0;
	belongs = target_by_cgroup(leader, &place);
	if (member && stays(member, belongs, &place))
		return 0;
	if (!member && place.from_exec)
		return 0;
	if (member)
		leave(pid, member);
	__sync_fetch_and_add(&membership_epoch, 1);
	if (!belongs)
		return 0;
	process = take_in(pid, &place, 0);
	if (process)
		define_process(BPF_CORE_READ(leader, group_leader), process, &place, PODTRACE_SEED);
	return 0;
}

/* A cgroup was made: it may be a container's, or a pod's that is waited for. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *made, const char *path)
{
	struct podtrace_cgroup *record;
	struct cgroup *own;
	__u32 level;

	if (!follow_lives)
		return 0;
	own = cgroup_of(current_task());
	if (BPF_CORE_READ(own, root) != BPF_CORE_READ(made, root))
		return 0;
	record = bpf_ringbuf_reserve(&control_ring, sizeof(*record), 0);
	if (!record) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return 0;
	}
	__builtin_memset(record, 0, sizeof(*record));
	level = BPF_CORE_READ(made, level);
	record->record = PODTRACE_CGROUP;
	record->level = level;
	record->id = BPF_CORE_READ(made, kn, id);
	record->parent = ancestor_id(made, level - 1);
	record->at_ns = bpf_ktime_get_ns();
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), BPF_CORE_READ(made, kn, name));
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* Takes in what runs already, and lets go what belongs no more: read once after the hooks above are attached, and whenever
 * targets come or go. */
SEC("iter/task")
int seed_members(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task, *leader;
	struct podtrace_member *member;
	struct place place = {};
	__u16 follow = 0, *seed;
	__u32 pid, process;
	bool belongs;

	if (!task)
		return 0;
	pid = BPF_CORE_READ(task, tgid);
	if (BPF_CORE_READ(task, flags) & K_PF_KTHREAD || (held_pid && pid == held_pid))
		return 0;
	seed = bpf_map_lookup_elem(&seeds, &pid);
	if (is_traced(pid)) {
		member = bpf_map_lookup_elem(&members, &pid);
		if (member && !member->follow && !seed && BPF_CORE_READ(task, pid) == pid) {
			belongs = target_by_cgroup(task, &place);
			if (!stays(member, belongs, &place)) {
				leave(pid, member);
				__sync_fetch_and_add(&membership_epoch, 1);
			}
		}
	}
	if (!is_traced(pid)) {
		if (seed) {
			place.target = *seed;
			place.child = 0;
			follow = 1;
		} else if (!target_by_cgroup(task, &place) || (place.from_exec && prepares_container(task))) {
			return 0;
		}
		process = take_in(pid, &place, follow);
		if (!process)
			return 0;
		leader = BPF_CORE_READ(task, group_leader);
		define_process(leader, process, &place, PODTRACE_SEED);
	}
	state_of(task, true);
	return 0;
}
