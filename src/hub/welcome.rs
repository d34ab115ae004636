//! The welcome of those who are let in together: what they have in common is encoded once for each dialect.
//!
//! Who is let in, and when, is decided elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use super::letters::framed;
use super::queue::Bytes;
use crate::room::Admission;
use crate::room::replica::Replica;
use crate::wire::native::{self, Encoder, OwnWelcome, Welcome};
use crate::wire::{Dialect, text, websocket};

/// What of it is encoded already.
#[derive(Default)]
pub(super) struct Welcomes {
    rosters: [Option<Arc<[u8]>>; Dialect::ALL.len()],
    /// What members have missed: newcomers the history, and most of those who come back have missed the same.
    pasts: HashMap<(usize, Option<u64>, usize), Past>,
}

/// What happened before.
#[derive(Clone)]
struct Past {
    bytes: Arc<[u8]>,
    /// How many messages of history it is.
    history: usize,
}

impl Welcomes {
    /// The welcome of one.
    pub(super) fn of(
        &mut self,
        dialect: Dialect,
        admission: &Admission,
        replica: &Replica,
        encoder: &mut Encoder,
    ) -> [Bytes; 3] {
        let index = dialect as usize;
        let roster = self.rosters[index].get_or_insert_with(|| roster(dialect, replica).into()).clone();
        let past = self.pasts.entry((index, admission.after, admission.history()));
        let past = past.or_insert_with(|| past_of(dialect, admission, replica, encoder)).clone();
        let own = Bytes::Own(own(dialect, admission, past.history, roster.len()));
        let (roster, past) = (Bytes::Shared(roster), Bytes::Shared(past.bytes));
        match dialect {
            Dialect::Native | Dialect::Web => [own, roster, past],
            // A person reads the last line first.
            Dialect::Text => [past, own, roster],
        }
    }
}

/// The part that is one member's own; the roster, of so many bytes, follows on it.
fn own(dialect: Dialect, admission: &Admission, history: usize, roster: usize) -> Box<[u8]> {
    let mut bytes = Vec::new();
    let Admission { id, name, after, missed, lack, .. } = admission;
    let welcome = OwnWelcome { you: *id, name, after: *after, missed: *missed, lack: *lack, history };
    match dialect {
        Dialect::Native => native::own_welcome(&mut bytes, &welcome),
        Dialect::Text => text::own_welcome(&mut bytes, name),
        Dialect::Web => {
            let mut own = Vec::new();
            native::own_welcome(&mut own, &welcome);
            websocket::begin_text(&mut bytes, own.len() + roster);
            bytes.extend_from_slice(&own);
        }
    }
    bytes.into_boxed_slice()
}

/// The part with the roster.
fn roster(dialect: Dialect, replica: &Replica) -> Vec<u8> {
    let mut bytes = Vec::new();
    match dialect {
        Dialect::Native | Dialect::Web => {
            let welcome = Welcome {
                room: replica.room,
                opened: replica.opened,
                host: &replica.host_name(),
                term: replica.term,
                seq: replica.log.last(),
                terms: replica.log.terms(),
            };
            native::shared_welcome(&mut bytes, &welcome, replica.host, replica.members());
            if dialect == Dialect::Web {
                // The end of the frame is the end of the line.
                bytes.pop();
            }
        }
        Dialect::Text => text::shared_welcome(&mut bytes, replica.host, replica.members()),
    }
    bytes
}

fn past_of(dialect: Dialect, admission: &Admission, replica: &Replica, encoder: &mut Encoder) -> Past {
    let mut bytes = Vec::new();
    let history = || replica.log.history(admission.history());
    let history = match (dialect, admission.after) {
        (Dialect::Native | Dialect::Web, Some(after)) => {
            encoder.resumed(&mut bytes, replica.log.after(after));
            0
        }
        (Dialect::Native | Dialect::Web, None) => {
            let history = history();
            encoder.replayed(&mut bytes, &history);
            history.len()
        }
        (Dialect::Text, _) => {
            text::history(&mut bytes, &history());
            0
        }
    };
    Past { bytes: framed(dialect, bytes).into(), history }
}
