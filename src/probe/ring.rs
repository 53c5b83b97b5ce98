//! The two rings: control (definitions and life cycle, needed and few) and data (single events, many).

use std::cell::Cell;
use std::cell::RefCell;
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::Duration;

use libbpf_rs::MapCore;
use libbpf_rs::RingBuffer;
use libbpf_rs::RingBufferBuilder;
use nix::poll::PollFd;
use nix::poll::PollFlags;
use nix::poll::PollTimeout;
use nix::poll::poll;

use super::ProbeError;
use super::decode::Decoded;
use super::decode::decode;
use super::table::failed;

/// Both rings, and what was read from them.
pub(super) struct Rings {
    control: RingBuffer<'static>,
    data: RingBuffer<'static>,
    read_control: Rc<RefCell<Vec<Decoded>>>,
    read_data: Rc<RefCell<Vec<Decoded>>>,
    malformed: Rc<Cell<u64>>,
}

impl Rings {
    /// Opens both rings; event times will count from `started_ns` on the monotonic clock.
    pub(super) fn open(control: &impl MapCore, data: &impl MapCore, started_ns: u64) -> Result<Self, ProbeError> {
        let read_control = Rc::new(RefCell::new(Vec::new()));
        let read_data = Rc::new(RefCell::new(Vec::new()));
        let malformed = Rc::new(Cell::new(0));
        Ok(Self {
            control: open(control, Rc::clone(&read_control), Rc::clone(&malformed), started_ns)?,
            data: open(data, Rc::clone(&read_data), Rc::clone(&malformed), started_ns)?,
            read_control,
            read_data,
            malformed,
        })
    }

    /// Waits until one of the rings or `other` asks for attention, at most for `timeout`.
    pub(super) fn wait(&self, other: BorrowedFd<'_>, timeout: Duration) {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        // SAFETY: both descriptors belong to ring buffers that live as long as `self`.
        let (control, data) =
            unsafe { (BorrowedFd::borrow_raw(self.control.epoll_fd()), BorrowedFd::borrow_raw(self.data.epoll_fd())) };
        let mut all = [control, data, other].map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN));
        // An interrupted or failed wait only means to look earlier.
        let _ = poll(&mut all, timeout);
    }

    /// Reads everything that is there, whether or not anyone was woken for it. Definitions come first: whatever an
    /// event in the data ring refers to was sent before it, so it is found when the control ring is read afterwards.
    pub(super) fn read(&self) -> Result<Vec<Decoded>, ProbeError> {
        let table = |error: libbpf_rs::Error| ProbeError::Table { table: "ring".into(), reason: error.to_string() };
        self.data.consume().map_err(table)?;
        self.control.consume().map_err(table)?;
        let mut all = self.read_control.take();
        all.append(&mut self.read_data.borrow_mut());
        Ok(all)
    }

    /// Records that could not be decoded since the last call.
    pub(super) fn take_malformed(&self) -> u64 {
        self.malformed.take()
    }
}

fn open(
    map: &impl MapCore,
    into: Rc<RefCell<Vec<Decoded>>>,
    malformed: Rc<Cell<u64>>,
    started_ns: u64,
) -> Result<RingBuffer<'static>, ProbeError> {
    let mut builder = RingBufferBuilder::new();
    let receive = move |bytes: &[u8]| {
        match decode(bytes, started_ns) {
            Some(decoded) => into.borrow_mut().push(decoded),
            None => malformed.set(malformed.get() + 1),
        }
        0
    };
    builder.add(map, receive).map_err(|error| failed(map, error))?;
    builder.build().map_err(|error| failed(map, error))
}
