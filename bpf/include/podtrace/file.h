/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PODTRACE_FILE_H
#define PODTRACE_FILE_H

/* The kinds of family `file`; described in src/families/file.rs. */
enum podtrace_file_kind {
	PODTRACE_FILE_OPEN = 0x30,
	PODTRACE_FILE_CLOSE = 0x31,
	PODTRACE_FILE_READ = 0x32,
	PODTRACE_FILE_WRITE = 0x33,
	PODTRACE_FILE_FSYNC = 0x34,
	PODTRACE_FILE_TRUNCATE = 0x35,
};

#endif
