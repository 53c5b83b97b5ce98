//! Outlets beside another follower: both see everything.

use std::io;

use super::Outlets;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::session::KernelUse;
use crate::pipeline::Follower;
use crate::report::Builder;

/// Hands everything to outlets, and to another follower.
pub struct Delivering<'a> {
    outlets: &'a mut Outlets,
    inner: &'a mut dyn Follower,
}

impl<'a> Delivering<'a> {
    /// Both of them.
    pub fn new(outlets: &'a mut Outlets, inner: &'a mut dyn Follower) -> Self {
        Self { outlets, inner }
    }
}

impl std::fmt::Debug for Delivering<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivering").field("outlets", &self.outlets).finish_non_exhaustive()
    }
}

impl Follower for Delivering<'_> {
    fn waiting(&mut self, what: &str) {
        self.outlets.look();
        self.inner.waiting(what);
    }

    fn begin(&mut self, session: &Session) -> io::Result<()> {
        self.outlets.begin(session);
        self.inner.begin(session)
    }

    fn item(&mut self, item: &Item, report: &Builder) -> io::Result<()> {
        self.outlets.item(item, report);
        self.inner.item(item, report)
    }

    fn wants_use(&self) -> bool {
        self.outlets.wants_figures()
    }

    fn kernel_use(&mut self, kernel: &KernelUse) {
        self.outlets.kernel_use(kernel);
    }

    fn goes_on(&mut self) -> bool {
        self.outlets.look();
        self.inner.goes_on()
    }

    fn end(&mut self, ending: &Ending, report: &Builder) {
        self.outlets.end(ending, report);
        self.inner.end(ending, report);
    }
}
