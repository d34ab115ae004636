//! What an election is told of the world.
//!
//! Plain values: who finds them out, and what follows from them, is elsewhere.

use std::io::ErrorKind;
use std::net::SocketAddr;

use crate::room::id::{MemberId, RoomId};

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Start,
    /// What came of dialling.
    Dialed(Dialed),
    /// The claim is ours.
    Won,
    /// The port is taken.
    Taken,
    /// We cannot listen there, or cannot host for another reason.
    CannotHost,
    /// The wait is over.
    Waited,
    /// Rooms were seen: what [`Election::fresh`](super::Election::fresh) has given.
    Sighted(Vec<SocketAddr>),
    /// We were in, and are no longer.
    Lost(Loss),
}

/// What came of dialling: of several addresses, what says most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialed {
    /// We are in.
    In,
    /// A room did not let us in.
    TurnedAway {
        /// The room's word for it.
        code: String,
        /// For people.
        text: String,
    },
    /// What listens there is no room.
    NotARoom(String),
    /// Somebody accepts connections there, and says nothing.
    Silent,
    /// Somebody accepted the connection and ended it at once, in this way: a host that is just going, perhaps.
    HungUp(ErrorKind),
    /// Nobody could be reached, for this reason.
    Unreached(ErrorKind),
}

impl Dialed {
    /// How much it says, compared with what came of another address.
    pub fn weight(&self) -> u8 {
        match self {
            Self::Unreached(_) => 0,
            Self::HungUp(_) => 1,
            Self::Silent => 2,
            Self::NotARoom(_) => 3,
            Self::TurnedAway { .. } => 4,
            Self::In => 5,
        }
    }
}

/// How we lost the host, and who may be the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How.
    pub how: How,
    /// Where the room may be all the same: where we were connected to, or where it has moved to.
    pub at: Vec<SocketAddr>,
    /// The room.
    pub room: RoomId,
    /// When it was opened, as its host says it: in milliseconds since 1970.
    pub opened: i64,
    /// Who may host now, in order of seniority, the lost host left out: each with the addresses at which it would.
    pub candidates: Vec<(MemberId, Vec<SocketAddr>)>,
    /// Which of them we are.
    pub me: MemberId,
}

/// How we lost the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The connection ended: everybody else notices at the same time.
    HungUp,
    /// Nothing was heard: others may notice later.
    Silence,
    /// It handed the room over to this member.
    HandedOver(MemberId),
    /// It yielded to another host.
    Moved,
}
