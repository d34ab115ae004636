//! What we say: counted, kept until it is acknowledged, and sent again to whoever hosts then.
//!
//! What the room makes of it is not known here before the host says so.

use super::{Leaving, Phase, Seat};
use crate::limits::{READY_BYTES, UNACKNOWLEDGED};
use crate::moment::Moment;
use crate::room::event::{Closed, Command, Message, What};
use crate::room::text;
use crate::wire::native::{self, ToldLine};

impl Seat {
    /// Whether we can be asked for more: not too much of what we were asked for is still on its way. Between two hosts, what
    /// we are asked for waits for the next one.
    pub fn takes_commands(&self) -> bool {
        let waiting = self.unacknowledged.len() + self.asked.len();
        self.leaving.is_none() && waiting < UNACKNOWLEDGED && self.out.len() < READY_BYTES
    }

    /// We are asked for something.
    pub fn command(&mut self, command: Command, now: Moment) {
        match command {
            Command::Say { .. } | Command::Tell { .. } => {
                self.n += 1;
                if self.is_live() {
                    send(&mut self.out, self.n, &command, false);
                    self.under_way = self.n;
                }
                self.unacknowledged.push_back((self.n, command));
            }
            Command::EndOfInput => {
                self.leaving.get_or_insert(Leaving::WhenHeard);
                self.script = true;
                self.farewell_if_heard(now);
            }
            Command::Quit | Command::Stop => self.leave(now),
            other if self.is_live() => ask(&mut self.out, &other),
            other => self.asked.push_back(other),
        }
    }

    /// Whether what we send now is heard: we are in, and where the host is.
    fn is_live(&self) -> bool {
        matches!(self.phase, Phase::In) && self.catch_up.is_none()
    }

    /// Says goodbye; where nobody hears it, we have left already.
    fn leave(&mut self, now: Moment) {
        if matches!(self.leaving, Some(Leaving::Since(_))) {
            return;
        }
        self.leaving = Some(Leaving::Since(now.mono));
        match self.phase {
            Phase::In => self.out.extend_from_slice(native::BYE),
            _ => self.close(Closed::Left, "you left", now),
        }
    }

    /// What a script has said that the room does not have when it ends for `reason`.
    pub(super) fn unheard(&self, reason: Closed) -> Option<(String, String)> {
        let all_was_said = self.script && matches!(reason, Closed::Left | Closed::HostShutdown);
        let cut_off = || {
            let text = match self.unacknowledged.len() {
                0 => return None,
                1 => "the room does not have the last message".into(),
                left => format!("the room does not have the last {left} messages"),
            };
            Some(("closed".into(), text))
        };
        if all_was_said { self.untaken.clone().or_else(cut_off) } else { None }
    }

    /// Leaves once everything is acknowledged, if that is what we wait for.
    pub(super) fn farewell_if_heard(&mut self, now: Moment) {
        if self.leaving == Some(Leaving::WhenHeard) && self.unacknowledged.is_empty() && self.is_live() {
            self.leave(now);
        }
    }

    /// The room has dealt with our messages up to `n`. Each private one among them has an answer of its own: where it was
    /// lost with a host, that is no sign that the message has arrived.
    pub(super) fn acknowledged(&mut self, n: u64) {
        let heard = self.unacknowledged.partition_point(|(first, _)| *first <= n);
        let private = |(_, command): &(u64, Command)| matches!(command, Command::Tell { .. });
        let unanswered: Vec<_> = self.unacknowledged.drain(..heard).filter(private).collect();
        unanswered.into_iter().rev().for_each(|told| self.unacknowledged.push_front(told));
    }

    /// The room is another one than that in which we said something to one member: whoever has that name here may be somebody
    /// else, and must not read it.
    pub(super) fn give_up_private(&mut self, now: Moment) {
        for (n, command) in std::mem::take(&mut self.unacknowledged) {
            if let Command::Tell { to, text } = &command {
                let text = format!("not said again in another room, where {to} may be somebody else: {text}");
                self.not_taken("unsure".into(), text, Some(n), now);
            } else {
                self.unacknowledged.push_back((n, command));
            }
        }
    }

    pub(super) fn send_again(&mut self) {
        for (n, command) in &self.unacknowledged {
            send(&mut self.out, *n, command, *n <= self.under_way);
        }
        self.under_way = self.n;
        for command in self.asked.drain(..) {
            ask(&mut self.out, &command);
        }
    }

    /// A private message: to us, or our own coming back.
    pub(super) fn told(&mut self, line: ToldLine, now: Moment) {
        let own = line.peer == self.peer();
        if own {
            if !self.unacknowledged.iter().any(|(n, _)| *n == line.n) {
                return;
            }
            self.unacknowledged.retain(|(n, _)| *n != line.n);
        } else if !self.told.is_new(line.peer, line.n) {
            return;
        }
        self.show_private(line.from, line.to, line.text, own, line.action, now);
        self.farewell_if_heard(now);
    }

    fn show_private(&mut self, from: String, to: String, text: String, own: bool, action: bool, now: Moment) {
        let (from, text, to) = (from.into(), text.into(), Some(to.into()));
        let (replayed, late, private, seq) = (false, false, true, None);
        self.tell(What::Message(Message { from, text, own, action, private, replayed, late, seq, to }), now);
    }

    /// Something was not done.
    pub(super) fn refused(&mut self, code: String, text: String, n: Option<u64>, now: Moment) {
        self.not_taken(code, text, n, now);
        self.farewell_if_heard(now);
    }

    fn not_taken(&mut self, code: String, text: String, n: Option<u64>, now: Moment) {
        if let Some(n) = n {
            self.unacknowledged.retain(|(count, _)| *count != n);
            self.untaken = Some((code.clone(), text::clean(&text).into_owned()));
        }
        self.tell(What::Refused { code, text }, now);
    }
}

/// Sends a message, for the first time or `again`.
fn send(out: &mut Vec<u8>, n: u64, command: &Command, again: bool) {
    match command {
        Command::Say { text, action } => native::say(out, n, text, *action),
        Command::Tell { to, text } => native::tell(out, n, to, text, again),
        // Only messages are counted.
        _ => {}
    }
}

fn ask(out: &mut Vec<u8>, command: &Command) {
    match command {
        Command::Rename(name) => native::with_name(out, "nick", name),
        Command::Who => out.extend_from_slice(native::WHO),
        Command::Kick(name) => native::with_name(out, "kick", name),
        Command::Ban(name) => native::with_name(out, "ban", name),
        Command::Unban(address) => native::unban(out, address),
        // Messages are counted, and leaving is not asked for.
        _ => {}
    }
}
