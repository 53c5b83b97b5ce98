/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What crosses from the kernel to user space. Defined here once; the Rust types are generated from the object's BTF.
 * Fixed widths, widest first, explicit padding, no bool, no enum as a field.
 */
#ifndef PODTRACE_WIRE_H
#define PODTRACE_WIRE_H

enum podtrace_limit {
	PODTRACE_KINDS = 128,	    /* kind numbers: a block of 16 a family */
	PODTRACE_BUCKETS = 512,	    /* of a histogram: 16 a doubling, in units of 4 ns */
	PODTRACE_CAUSES = 16,	    /* causes of loss */
	PODTRACE_SYSCALLS = 512,    /* system call numbers that can be observed */
	PODTRACE_LEVELS = 8,	    /* depths at which target cgroups may lie */
	PODTRACE_PID_WORDS = 65536, /* PID_MAX_LIMIT (4 Mi, include/linux/threads.h) over 64 */
	PODTRACE_PATH = 4096,	    /* longest path sent, PATH_MAX of include/uapi/linux/limits.h */
	PODTRACE_NAME = 256,	    /* longest single name, NAME_MAX + 1 */
	PODTRACE_ARGUMENTS = 512,   /* head of an argument vector */
	PODTRACE_NOT_OURS = 65535,  /* the target of cgroups that are left out although they lie in a target's */
};

/* What a record in a ring is. */
enum podtrace_record {
	PODTRACE_EVENT = 1,
	PODTRACE_PROCESS = 2,
	PODTRACE_EXEC = 3,
	PODTRACE_FILE_PATH = 4,
	PODTRACE_GIVEN_PATH = 5,
	PODTRACE_PEER = 6,
	PODTRACE_LEFT = 7,
	PODTRACE_CGROUP = 8,
};

/* Why something was lost, in the order of LossCause in src/event/completeness.rs (a test compares). */
enum podtrace_cause {
	PODTRACE_RING_FULL = 0,
	PODTRACE_TALLY_FULL = 1,
	PODTRACE_PROCESS_TABLE_FULL = 2,
	PODTRACE_CONNECTION_TABLE_FULL = 3,
	PODTRACE_STATE_LOST = 4,
	PODTRACE_UNREADABLE = 5,
	PODTRACE_DEFINITION_LOST = 6,
	PODTRACE_PATH_TRUNCATED = 7,
	PODTRACE_COMPAT_SYSCALL = 8,
	PODTRACE_IO_URING = 9,
	PODTRACE_PROBE_SKIPPED = 10,
};

/* Objects that are not hashes. */
enum podtrace_object { PODTRACE_OBJECT_NONE = 0, PODTRACE_OBJECT_OTHER = 1 };

/* The errno of what its caller gave up; outside of the kernel's range. */
enum podtrace_errno { PODTRACE_ABANDONED = 4096 };

/* One notable thing. */
struct podtrace_event {
	__u32 record; /* PODTRACE_EVENT */
	__u32 process;
	__u64 at_ns; /* CLOCK_MONOTONIC, when it began */
	__u64 duration_ns;
	__u64 object;
	__s64 result; /* a quantity, or a negated errno */
	__u64 aux;
	__u32 thread;
	__u8 kind;
	__u8 detail;
	__u16 _pad;
};
_Static_assert(sizeof(struct podtrace_event) == 56, "no holes");

/* How a process life began; in the order of Origin in src/event/definition.rs. */
enum podtrace_origin { PODTRACE_SEED = 0, PODTRACE_FORK = 1, PODTRACE_EXECUTED = 2 };

/* A process life. */
struct podtrace_process {
	__u32 record; /* PODTRACE_PROCESS, or PODTRACE_EXEC as the head of a podtrace_exec */
	__u32 process;
	__u64 at_ns;
	__u32 pid;
	__u32 parent_pid;
	__u32 namespace_pid;
	__u16 target;
	__u16 origin;
	__u64 cpu_ns; /* CPU time its earlier lives used */
	__u64 child;  /* id of the cgroup directly below the target's that it is in; 0: it is in the target's itself */
	__u8 comm[16];
};
_Static_assert(sizeof(struct podtrace_process) == 64, "no holes");

/* A process ceased to belong to its target: it ended, or was moved elsewhere. */
struct podtrace_left {
	__u32 record; /* PODTRACE_LEFT */
	__u32 process;
	__u64 at_ns;
	__u32 ended;  /* 1: it ended */
	__u32 status; /* then as `wait` encodes it */
};
_Static_assert(sizeof(struct podtrace_left) == 24, "no holes");

/* A cgroup was made in the hierarchy that targets are matched in; nothing is in it yet. */
struct podtrace_cgroup {
	__u32 record; /* PODTRACE_CGROUP */
	__u32 level;
	__u64 id;
	__u64 parent; /* id */
	__u64 at_ns;
	__u8 name[PODTRACE_NAME];
};
_Static_assert(sizeof(struct podtrace_cgroup) == 288, "no holes");

/* A process life that began with an exec. */
struct podtrace_exec {
	struct podtrace_process process;
	__u64 object;	       /* hash of the path */
	__u32 arguments_total; /* bytes the whole argument vector has */
	__u32 arguments_read;  /* bytes of it that follow */
	__u8 path[PODTRACE_NAME];
	__u8 arguments[PODTRACE_ARGUMENTS]; /* each ends with a zero byte */
};
_Static_assert(sizeof(struct podtrace_exec) == 848, "no holes");

enum podtrace_path_flag { PODTRACE_DELETED = 1, PODTRACE_TRUNCATED = 2 };

/* A file's path: names from the file up to the target's root, each ending with a zero byte. */
struct podtrace_file_path {
	__u32 record; /* PODTRACE_FILE_PATH */
	__u32 flags;
	__u64 object;
	__u32 bytes; /* of names */
	__u32 _pad;
	__u8 names[PODTRACE_PATH];
};

/* A path as a program gave it. */
struct podtrace_given_path {
	__u32 record; /* PODTRACE_GIVEN_PATH */
	__u32 _pad;
	__u64 object;
	__u8 path[PODTRACE_NAME];
};

enum podtrace_side { PODTRACE_CLIENT = 0, PODTRACE_SERVER = 1 };

/* A network peer. */
struct podtrace_peer {
	__u32 record; /* PODTRACE_PEER */
	__u16 family; /* AF_INET, AF_INET6, or 0 where the address is not known */
	__u16 port;   /* host order */
	__u64 object;
	__u8 address[16];
	__u8 side;
	__u8 _pad[7];
};
_Static_assert(sizeof(struct podtrace_peer) == 40, "no holes");

/* What operations are counted apart by. */
struct podtrace_tally_key {
	__u32 process;
	__u8 kind;
	__u8 detail;
	__u8 generation;
	__u8 _pad;
	__u64 object;
};
_Static_assert(sizeof(struct podtrace_tally_key) == 16, "no holes");

/* What was counted, on one CPU. */
struct podtrace_tally {
	__u64 count;
	__u64 amount;
	__u64 total_ns;
	__u64 max_ns;
	__u32 slot; /* of this CPU's histogram; below 2 * PODTRACE_KINDS: one shared by the kind; 0: none yet */
	__u32 _pad;
};

/* How durations were distributed; buckets wrap. The numbers before them are those of the operations that found their
 * histogram without their tally, which lacks them; 0 when a key takes the histogram, and in the shared ones. */
struct podtrace_histogram {
	__u64 count;
	__u64 amount;
	__u64 total_ns;
	__u64 max_ns;
	__u32 buckets[PODTRACE_BUCKETS];
};

/* Failed operations. The value is a count. */
struct podtrace_error_key {
	__u32 process;
	__u8 kind;
	__u8 detail;
	__u16 number; /* an errno, or what the kind counts its failures by */
	__u64 object;
	__u32 generation;
	__u32 _pad;
};
_Static_assert(sizeof(struct podtrace_error_key) == 24, "no holes");

/* What was sent and lost, on one CPU. */
struct podtrace_counters {
	__u64 sent[PODTRACE_KINDS];
	__u64 lost[PODTRACE_KINDS][PODTRACE_CAUSES]; /* kind 0: not known which */
};

/* What a cgroup is to us; the key is its id. */
struct podtrace_target {
	__u16 target;
	__u16 from_exec; /* 1: who comes in from elsewhere belongs to it from its next program on (a container) */
};

/* A process that is traced; the key is its pid. */
struct podtrace_member {
	__u64 child; /* as in struct podtrace_process */
	__u32 process;
	__u16 target;
	__u16 follow; /* 1: children belong to the target wherever they are (a process set) */
};

/* How system calls are handled; in `operation_of`, indexed by system call number. Chosen by the plan. */
enum podtrace_operation {
	PODTRACE_OP_NONE = 0,
	PODTRACE_OP_READ = 1,  /* reading from a descriptor */
	PODTRACE_OP_WRITE = 2, /* writing to a descriptor */
	PODTRACE_OP_RECVFROM = 3,
	PODTRACE_OP_SENDTO = 4,
	PODTRACE_OP_RECVMSG = 5,
	PODTRACE_OP_SENDMSG = 6,
	PODTRACE_OP_RECVMMSG = 7,
	PODTRACE_OP_SENDMMSG = 8,
	PODTRACE_OP_CLOSE = 9,
	PODTRACE_OP_FSYNC = 10,
	PODTRACE_OP_FTRUNCATE = 11,
	PODTRACE_OP_CONNECT = 12,
	PODTRACE_OP_ACCEPT = 13,
	PODTRACE_OP_OPEN = 14,	 /* path in the first argument */
	PODTRACE_OP_OPENAT = 15, /* path in the second argument */
	PODTRACE_OP_TRUNCATE = 16,
	PODTRACE_OP_SENDFILE = 17, /* out, in */
	PODTRACE_OP_SPLICE = 18,   /* in, offset, out */
	PODTRACE_OP_EXEC = 19,
	PODTRACE_OP_EXECAT = 20,
	PODTRACE_OP_IO_URING = 21,
	PODTRACE_OP_POLL = 22,
};

/* The hierarchies that targets can be matched in; v1 ones by their controller. */
enum podtrace_hierarchy {
	PODTRACE_CGROUP_V2 = 0,
	PODTRACE_CGROUP_MEMORY = 1,
	PODTRACE_CGROUP_PIDS = 2,
	PODTRACE_CGROUP_CPU = 3,
};

/* The handlers' places in the tables of tail calls. */
enum podtrace_handler {
	PODTRACE_ENTER_DESCRIPTOR = 0,
	PODTRACE_ENTER_PAIR = 1,
	PODTRACE_ENTER_PLAIN = 2,
	PODTRACE_ENTER_WALK = 3,
	PODTRACE_ENTER_PAIR_WRITE = 4,
	PODTRACE_EXIT_TCP = 8,
	PODTRACE_EXIT_UDP = 9,
	PODTRACE_EXIT_OPEN = 10,
	PODTRACE_EXIT_CONNECT = 11,
	PODTRACE_EXIT_ACCEPT = 12,
	PODTRACE_EXIT_PAIR = 13,
	PODTRACE_EXIT_EXEC = 14,
	PODTRACE_EXIT_TRUNCATE = 15,
	PODTRACE_EXIT_IO_URING = 16,
	PODTRACE_EXIT_WALK = 17,
	PODTRACE_EXIT_TCP_MESSAGES = 18,
	PODTRACE_EXIT_UDP_MESSAGES = 19,
	PODTRACE_EXIT_PAIR_WRITE = 20,
	PODTRACE_EXIT_POLL = 21,
	PODTRACE_HANDLERS = 32,
};

#endif
