//! Orders to a probe at work: targets that come and go.

use std::io;
use std::io::PipeReader;
use std::io::PipeWriter;
use std::io::Read;
use std::io::Write;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;

use super::Assignment;

/// Orders that may wait; the thread that carries them out looks several times a second.
const ORDERS_WAITING: usize = 4096;

/// What a probe is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Trace these too, what runs in them already included.
    Assign {
        /// Who belongs to which target.
        assignments: Vec<Assignment>,
        /// Ports that are listened on in them already: (inode of the network namespace, port).
        listeners: Vec<(u32, u16)>,
    },
    /// These cgroups are targets no more.
    Release(Vec<u64>),
}

/// Sends orders.
#[derive(Debug)]
pub(super) struct Orders {
    orders: mpsc::SyncSender<Order>,
    /// Wakes the thread; an order that nobody is woken for is carried out a moment later.
    wake: Mutex<PipeWriter>,
}

/// Gets them.
#[derive(Debug)]
pub(super) struct Inbox {
    orders: mpsc::Receiver<Order>,
    pub(super) woken: PipeReader,
}

/// Both ends.
pub(super) fn channel() -> io::Result<(Orders, Inbox)> {
    let (sender, receiver) = mpsc::sync_channel(ORDERS_WAITING);
    let (woken, wake) = io::pipe()?;
    Ok((Orders { orders: sender, wake: Mutex::new(wake) }, Inbox { orders: receiver, woken }))
}

impl Orders {
    /// Sends an order; false if it finds no room, or nobody.
    pub(super) fn send(&self, order: Order) -> bool {
        if self.orders.try_send(order).is_err() {
            return false;
        }
        // One byte for each order that waits: far fewer than a pipe takes.
        let mut wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        wake.write_all(&[1]).is_ok()
    }
}

impl Orders {
    /// Wakes the thread without an order: it is about to end.
    pub(super) fn wake(&self) {
        let mut wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody listens any more: then there is nobody to wake.
        let _ = wake.write_all(&[1]);
    }
}

impl Inbox {
    /// All orders that are there.
    pub(super) fn take(&mut self) -> Vec<Order> {
        let orders: Vec<Order> = self.orders.try_iter().collect();
        // Each order brings a byte, the last one's may still be on its way. Without a sender there is nothing to wait for.
        let _ = self.woken.read_exact(&mut vec![0; orders.len()]);
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::Order;
    use super::channel;

    /// Check that orders arrive in order, and that what cannot arrive is refused.
    #[test]
    fn orders_arrive() {
        let (orders, mut inbox) = channel().unwrap();
        assert!(orders.send(Order::Release(vec![2])));
        assert!(orders.send(Order::Release(vec![3])));
        assert_eq!(inbox.take(), [Order::Release(vec![2]), Order::Release(vec![3])]);
        assert_eq!(inbox.take(), []);
        drop(inbox);
        assert!(!orders.send(Order::Release(Vec::new())));
    }
}
