//! What a plan asks of the kernel, answered by the host.

use crate::host::Abilities;
use crate::host::Btf;
use crate::host::Host;
use crate::plan::Kernel;

/// The running kernel.
pub(super) struct Running<'a> {
    btf: Option<&'a Btf>,
    task_storage: bool,
    cpus: u32,
}

impl<'a> Running<'a> {
    pub(super) fn new(host: &Host, abilities: &'a Abilities) -> Self {
        Self {
            btf: abilities.btf.as_ref().ok(),
            task_storage: abilities.task_storage.is_ok(),
            cpus: host.cpus.possible,
        }
    }
}

impl Kernel for Running<'_> {
    fn has_typed_tracepoint(&self, name: &str) -> bool {
        self.btf.is_some_and(|btf| btf.has_tracepoint(name))
    }

    fn has_task_storage(&self) -> bool {
        self.task_storage
    }

    fn possible_cpus(&self) -> u32 {
        self.cpus
    }
}
