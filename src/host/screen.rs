//! Events on their way to the host's own interface, which may read more slowly than the room speaks. The room does not wait
//! for it: what has no room is left out and counted. It does not know what an interface does with events.

use crate::hub::Hub;
use crate::mailbox::Mailbox;
use crate::moment::Moment;
use crate::room::event::{Event, What};

/// The way to the interface.
pub(super) struct Screen<'a> {
    events: &'a Mailbox<Event>,
    /// How many events were left out and not yet told of.
    missed: u64,
}

impl<'a> Screen<'a> {
    pub(super) fn new(events: &'a Mailbox<Event>) -> Self {
        Self { events, missed: 0 }
    }

    /// Whether nobody will ever look again.
    pub(super) fn is_gone(&self) -> bool {
        self.events.is_closed()
    }

    /// Shows what the hub has for the own participant. What has no room is left out, but not the last words of a room
    /// that is `closing`: they wait, in the hub.
    pub(super) fn show(&mut self, hub: &mut Hub, closing: bool, now: Moment) {
        if self.missed > 0 && !self.events.is_crowded() {
            let text = format!("{} events were not shown: this screen reads too slowly", self.missed);
            hub.events().push_front(Event { at: now.wall, what: What::Notice { text } });
            self.missed = 0;
            if !closing {
                // Comings and goings may have been among them.
                hub.remind(now);
            }
        }
        if self.missed == 0 {
            self.events.offer_all(hub.events());
        }
        if !closing {
            self.missed += u64::try_from(hub.events().len()).unwrap_or(u64::MAX);
            hub.events().clear();
        }
    }
}
