/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PODTRACE_PROCESS_H
#define PODTRACE_PROCESS_H

/* The kinds of family `process`; described in src/families/process.rs. */
enum podtrace_process_kind {
	PODTRACE_PROCESS_EXEC = 0x01,
	PODTRACE_PROCESS_EXEC_FAILED = 0x02,
	PODTRACE_PROCESS_FORK = 0x03,
	PODTRACE_PROCESS_EXIT = 0x04,
};

#endif
