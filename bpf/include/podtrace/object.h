/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a descriptor is, and the 64-bit names of files. A file is named by what identifies it for the target: inode,
 * device, mount, its own name and that of its directory, so that a bind mount, a hard link or a rename makes another
 * object.
 */
#ifndef PODTRACE_OBJECT_H
#define PODTRACE_OBJECT_H

#include "state.h"

/* Since 6.2: lets a field be loaded directly instead of by a helper call. */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

/* A field of a kernel structure that only an address is known of. */
#define GET(type, address, field)                                                                                      \
	({                                                                                                             \
		const void *address_ = (const void *)(address);                                                        \
		typeof(((type *)0)->field) value_;                                                                     \
		if (bpf_rdonly_cast)                                                                                   \
			value_ = ((type *)bpf_rdonly_cast(address_, bpf_core_type_id_kernel(type)))->field;            \
		else                                                                                                   \
			bpf_core_read(&value_, sizeof(value_), &((type *)address_)->field);                            \
		value_;                                                                                                \
	})

enum class { CLASS_NONE = 0, CLASS_FILE = 1, CLASS_TCP = 2, CLASS_UDP = 3, CLASS_PIPE = 4, CLASS_SOCKET = 5 };

/* An open descriptor. */
struct described {
	struct file *file;
	struct inode *inode;
	__u64 sock; /* of CLASS_TCP, CLASS_UDP, CLASS_SOCKET */
	__u32 class;
};

/* The major numbers of terminals, from Documentation/admin-guide/devices.txt: tty, console and ptmx, serial, pts. */
static __always_inline bool is_terminal(__u32 device)
{
	__u32 major = device >> 20;

	return major == 4 || major == 5 || (major >= 136 && major <= 143) || major == 204;
}

/* A place that holds a pointer; any structure that begins with one will do to read it. */
static __always_inline void *pointer_at(void *place)
{
	return GET(struct list_head, place, next);
}

static __always_inline struct file *file_at(struct task_struct *task, __u32 descriptor)
{
	struct fdtable *table;

	if (use_task_storage) {
		table = task->files->fdt;
		return descriptor < table->max_fds ? pointer_at(table->fd + descriptor) : NULL;
	}
	table = BPF_CORE_READ(task, files, fdt);
	return descriptor < BPF_CORE_READ(table, max_fds) ? pointer_at(BPF_CORE_READ(table, fd) + descriptor) : NULL;
}

/* Multipath TCP wraps TCP connections: the first stands for all. The kernel may have been built without it. */
static __always_inline __u64 first_subflow(struct sock *sock)
{
	return bpf_core_field_exists(((struct mptcp_sock *)0)->first) ? (__u64)GET(struct mptcp_sock, sock, first) : 0;
}

static __always_inline void describe_socket(struct described *it)
{
	struct socket *socket = (void *)GET(struct file, it->file, private_data);
	struct sock *sock = GET(struct socket, socket, sk);
	__u16 family, protocol;

	it->class = CLASS_SOCKET;
	if (!sock)
		return;
	family = GET(struct sock, sock, __sk_common.skc_family);
	if (family != K_AF_INET && family != K_AF_INET6)
		return;
	it->sock = (__u64)sock;
	protocol = GET(struct sock, sock, sk_protocol);
	if (protocol == K_IPPROTO_TCP)
		it->class = CLASS_TCP;
	else if (protocol == K_IPPROTO_UDP)
		it->class = CLASS_UDP;
	else if (protocol == K_IPPROTO_MPTCP && first_subflow(sock)) {
		it->class = CLASS_TCP;
		it->sock = first_subflow(sock);
	}
}

/* Anonymous inodes have got a regular file's mode in 6.17; what they are is said by their file system. */
static __always_inline bool is_real_file(struct inode *inode)
{
	unsigned long magic = GET(struct super_block, GET(struct inode, inode, i_sb), s_magic);

	return magic != K_ANON_INODE_MAGIC && magic != K_PIDFS_MAGIC && magic != K_NSFS_MAGIC;
}

static __always_inline void describe_file(struct described *it)
{
	__u16 type;

	it->inode = GET(struct file, it->file, f_inode);
	type = GET(struct inode, it->inode, i_mode) & K_S_IFMT;
	if (type == K_S_IFREG)
		it->class = is_real_file(it->inode) ? CLASS_FILE : CLASS_NONE;
	else if (type == K_S_IFSOCK)
		describe_socket(it);
	else if (type == K_S_IFIFO)
		it->class = CLASS_PIPE;
	else if (type == K_S_IFDIR || type == K_S_IFBLK)
		it->class = CLASS_FILE;
	else if (type == K_S_IFCHR)
		it->class = is_terminal(GET(struct inode, it->inode, i_rdev)) ? CLASS_NONE : CLASS_FILE;
}

/* What a task has at a descriptor. */
static __always_inline void describe(struct task_struct *task, __u32 descriptor, struct described *it)
{
	it->class = CLASS_NONE;
	it->sock = 0;
	it->file = file_at(task, descriptor);
	if (it->file)
		describe_file(it);
}

/* 2^64 over the golden ratio, odd: spreads what is multiplied by it over all bits (Fibonacci hashing). */
#define SPREAD 0x9e3779b97f4a7c15ULL

static __always_inline __u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * SPREAD;
	return hash ^ (hash >> 32);
}

/* Hashes that would read as "none" or "other" move away. */
static __always_inline __u64 as_object(__u64 hash)
{
	return hash > PODTRACE_OBJECT_OTHER ? hash : hash + 2;
}

static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/* The number of a mount. Before 6.8 there are only numbers that are given again as soon as a mount is gone, commit
 * 98d2b43081972 ("add unique mount ID"): there the name of the place it is mounted at tells it from its successor. */
static __always_inline __u64 mount_number(struct vfsmount *vfsmount)
{
	struct mount *mount = mount_of(vfsmount);
	struct dentry *place;

	if (bpf_core_field_exists(mount->mnt_id_unique))
		return GET(struct mount, mount, mnt_id_unique);
	place = GET(struct mount, mount, mnt_mountpoint);
	return mix(GET(struct dentry, place, d_name.hash_len), GET(struct mount, mount, mnt_id));
}

/* What identifies an open file. */
static __always_inline void identify(struct file *file, struct inode *inode, struct identity *it)
{
	struct dentry *dentry = GET(struct file, file, f_path.dentry);
	struct dentry *parent = GET(struct dentry, dentry, d_parent);

	it->inode = (__u64)inode;
	it->number = GET(struct inode, inode, i_ino);
	it->generation = GET(struct inode, inode, i_generation);
	it->dentry = (__u64)dentry;
	it->name = GET(struct dentry, dentry, d_name.hash_len);
	it->parent = (__u64)parent;
	it->parent_name = GET(struct dentry, parent, d_name.hash_len);
	it->mount = mount_number(GET(struct file, file, f_path.mnt));
}

static __always_inline bool is_same(const struct identity *one, const struct identity *other)
{
	return one->inode == other->inode && one->number == other->number && one->generation == other->generation &&
	       one->dentry == other->dentry && one->name == other->name && one->parent == other->parent &&
	       one->parent_name == other->parent_name && one->mount == other->mount;
}

/* The 64-bit name of what was identified. Addresses are no part of it: they are given again at any time. */
static __always_inline __u64 object_of(const struct identity *it)
{
	unsigned long device = GET(struct super_block, GET(struct inode, (struct inode *)it->inode, i_sb), s_dev);
	__u64 hash = mix(it->number * SPREAD, it->name);

	hash = mix(hash, (__u64)it->generation << 32 | (__u32)device);
	hash = mix(hash, it->parent_name);
	return as_object(mix(hash, it->mount));
}

/* The 64-bit name of an open file. */
static __always_inline __u64 file_object(struct file *file, struct inode *inode)
{
	struct identity identity = {};

	identify(file, inode, &identity);
	return object_of(&identity);
}

/* Whether a definition of an object was sent already; if not, the caller sends it now. */
static __always_inline bool is_defined(__u64 object)
{
	return bpf_map_lookup_elem(&defined, &object) != NULL;
}

static __always_inline void now_defined(__u64 object)
{
	__u8 yes = 1;

	bpf_map_update_elem(&defined, &object, &yes, BPF_ANY);
}

/* The hash of a name that is filled up with zero bytes. */
static __always_inline __u64 text_object(const __u8 *text)
{
	__u64 hash = 0x7061746873; /* apart from files' hashes: "paths" */
	__u64 word;

	for (int i = 0; i < PODTRACE_NAME / 8; i++) {
		__builtin_memcpy(&word, text + i * 8, sizeof(word));
		hash = mix(hash, word);
	}
	return as_object(hash);
}

/* Names an object by the text a program gave, and sends its definition; returns the object, 0 if it is unreadable. */
CALLED __u64 given_path(__u64 address)
{
	struct podtrace_given_path *given = bpf_ringbuf_reserve(&control_ring, sizeof(*given), 0);
	__u64 object;

	if (!given) {
		lose(0, PODTRACE_DEFINITION_LOST);
		return 0;
	}
	__builtin_memset(given, 0, sizeof(*given));
	if (bpf_probe_read_user_str(given->path, sizeof(given->path), (void *)address) < 0) {
		bpf_ringbuf_discard(given, 0);
		lose(0, PODTRACE_UNREADABLE);
		return 0;
	}
	object = text_object(given->path);
	if (is_defined(object)) {
		bpf_ringbuf_discard(given, 0);
		return object;
	}
	given->record = PODTRACE_GIVEN_PATH;
	given->object = object;
	bpf_ringbuf_submit(given, 0);
	now_defined(object);
	return object;
}

#endif
