//! A bounded queue between two threads: commands to the network, events to the interface.
//!
//! Whoever may wait pushes and pops; an event loop, which may not, offers and takes, and is called by a waker when that
//! is worth trying again. Everything under the lock is O(1), wakers are called outside it, and nothing else is waited
//! for while it is held. What travels in it is none of its business.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// The queue is closed: nobody will take what is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mailbox is closed")]
pub struct Closed;

/// Called to wake an event loop.
type Waker = Arc<dyn Fn() + Send + Sync>;

/// A bounded queue, first in, first out, with one place ahead of it for what must not wait ([`Mailbox::interrupt`]).
pub struct Mailbox<T> {
    state: Mutex<State<T>>,
    /// Something is there, or the queue is closed.
    filled: Condvar,
    /// A place is free, or the queue is closed.
    freed: Condvar,
    bound: usize,
}

struct State<T> {
    queue: VecDeque<T>,
    urgent: Option<T>,
    closed: bool,
    on_push: Option<Waker>,
    on_room: Option<Waker>,
}

impl<T> State<T> {
    fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.urgent.is_none()
    }
}

impl<T> Mailbox<T> {
    /// An empty queue for at most `bound` things; at least one.
    pub fn new(bound: usize) -> Self {
        let state = State { queue: VecDeque::new(), urgent: None, closed: false, on_push: None, on_room: None };
        Self { state: Mutex::new(state), filled: Condvar::new(), freed: Condvar::new(), bound: bound.max(1) }
    }

    /// Appends `item`; waits while the queue is full.
    ///
    /// # Errors
    /// [`Closed`], also when the queue is closed while this waits; `item` is dropped then.
    pub fn push(&self, item: T) -> Result<(), Closed> {
        let mut state = self.state.lock();
        while state.queue.len() >= self.bound && !state.closed {
            self.freed.wait(&mut state);
        }
        if state.closed {
            return Err(Closed);
        }
        self.append(state, item);
        Ok(())
    }

    /// Appends `item` without waiting.
    ///
    /// # Errors
    /// Gives `item` back when the queue is full or closed. [`Mailbox::on_room`] tells when a full one has room again.
    pub fn offer(&self, item: T) -> Result<(), T> {
        let state = self.state.lock();
        if state.closed || state.queue.len() >= self.bound {
            return Err(item);
        }
        self.append(state, item);
        Ok(())
    }

    /// Appends as many of `items`, first to last, as there is room for, without waiting; what stays in `items` has no
    /// room, or the queue is closed. For many things at once it is the cheaper [`Mailbox::offer`].
    pub fn offer_all(&self, items: &mut VecDeque<T>) {
        if items.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        let room = self.bound.saturating_sub(state.queue.len()).min(items.len());
        if state.closed || room == 0 {
            return;
        }
        let was_empty = state.is_empty();
        state.queue.extend(items.drain(..room));
        self.filled(state, was_empty);
    }

    /// Puts `item` ahead of everything that waits, also when the queue is full. There is one place for it, and an
    /// interruption that nobody has taken yet stays in it. For what must neither wait nor be lost.
    pub fn interrupt(&self, item: T) {
        let mut state = self.state.lock();
        if state.closed || state.urgent.is_some() {
            return;
        }
        state.urgent = Some(item);
        // A loop that takes nothing else for now hears of it too.
        self.filled(state, true);
    }

    /// Takes the next thing; waits for one. `None` once the queue is closed and everything in it was taken.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        while state.is_empty() && !state.closed {
            self.filled.wait(&mut state);
        }
        self.remove(state)
    }

    /// Takes the next thing; waits for one until `end`. `None` also when nothing has come by then.
    pub fn pop_until(&self, end: Instant) -> Option<T> {
        let mut state = self.state.lock();
        while state.is_empty() && !state.closed {
            if self.filled.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        self.remove(state)
    }

    /// Takes the next thing, if there is one now.
    pub fn take(&self) -> Option<T> {
        self.remove(self.state.lock())
    }

    /// Takes an interruption alone, if there is one: for a reader that has no room for the rest.
    pub fn take_interruption(&self) -> Option<T> {
        self.state.lock().urgent.take()
    }

    /// How many things wait, an interruption not counted.
    pub fn len(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// Whether nothing waits, an interruption included.
    pub fn is_empty(&self) -> bool {
        self.state.lock().is_empty()
    }

    /// Whether more than half of the places are taken: the reader is behind, and [`Mailbox::on_room`] is still to come.
    pub fn is_crowded(&self) -> bool {
        self.len() > self.bound / 2
    }

    /// Nothing more goes in; what is in it can still be taken. Whoever waits wakes up.
    pub fn close(&self) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        state.closed = true;
        let wakers = [state.on_push.clone(), state.on_room.clone()];
        drop(state);
        self.filled.notify_all();
        self.freed.notify_all();
        wakers.into_iter().flatten().for_each(|wake| wake());
    }

    /// Whether the queue was closed.
    pub fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Has `wake` called whenever the queue is no longer empty, at an interruption, and when it is closed. It replaces an
    /// earlier one, and is called at once if something waits already, so that nothing is missed between looking and asking.
    /// Once woken, take until nothing is left (or remember that something is): the next call comes when the queue was empty.
    pub fn on_push(&self, wake: impl Fn() + Send + Sync + 'static) {
        let wake: Waker = Arc::new(wake);
        let mut state = self.state.lock();
        state.on_push = Some(wake.clone());
        let now = !state.is_empty() || state.closed;
        drop(state);
        if now {
            wake();
        }
    }

    /// Has `wake` called whenever the queue has drained to half its bound, and when it is closed. It replaces an
    /// earlier one. At half, not at the first free place: a writer that is woken for each place would sleep and wake
    /// once for each thing. Whoever stops because an offer came back, or because of [`Mailbox::is_crowded`], hears of it.
    pub fn on_room(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.state.lock().on_room = Some(Arc::new(wake));
    }

    fn append(&self, mut state: MutexGuard<'_, State<T>>, item: T) {
        let was_empty = state.is_empty();
        state.queue.push_back(item);
        self.filled(state, was_empty);
    }

    /// Releases the lock and wakes who takes; who looks only when called, where that is due.
    fn filled(&self, state: MutexGuard<'_, State<T>>, is_due: bool) {
        let wake = if is_due { state.on_push.clone() } else { None };
        drop(state);
        self.filled.notify_one();
        if let Some(wake) = wake {
            wake();
        }
    }

    fn remove(&self, mut state: MutexGuard<'_, State<T>>) -> Option<T> {
        if let Some(item) = state.urgent.take() {
            return Some(item);
        }
        let item = state.queue.pop_front()?;
        let wake = if state.queue.len() == self.bound / 2 { state.on_room.clone() } else { None };
        drop(state);
        self.freed.notify_one();
        if let Some(wake) = wake {
            wake();
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests;
