//! hybrid-chat: a LAN chat in one executable. This page is the map of the house.
//!
//! # The idea
//!
//! The [`room`] is the bottom of the program, not the network: a set of rules without sockets, threads, files, clock or
//! printing. It takes what members ask for and returns what members must hear, in one order. Around it stands the [`hub`], which
//! brings connections' bytes to the room and what the room says to all of them; around that the [`host`], one event loop that owns
//! every socket. Whoever is in somebody else's room has a [`seat`] there, the same thing from the other side, and a
//! [`guest`], which owns the one socket of it. The [`peer`] carries out what the [`election`] says: host, or join, and decide again
//! whenever that is over. Whom [`discovery`] sees on the LAN goes to whichever of election and host is at work. The interface
//! ([`ui`]) never learns which of the two it is: it sends commands and shows events.
//!
//! ```text
//!                     main        parse, run, exit status
//!                       │
//!                      run        threads, and the order in which they stop
//!              ┌────────┴─────────┐
//!             ui  ── Mailbox ──  peer ───── election ⊘
//!   full, plain, json          ┌──┼───┐
//!                            host │  guest          sockets, clock, files
//!                              discovery            its own thread: beacon ⊘, DNS-SD
//!   ───────────────────────────┼──────┼─────────────────────────────────────
//!                            hub ⊘  seat ⊘          bytes and time in, bytes out
//!                     session ⊘┴──┬───┘
//!                              wire ⊘               dialects
//!                                 │
//!                              room ⊘               rules, order, log, names
//! ```
//!
//! # The map
//!
//! | to change | look in |
//! |---|---|
//! | a command and its help | [`room::command`] |
//! | what a name, or a text, may be | [`room::name`], [`room::text`] |
//! | a rule of the chat | [`room`] |
//! | what survives a change of host | [`room::replica`], [`room::log`], and [`seat`] |
//! | a dialect | [`wire`] |
//! | who is told what in which dialect | [`hub`]; what people type, `hub/typed.rs`; browsers, `hub/web.rs` and [`wire::http`] |
//! | who hosts when | [`election`], and where two rooms meet, [`sighting`] |
//! | how rooms are found on the LAN | [`discovery`] |
//! | which of the machine's interfaces lead to a LAN | [`interfaces`], listed by [`listing`] |
//! | a bound | [`limits`] |
//! | a line of the connections log | [`connection_log`] |
//! | a message of failure, an exit status | [`error`] |
//! | the list of rooms on the LAN | [`rooms`] |
//! | what keeps people from finding each other, and its cure | [`doctor`] |
//! | the full screen: what it knows, how it is drawn, keys | [`ui::full`] |
//! | another interface | [`ui`] |
//! | a key of the line that one types | [`ui::full::editor::keys`] |
//! | which bytes of a terminal are which key | `ui/full/terminal/decoder.rs` |
//! | what of Windows has no safe wrapper | `windows.rs`, the only file with `unsafe` |
//!
//! # What always holds
//!
//! 1. Arrows point down only. `⊘` marks what holds no socket, file, thread, clock or printing; time is an argument
//!    ([`moment::Moment`]). A test reads this folder and holds both.
//! 2. Order in the room is order in the stream is order on every screen. The room's log is its output: whoever wants to tell
//!    what happened reads the entries that it has not told yet.
//! 3. One owner for each thing. Threads share [`mailbox::Mailbox`]es and nothing else; no lock is held across a system call that can
//!    wait, and none nests.
//! 4. Every queue, buffer, loop and wait has a bound with a name and a reason, in [`limits`].
//! 5. A message is encoded once for each dialect in use, and written with what else is new in one call for each member and
//!    turn. A member is a position in a ring of bytes: a slow one falls off it and is told, and nobody waits for it.
//! 6. A malformed byte, an error on one connection or a panic over its bytes ends that connection and nothing else.
//!
//! # Where the plan was changed
//!
//! - The hosted room has a pure layer of its own between room and sockets, the [`hub`], and a member's side has one, the
//!   [`seat`]. So the simulation runs the very bytes that the network does, and the shells are left with reading and writing.
//! - A member's public id is the hash of a secret, so that a host that has just taken over can tell who comes back from who
//!   only pretends to ([`room::id::Secret`]).
//! - Whoever has claimed its port looks around on the LAN before it hosts, so that the port stays the election on its own
//!   machine; others who look are heard of too, and the one that comes first hosts ([`election`]).
//! - Two hosts that meet go and look before one of them yields, over TCP, and so do they for members that went without a word:
//!   a sighting is a hint, and the network need not carry any ([`election::meeting`]).
//! - Between two hosts after a silence, everybody who may be the next one is dialled at once, and whose machine does not answer
//!   is not waited for: whole machines may be gone.
//! - A row of the table of terms names the term's host: both halves of a cut network count on from the same term
//!   ([`room::log::Term`]).

pub mod cli;
pub mod clock;
pub mod config;
pub mod connection_log;
pub mod descriptors;
pub mod discovery;
pub mod doctor;
pub mod election;
pub mod error;
pub mod guest;
pub mod host;
pub mod hub;
pub mod interfaces;
pub mod limits;
pub mod listing;
pub mod mailbox;
pub mod moment;
pub mod net;
pub mod peer;
pub mod place;
pub mod room;
pub mod rooms;
pub mod run;
pub mod scout;
pub mod seat;
pub mod session;
pub mod shutdown;
pub mod sighting;
pub mod ui;
#[cfg(windows)]
pub mod windows;
pub mod wire;
