/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From a file to its path: names upwards, across mounts, to the root of the task. It is done once per object.
 *
 * A walk takes as many tail calls as the path is deep, a few names each, so that the verifier sees a short program on
 * every kernel. Between them its state is in a per-CPU scratch; hooks of system calls are not preempted, and the owner
 * is checked all the same.
 */
#ifndef PODTRACE_WALK_H
#define PODTRACE_WALK_H

#include "object.h"

enum { NAMES_A_CALL = 6, NAMES_MAX = PODTRACE_PATH - PODTRACE_NAME };

struct walk {
	__u64 dentry;
	__u64 vfsmount;
	__u64 root_dentry;
	__u64 root_vfsmount;
	__u64 next_file; /* to walk after this one; 0: none */
	__u64 next_object;
	__u32 thread;
	__u32 _pad;
	struct podtrace_file_path record;
};

#ifdef PODTRACE_DEFINE
#define WALK_MAP
#else
#define WALK_MAP extern
#endif

WALK_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct walk);
} walks SEC(".maps");

static __always_inline struct walk *walk_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&walks, &zero);
}

static __always_inline void walk_from(struct walk *walk, __u64 object, struct file *file)
{
	struct dentry *dentry = GET(struct file, file, f_path.dentry);

	walk->record.record = PODTRACE_FILE_PATH;
	walk->record.object = object;
	walk->record.bytes = 0;
	walk->dentry = (__u64)dentry;
	walk->vfsmount = (__u64)GET(struct file, file, f_path.mnt);
	/* d_unlinked() of include/linux/dcache.h: unhashed and not the root of its tree */
	walk->record.flags = GET(struct dentry, dentry, d_parent) != dentry && !GET(struct dentry, dentry, d_hash.pprev)
				     ? PODTRACE_DELETED
				     : 0;
}

/* Prepares a walk; the caller then jumps to the walker, as its last act. */
static __always_inline void begin_walk(__u64 object, struct file *file)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct walk *walk = walk_here();
	struct fs_struct *fs;

	if (!walk)
		return;
	fs = GET(struct task_struct, task, fs);
	walk->root_dentry = (__u64)GET(struct fs_struct, fs, root.dentry);
	walk->root_vfsmount = (__u64)GET(struct fs_struct, fs, root.mnt);
	walk->thread = (__u32)bpf_get_current_pid_tgid();
	walk->next_file = 0;
	walk_from(walk, object, file);
}

/* Adds another file to a walk that was just prepared. */
static __always_inline void then_walk(__u64 object, struct file *file)
{
	struct walk *walk = walk_here();

	if (!walk)
		return;
	walk->next_object = object;
	walk->next_file = (__u64)file;
}

/* One name upwards; true at the root. */
static __always_inline bool step(struct walk *walk)
{
	struct dentry *dentry = (void *)walk->dentry, *parent;
	struct vfsmount *vfsmount = (void *)walk->vfsmount;
	struct mount *mount, *above;
	__u32 at = walk->record.bytes;
	long length;

	if (walk->dentry == walk->root_dentry && walk->vfsmount == walk->root_vfsmount)
		return true;
	parent = GET(struct dentry, dentry, d_parent);
	if (dentry == GET(struct vfsmount, vfsmount, mnt_root)) {
		mount = mount_of(vfsmount);
		above = GET(struct mount, mount, mnt_parent);
		if (above == mount)
			return true;
		walk->dentry = (__u64)GET(struct mount, mount, mnt_mountpoint);
		walk->vfsmount = (__u64)above + bpf_core_field_offset(struct mount, mnt);
		return false;
	}
	/* A file in memory has no place, only a name: "memfd:NAME". */
	if (parent == dentry && at)
		return true;
	if (at > NAMES_MAX - 1) {
		walk->record.flags |= PODTRACE_TRUNCATED;
		return true;
	}
	length = bpf_probe_read_kernel_str(&walk->record.names[at], PODTRACE_NAME,
					   GET(struct dentry, dentry, d_name.name));
	if (length <= 0 || length > PODTRACE_NAME) {
		lose(0, PODTRACE_UNREADABLE);
		return true;
	}
	walk->record.bytes = at + length;
	walk->dentry = (__u64)parent;
	return false;
}

/* Sends what was found; true if another file is to be walked. */
static __always_inline bool send_walk(struct walk *walk)
{
	__u32 bytes = walk->record.bytes;

	if (bytes > NAMES_MAX + PODTRACE_NAME - 1)
		bytes = NAMES_MAX + PODTRACE_NAME - 1;
	if (bpf_ringbuf_output(&control_ring, &walk->record, offsetof(struct podtrace_file_path, names) + bytes, 0))
		lose(0, PODTRACE_DEFINITION_LOST);
	else
		now_defined(walk->record.object);
	if (walk->record.flags & PODTRACE_TRUNCATED)
		lose(0, PODTRACE_PATH_TRUNCATED);
	if (!walk->next_file)
		return false;
	walk_from(walk, walk->next_object, (void *)walk->next_file);
	walk->next_file = 0;
	return true;
}

/* A part of a walk; true if there is more to do, and the caller jumps again. */
static __always_inline bool walk_on(void)
{
	struct walk *walk = walk_here();
	bool done = false;

	if (!walk)
		return false;
	if (walk->thread != (__u32)bpf_get_current_pid_tgid()) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return false;
	}
	for (int i = 0; i < NAMES_A_CALL && !done; i++)
		done = step(walk);
	return done ? send_walk(walk) : true;
}

/* The kernel's limit of tail calls was met: sends the part that is there. */
static __always_inline void give_up_walk(void)
{
	struct walk *walk = walk_here();

	if (!walk)
		return;
	walk->record.flags |= PODTRACE_TRUNCATED;
	walk->next_file = 0;
	send_walk(walk);
}

#endif
