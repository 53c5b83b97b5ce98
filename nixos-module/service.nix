# How the daemon is confined: the one source of the NixOS module's unit and of the unit for other distributions
# (portable.nix). What each line costs was measured with systemd 257 on Linux 5.10, 6.1 and 6.12; doc/install.md says
# what each capability is for.
{ lib }:
{
  # Uprobes before Linux 6.6, and what tracing costs in the kernel.
  admin ? false,
  # Names of kernel functions.
  kernelSymbols ? false,
  # The container runtime's socket, where no group may write to it.
  runtimeSocket ? false,
}:
let
  capabilities = [
    "CAP_BPF"
    "CAP_PERFMON"
    "CAP_SYS_PTRACE"
    "CAP_DAC_READ_SEARCH"
  ]
  ++ lib.optional admin "CAP_SYS_ADMIN"
  ++ lib.optional kernelSymbols "CAP_SYSLOG"
  ++ lib.optional runtimeSocket "CAP_DAC_OVERRIDE";
in
{
  description = "podtrace, why pods of this node are slow or failing";
  documentation = [ "man:podtrace(1)" ];
  wantedBy = [ "multi-user.target" ];
  # It runs without any runtime as well; where there is one, it can be asked at once.
  after = [
    "network.target"
    "containerd.service"
    "crio.service"
    "k3s.service"
  ];

  unitConfig = {
    # Without the kernel's types no program can be loaded: not a failure, but not this machine.
    ConditionPathExists = "/sys/kernel/btf/vmlinux";
    StartLimitIntervalSec = 60;
    StartLimitBurst = 5;
  };

  serviceConfig = {
    # Not notify-reload: systemd before 253 does not know it, and would start the daemon without waiting for it.
    Type = "notify";
    NotifyAccess = "main";
    WatchdogSec = 30;
    Restart = "on-failure";
    RestartSec = 5;
    # What is on its way to a receiver is waited for.
    TimeoutStopSec = 30;

    # No root, and no way to become it.
    User = "podtrace";
    AmbientCapabilities = capabilities;
    CapabilityBoundingSet = capabilities;
    NoNewPrivileges = true;
    RestrictSUIDSGID = true;

    # Alerts that were not delivered yet survive a restart in its state folder; no other place can be written.
    StateDirectory = "podtrace";
    StateDirectoryMode = "0700";
    # The lock that keeps a second daemon out.
    RuntimeDirectory = "podtrace";
    RuntimeDirectoryMode = "0700";
    UMask = "0077";
    ProtectSystem = "strict";
    ProtectHome = true;
    PrivateTmp = true;
    PrivateDevices = true;
    DevicePolicy = "closed";
    PrivateIPC = true;

    # Nothing is pinned in /sys/fs/bpf, so it may be read-only.
    ProtectKernelTunables = true;
    ProtectKernelModules = true;
    # Addresses in /proc/kallsyms are shown only to those who may read the kernel's log.
    ProtectKernelLogs = !kernelSymbols;
    ProtectControlGroups = true;
    ProtectClock = true;
    ProtectHostname = true;
    # Not PrivateUsers: it refuses every load. Not ProcSubset and PrivatePIDs: other processes are what is looked at.
    # Who may trace processes sees all of them.
    ProtectProc = "invisible";

    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
    ];
    RestrictNamespaces = true;
    RestrictRealtime = true;
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    SystemCallArchitectures = "native";
    # Neither call is in any group that services usually have.
    SystemCallFilter = [
      "@system-service bpf perf_event_open"
      "~@privileged @resources"
      "bpf setrlimit sched_setaffinity"
    ];
    SystemCallErrorNumber = "EPERM";

    # Before 5.11 tables count as locked memory.
    LimitMEMLOCK = "infinity";
    MemoryMax = "512M";
    TasksMax = 256;
    # It goes before what it watches.
    OOMScoreAdjust = 500;
  };
}
