use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// A waker that counts its calls.
fn counter() -> (Arc<AtomicUsize>, impl Fn() + Send + Sync + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let calls = count.clone();
    (count, move || {
        calls.fetch_add(1, Ordering::SeqCst);
    })
}

/// Waits until `mailbox` has a thread waiting in `pop` or `push`, which only its own condition can show.
fn wait_for_waiter(condvar: &Condvar, mailbox: &Mailbox<u32>) {
    // A waiter is registered before it releases the lock: a notification that reaches it proves that it waited,
    // and it goes back to waiting because nothing has changed.
    loop {
        let state = mailbox.state.lock();
        let reached = condvar.notify_one();
        drop(state);
        if reached {
            return;
        }
        thread::yield_now();
    }
}

#[test]
fn things_come_out_in_the_order_they_went_in() {
    let mailbox = Mailbox::new(3);
    assert_eq!(mailbox.take(), None);
    for n in 1..=3 {
        mailbox.push(n).unwrap();
    }
    assert_eq!((mailbox.len(), mailbox.is_empty()), (3, false));
    assert_eq!((mailbox.pop(), mailbox.take(), mailbox.pop(), mailbox.take()), (Some(1), Some(2), Some(3), None));
}

#[test]
fn an_offer_to_a_full_or_closed_queue_comes_back() {
    let mailbox = Mailbox::new(2);
    assert_eq!((mailbox.offer(1), mailbox.offer(2), mailbox.offer(3)), (Ok(()), Ok(()), Err(3)));
    assert_eq!(mailbox.take(), Some(1));
    assert_eq!(mailbox.offer(4), Ok(()));
    mailbox.close();
    assert_eq!(mailbox.offer(5), Err(5));
}

#[test]
fn of_many_things_those_go_in_that_there_is_room_for() {
    let mailbox = Mailbox::new(3);
    let (calls, wake) = counter();
    mailbox.on_push(wake);
    let mut items = VecDeque::from([1, 2, 3, 4, 5]);
    mailbox.offer_all(&mut items);
    assert_eq!((&items, calls.load(Ordering::SeqCst)), (&VecDeque::from([4, 5]), 1));
    assert_eq!((mailbox.take(), mailbox.take(), mailbox.take()), (Some(1), Some(2), Some(3)));
    mailbox.close();
    mailbox.offer_all(&mut items);
    assert_eq!((items.len(), mailbox.take()), (2, None));
}

#[test]
fn a_closed_queue_is_emptied_before_it_ends() {
    let mailbox = Mailbox::new(2);
    mailbox.push(1).unwrap();
    mailbox.close();
    assert_eq!(mailbox.push(2), Err(Closed));
    assert!(mailbox.is_closed());
    assert_eq!((mailbox.pop(), mailbox.pop(), mailbox.take()), (Some(1), None, None));
}

#[test]
fn a_push_waits_until_there_is_a_place() {
    let mailbox = Mailbox::new(1);
    mailbox.push(1).unwrap();
    thread::scope(|scope| {
        let pusher = scope.spawn(|| mailbox.push(2));
        wait_for_waiter(&mailbox.freed, &mailbox);
        assert_eq!(mailbox.take(), Some(1));
        assert_eq!(pusher.join().unwrap(), Ok(()));
    });
    assert_eq!(mailbox.take(), Some(2));
}

#[test]
fn waiting_has_an_end() {
    let mailbox = Mailbox::new(1);
    let soon = || Instant::now() + std::time::Duration::from_millis(5);
    assert_eq!(mailbox.pop_until(soon()), None);
    mailbox.push(1).unwrap();
    assert_eq!(mailbox.pop_until(Instant::now()), Some(1));
    mailbox.close();
    assert_eq!(mailbox.pop_until(Instant::now() + std::time::Duration::from_secs(3_600)), None);
}

#[test]
fn closing_wakes_all_who_push() {
    let mailbox = Mailbox::new(1);
    mailbox.push(0).unwrap();
    thread::scope(|scope| {
        let pushers: Vec<_> = (1..=3)
            .map(|n| {
                scope.spawn({
                    let mailbox = &mailbox;
                    move || mailbox.push(n)
                })
            })
            .collect();
        wait_for_waiter(&mailbox.freed, &mailbox);
        mailbox.close();
        for pusher in pushers {
            assert_eq!(pusher.join().unwrap(), Err(Closed));
        }
    });
    assert_eq!((mailbox.pop(), mailbox.pop()), (Some(0), None));
}

#[test]
fn closing_wakes_all_who_pop() {
    let mailbox = Mailbox::<u32>::new(1);
    thread::scope(|scope| {
        let poppers: Vec<_> = (0..3).map(|_| scope.spawn(|| mailbox.pop())).collect();
        wait_for_waiter(&mailbox.filled, &mailbox);
        mailbox.close();
        for popper in poppers {
            assert_eq!(popper.join().unwrap(), None);
        }
    });
}

#[test]
fn an_interruption_passes_a_full_queue_and_is_never_lost() {
    let mailbox = Mailbox::new(1);
    mailbox.push(1).unwrap();
    mailbox.interrupt(9);
    mailbox.interrupt(8);
    assert_eq!((mailbox.take(), mailbox.take(), mailbox.take()), (Some(9), Some(1), None));
    mailbox.interrupt(7);
    mailbox.close();
    mailbox.interrupt(6);
    assert_eq!((mailbox.pop(), mailbox.pop()), (Some(7), None));
}

#[test]
fn an_interruption_wakes_who_waits() {
    let mailbox = Mailbox::new(1);
    thread::scope(|scope| {
        let popper = scope.spawn(|| mailbox.pop());
        wait_for_waiter(&mailbox.filled, &mailbox);
        mailbox.interrupt(5);
        assert_eq!(popper.join().unwrap(), Some(5));
    });
}

#[test]
fn the_loop_is_woken_once_for_each_time_the_queue_fills() {
    let mailbox = Mailbox::new(8);
    let (count, wake) = counter();
    mailbox.on_push(wake);
    let woken = || count.load(Ordering::SeqCst);
    assert_eq!(woken(), 0);
    mailbox.push(1).unwrap();
    mailbox.offer(2).unwrap();
    assert_eq!(woken(), 1);
    while mailbox.take().is_some() {}
    mailbox.push(3).unwrap();
    assert_eq!(woken(), 2);
    mailbox.close();
    mailbox.close();
    assert_eq!(woken(), 3);
}

#[test]
fn a_loop_that_takes_nothing_hears_of_an_interruption_all_the_same() {
    let mailbox = Mailbox::new(8);
    mailbox.push(1).unwrap();
    let (count, wake) = counter();
    mailbox.on_push(wake);
    let woken = || count.load(Ordering::SeqCst);
    assert_eq!(woken(), 1);
    mailbox.interrupt(9);
    mailbox.interrupt(9);
    assert_eq!((woken(), mailbox.take_interruption()), (2, Some(9)));
    mailbox.interrupt(8);
    assert_eq!((woken(), mailbox.take()), (3, Some(8)));
}

#[test]
fn a_waker_that_comes_late_is_called_at_once() {
    let mailbox = Mailbox::new(1);
    mailbox.push(1).unwrap();
    let (count, wake) = counter();
    mailbox.on_push(wake);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn room_is_announced_when_the_queue_has_drained_to_half() {
    let mailbox = Mailbox::new(4);
    let (count, wake) = counter();
    mailbox.on_room(wake);
    let woken = || count.load(Ordering::SeqCst);
    for n in 0..4 {
        mailbox.push(n).unwrap();
    }
    assert!(mailbox.is_crowded());
    mailbox.take();
    assert_eq!((woken(), mailbox.is_crowded()), (0, true));
    mailbox.take();
    assert_eq!((woken(), mailbox.is_crowded()), (1, false));
    mailbox.take();
    mailbox.take();
    assert_eq!(woken(), 1);
    mailbox.close();
    assert_eq!(woken(), 2);
}

#[test]
fn the_smallest_queue_announces_room_too() {
    let mailbox = Mailbox::new(0);
    let (count, wake) = counter();
    mailbox.on_room(wake);
    assert_eq!((mailbox.offer(1), mailbox.offer(2)), (Ok(()), Err(2)));
    mailbox.take();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn wakers_may_use_the_queue() {
    let mailbox = Arc::new(Mailbox::new(2));
    let (pushed, drained) = (Arc::new(AtomicUsize::new(9)), Arc::new(AtomicUsize::new(9)));
    mailbox.on_push({
        let (mailbox, seen) = (mailbox.clone(), pushed.clone());
        move || seen.store(mailbox.len(), Ordering::SeqCst)
    });
    mailbox.on_room({
        let (mailbox, seen) = (mailbox.clone(), drained.clone());
        move || seen.store(mailbox.len(), Ordering::SeqCst)
    });
    mailbox.push(1).unwrap();
    mailbox.push(2).unwrap();
    mailbox.take();
    assert_eq!((pushed.load(Ordering::SeqCst), drained.load(Ordering::SeqCst)), (1, 1));
    mailbox.on_push(|| {});
    mailbox.on_room(|| {});
}

#[test]
fn many_writers_and_readers_lose_and_double_nothing() {
    const EACH: u32 = 5_000;
    let mailbox = Mailbox::new(7);
    let mut seen = thread::scope(|scope| {
        let readers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| std::iter::from_fn(|| mailbox.pop()).collect::<Vec<u32>>())).collect();
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let mailbox = &mailbox;
                scope.spawn(move || (0..EACH).for_each(|n| mailbox.push(writer * EACH + n).unwrap()))
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        mailbox.close();
        let lists: Vec<_> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        // What one writer pushed keeps its order with every reader.
        for list in &lists {
            for writer in 0..4 {
                let own: Vec<_> = list.iter().filter(|n| **n / EACH == writer).collect();
                assert!(own.is_sorted());
            }
        }
        lists.concat()
    });
    seen.sort_unstable();
    assert_eq!(seen, (0..4 * EACH).collect::<Vec<_>>());
}

#[test]
fn a_loop_that_never_waits_gets_everything_by_its_wakers() {
    const ALL: u32 = 20_000;
    let mailbox = Arc::new(Mailbox::new(16));
    let (wake, woken) = std::sync::mpsc::channel();
    mailbox.on_room(move || wake.send(()).unwrap_or_default());
    let reader = thread::spawn({
        let mailbox = mailbox.clone();
        move || std::iter::from_fn(|| mailbox.pop()).collect::<Vec<u32>>()
    });
    for n in 0..ALL {
        let mut item = n;
        while let Err(back) = mailbox.offer(item) {
            item = back;
            woken.recv().unwrap();
        }
    }
    mailbox.close();
    assert_eq!(reader.join().unwrap(), (0..ALL).collect::<Vec<_>>());
    mailbox.on_room(|| {});
}
