// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Owns the maps, settings and globals that every family uses. */
#define PODTRACE_DEFINE
#include "podtrace/connection.h"
#include "podtrace/member.h"
#include "podtrace/walk.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keeps types in BTF that are used only through pointers. */
struct podtrace_event *unused_event __attribute__((unused));
struct podtrace_process *unused_process __attribute__((unused));
struct podtrace_target *unused_target __attribute__((unused));
struct podtrace_exec *unused_exec __attribute__((unused));
struct podtrace_file_path *unused_file_path __attribute__((unused));
struct podtrace_given_path *unused_given_path __attribute__((unused));
struct podtrace_peer *unused_peer __attribute__((unused));
struct podtrace_left *unused_left __attribute__((unused));
struct podtrace_cgroup *unused_cgroup __attribute__((unused));
enum podtrace_limit unused_limit __attribute__((unused));
enum podtrace_record unused_record __attribute__((unused));
enum podtrace_cause unused_cause __attribute__((unused));
enum podtrace_operation unused_operation __attribute__((unused));
enum podtrace_handler unused_handler __attribute__((unused));
enum podtrace_origin unused_origin __attribute__((unused));
enum podtrace_side unused_side __attribute__((unused));
enum podtrace_path_flag unused_path_flag __attribute__((unused));
enum podtrace_errno unused_errno __attribute__((unused));
enum podtrace_hierarchy unused_hierarchy __attribute__((unused));
enum podtrace_object unused_object __attribute__((unused));
