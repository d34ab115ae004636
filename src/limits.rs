//! Every bound of the program in one place, each with its reason.
//!
//! What a bound limits reads it from here; nothing else of the program may invent one. Bounds that are related
//! are derived from one another, so that changing one keeps the rest true.

mod lan;

use std::time::Duration;

pub use lan::*;

/// The port of the room where nobody says another: unassigned, below the ephemeral range, and one that browsers open.
pub const DEFAULT_PORT: u16 = 8808;

// --- Names and messages -------------------------------------------------------------------------------------------

/// The shortest name, in characters as a reader counts them: one letter is too easily mistaken for another's initial.
pub const NAME_MIN_CHARS: usize = 2;
/// The longest name, in characters as a reader counts them: a roster of thirty-two columns still fits beside a chat.
pub const NAME_MAX_CHARS: usize = 32;
/// The longest name in bytes, forty for each character: the longest emoji sequences have 35, and though a character may
/// carry any number of combining marks, the memory of it must not.
pub const NAME_MAX_BYTES: usize = 40 * NAME_MAX_CHARS;
/// How many suffixes of a taken name are tried one by one, so that a number that has become free is taken again; beyond
/// them the next one is found by halving, because five thousand members may all be called `student`.
pub const NAME_SUFFIXES_IN_TURN: u32 = 40;
/// How often a bad name may be mended on one connection before it is ended.
pub const NAME_TRIES: u32 = 3;
/// The longest message, in bytes of UTF-8: a long log excerpt, not a file.
pub const MESSAGE_MAX_BYTES: usize = 16 * 1024;
/// The longest line of the native dialect without its `\n`: a whole message with every byte escaped to two, and room to spare.
pub const LINE_MAX_BYTES: usize = 64 * 1024;

// --- The room -----------------------------------------------------------------------------------------------------

/// Most members at once where nobody says another.
pub const MAX_MEMBERS: usize = 10_000;
/// Messages a second that are read from one member where nobody says another: nobody types that fast, a paste does.
pub const RATE: u32 = 200;
/// The burst after which the rate holds, as a multiple of the rate.
pub const RATE_BURST: u32 = 10;
/// How long a member that is too fast waits at least: some messages at once cost the host one turn, not one each.
pub const RATE_PAUSE: Duration = Duration::from_millis(20);
/// How many past messages a newcomer gets, who comes from nowhere.
pub const HISTORY_MESSAGES: usize = 100;
/// How many bytes of past messages a newcomer gets at most.
pub const HISTORY_BYTES: usize = 1024 * 1024;
/// How many entries each native member keeps, so that a new host can bring others up to date.
pub const LOG_ENTRIES: usize = 10_000;
/// How many bytes of text those entries hold at most: as much as the shared stream does.
pub const LOG_BYTES: usize = 4 * 1024 * 1024;
/// How many changes of host the table of terms reaches back.
pub const TERMS: usize = 64;
/// How many candidates for the next host are tried, in order of seniority: with more than that gone at once, elect afresh.
pub const CANDIDATES: usize = 16;
/// How long the name of a member whose connection was lost is kept for it.
pub const GHOST: Duration = Duration::from_secs(30);
/// How many members that left are remembered (name for a ghost, message counter against doubles).
pub const DEPARTED: usize = MAX_MEMBERS;
/// How many addresses can be banned: more than a LAN has.
pub const BANS: usize = 65_536;
/// The longest that newcomers are gathered into one announcement, in a full room.
pub const GATHER_MAX: Duration = Duration::from_millis(50);
/// How long newcomers are gathered for each member who has to be told: a small room greets at once, and a storm of
/// joins costs a bounded share of the host's time whatever the size of the room.
pub const GATHER_PER_MEMBER: Duration = Duration::from_micros(10);
/// How many members are announced in one line: so many of the longest names still fit into it.
pub const JOINED_IN_LINE: usize = 32;
/// How long a new host listens only, so that nobody who is ahead of it loses anything.
pub const FLUSH: Duration = Duration::from_secs(1);
/// How long members have to come to a new host before they have left.
pub const ABSENT: Duration = Duration::from_secs(10);

// --- Connections at the host --------------------------------------------------------------------------------------

/// Connections that may wait to be accepted: everybody comes at once after a change of host.
pub const BACKLOG: i32 = 4096;
/// The shared stream of one dialect.
pub const STREAM_BYTES: usize = 4 * 1024 * 1024;
/// How much may be added to the stream before what is there is written out: a reader that keeps up never falls off it
/// because of a single turn.
pub const TURN_BYTES: usize = STREAM_BYTES / 8;
/// A stream's size divided by this is kept besides, for who has just fallen off it to end in order: more than a turn adds.
pub const SPARE_PART: usize = 4;
/// What is read from one connection in one turn of the loop.
pub const READ_BYTES: usize = 64 * 1024;
/// What may wait for one member alone; a whole history and roster are shared and do not count.
pub const OWN_QUEUE_BYTES: usize = 256 * 1024;
/// How many rosters and histories may wait for one member: the two of its welcome, and answers to `who`.
pub const OWN_ROSTERS: usize = 4;
/// A member that has taken nothing for this long, while something waited for it, is slow.
pub const SLOW: Duration = Duration::from_secs(10);
/// How long a connection may be silent before it has said who it is.
pub const HELLO_WAIT: Duration = Duration::from_secs(10);
/// How long a connection may say nothing before it is taken for a person, who is asked for a name.
pub const ASK_AFTER: Duration = Duration::from_millis(300);
/// How long a person may think about that name.
pub const NAME_WAIT: Duration = Duration::from_secs(20);
/// How much of a first line is looked at to tell who has connected: as much as a whole request of HTTP may have.
pub const FIRST_LINE_BYTES: usize = REQUEST_BYTES;
/// The longest head of an HTTP request: several times what browsers send.
pub const REQUEST_BYTES: usize = 8 * 1024;
/// The most header fields of one: several times what browsers send.
pub const REQUEST_FIELDS: usize = 64;
/// How long a request may take to come, whole, and how long a connection waits for the next one.
pub const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// What is read at once of a WebSocket, and kept for it while it is idle: most messages fit.
pub const FRAME_READ_BYTES: usize = 512;
/// The longest answer of a WebSocket to a control frame, and room for one more.
pub const FRAME_REPLY_BYTES: usize = 512;
/// How often the host says that it is alive, and members answer.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// Silence after which a connection is lost: three heartbeats.
pub const SILENCE: Duration = Duration::from_secs(15);
/// After how long a silent connection is probed by the operating system, and how often then: a person with `nc` is silent for
/// hours, and is asked nothing that would have to be answered.
pub const KEEPALIVE: Duration = SILENCE;
/// How long a connection that is being ended may take to read its last words.
pub const LINGER: Duration = Duration::from_secs(2);
/// What is read, and thrown away, of a connection that has been told why it ends.
pub const LINGER_BYTES: usize = 256 * 1024;
/// How many connections are accepted in one turn of the loop: a storm of newcomers does not keep members waiting.
pub const ACCEPTS_PER_TURN: usize = 256;
/// What the operating system may keep of a connection's output before it is on its way: the rest of a slow member's
/// backlog stays in the shared stream, where it costs nothing.
pub const UNSENT_BYTES: u32 = 128 * 1024;
/// How many readiness events are taken from the operating system at once.
pub const READY_EVENTS: usize = 1_024;
/// How long accepting pauses when there are no descriptors left.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

// --- Connecting ---------------------------------------------------------------------------------------------------

/// How long connecting to one address may take: on a LAN milliseconds, and a second more where the first packet is lost.
pub const CONNECT: Duration = Duration::from_secs(2);
/// How long a connection attempt goes on alone before the next address is tried as well: longer than a handshake takes on
/// any LAN, shorter than a person notices (RFC 8305 recommends 250 ms for the whole Internet, and 100 ms at the least).
pub const CONNECT_STAGGER: Duration = Duration::from_millis(100);
/// Connection attempts at once: as many as begin before the first of them has taken too long.
pub const CONNECTING: usize = (CONNECT.as_millis() / CONNECT_STAGGER.as_millis()) as usize;
/// How long the answer to `hello` may take: a new host that only listens as yet answers within half of that.
pub const HELLO_ANSWER: Duration = Duration::from_secs(2);
/// How long a host's name is looked up.
pub const RESOLVE: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried: all of them leave time to decide.
pub const ADDRESSES: usize = 4;
/// How many addresses at which somebody accepts and says nothing are waited for in one round.
pub const SILENT_ADDRESSES: usize = 2;
/// A peer that has not been in the room has decided (host, client or error) after this long.
pub const DECIDE: Duration = Duration::from_secs(10);
/// The shortest pause between two attempts of an election: the holder of the port has just died or does not listen yet.
pub const RETRY_MIN: Duration = Duration::from_millis(20);
/// The longest such pause; jitter between the two keeps many peers from moving in step.
pub const RETRY_MAX: Duration = Duration::from_millis(120);
/// Attempts to reconnect before the election starts again.
pub const RECONNECTS: u32 = 10;
/// The first pause between attempts to reconnect; it doubles.
pub const RECONNECT_MIN: Duration = Duration::from_millis(250);
/// The longest pause between attempts to reconnect.
pub const RECONNECT_MAX: Duration = Duration::from_secs(5);
/// By which part of itself such a pause may be longer, at random: members do not come back in step.
pub const RECONNECT_JITTER: f64 = 0.4;
/// What a member has sent and not yet got back, in messages; more waits in its standard input.
pub const UNACKNOWLEDGED: usize = 1_000;

// --- Inside the process -------------------------------------------------------------------------------------------

/// Commands that wait for the network thread.
pub const COMMANDS: usize = 1_024;
/// Commands that the host carries out in one turn of the loop: a script's flood does not keep members waiting.
pub const COMMANDS_PER_TURN: usize = 256;
/// Events that wait for the interface.
pub const EVENTS: usize = 16_384;
/// How long a closing room tries to get its last words to everybody.
pub const CLOSE: Duration = Duration::from_millis(2_500);

// --- A member's side ----------------------------------------------------------------------------------------------

/// The longest line that a member reads: a welcome with the roster of a full room, every name and address at its longest.
pub const WELCOME_MAX_BYTES: usize = 16 * 1024 * 1024;
/// How much that is no object is passed over before a `welcome`: a question for a name, not a web page.
pub const PASSED_OVER_BYTES: usize = 4 * 1024;
/// The highest number of an entry or a term that a room reaches: a whole number in any JSON, and far from an overflow.
pub const NUMBER_MAX: u64 = 1 << 53;
/// From here on counts are the host's, for messages whose sender does not count: still whole numbers in any JSON.
pub const COUNT_END: u64 = NUMBER_MAX / 2;
/// The longest list of members that a member keeps, whatever a host claims: far more than a LAN has.
pub const ROSTER: usize = 262_144;
/// How many messages a member remembers to have shown that are not in its log: what several changes of host leave over.
pub const SHOWN: usize = 10 * LOG_ENTRIES;
/// How many messages of other pasts a member keeps until a host has taken them: two whole logs, one of them of a host that
/// did not live so long.
pub const ASIDE: usize = 2 * LOG_ENTRIES;
/// How many messages a host remembers beyond those in its log, to tell what comes late from what it has: so seldom is the
/// log read anew for that.
pub const KNOWN: usize = 2 * LOG_ENTRIES;
/// How many addresses of one candidate for the next host are tried.
pub const CANDIDATE_ADDRESSES: usize = 4;
/// What a member has ready to send at most before it takes more from its standard input.
pub const READY_BYTES: usize = 256 * 1024;
/// How long a member that leaves waits for the host's last word.
pub const FAREWELL: Duration = Duration::from_secs(2);

// --- The walk along the candidates --------------------------------------------------------------------------------

/// How long one candidate is waited for when the connection ended: everybody noticed that at the same moment.
pub const PATIENCE_AFTER_HANG_UP: Duration = Duration::from_secs(1);
/// How long one candidate is waited for when the host fell silent: others may have heard it one heartbeat later.
pub const PATIENCE_AFTER_SILENCE: Duration = Duration::from_secs(HEARTBEAT.as_secs() + 1);

// --- The connections log ------------------------------------------------------------------------------------------

/// How often the connections log looks whether it was renamed.
pub const LOG_ROTATION: Duration = Duration::from_secs(1);
/// The longest line of a connections log that is read: far more than the longest name, wholly escaped, needs.
pub const LOG_LINE_MAX_BYTES: usize = 64 * 1024;
/// What is read from a connections log at a time.
pub const LOG_READ_BYTES: usize = 64 * 1024;
/// How often a connections log that is followed is looked at: below what a person notices, and no load.
pub const LOG_POLL: Duration = Duration::from_millis(200);
/// How many looks a renamed log still gets before the new one is read: its writer may not have noticed yet.
pub const LOG_ROTATION_POLLS: u32 = (LOG_ROTATION.as_millis() / LOG_POLL.as_millis()) as u32 + 1;

// --- Standard input, standard output, signals ---------------------------------------------------------------------

/// What is read from standard input at once.
pub const INPUT_BYTES: usize = 64 * 1024;
/// The longest line of standard input without its `\n`: as long as one of the native dialect, which it may be.
pub const INPUT_LINE_BYTES: usize = LINE_MAX_BYTES;
/// How long the thread that reads standard input may take to end: it is woken, and has nothing to finish.
pub const INPUT_END: Duration = Duration::from_millis(500);
/// How much text is gathered before it is written: what waits costs one call, and memory stays small.
pub const OUTPUT_BYTES: usize = 64 * 1024;
/// Signals that come within this time of the first are the same wish: a shell and a terminal that go away both send
/// one. Nobody presses Ctrl-C twice as fast.
pub const SAME_SIGNAL: Duration = Duration::from_millis(100);
/// How long giving the terminal back may take when a second Ctrl-C ends the process: it takes no time where the terminal
/// takes anything.
pub const TIDY: Duration = Duration::from_millis(500);
/// How long the host has to be lost before people who read lines are told: another one is there before that as a rule.
pub const LOST_TOLD: Duration = Duration::from_secs(1);
/// How long a console that goes away is kept waiting on Windows, until all has ended: the system itself waits no longer.
pub const CONSOLE_END: Duration = Duration::from_secs(5);
/// How many names the start-up text shows, and the answer to a ban; `/who` shows all.
pub const ROSTER_SHOWN: usize = 20;
/// How many of this machine's addresses are shown to be typed elsewhere: one is right, a few more help on odd networks.
pub const ADDRESSES_SHOWN: usize = 3;

// --- The line that one types --------------------------------------------------------------------------------------

/// How many pieces that were cut out can be put in again: more than anybody remembers.
pub const KILLS: usize = 16;
/// How many steps can be undone: each is a word, an erasing or a paste.
pub const UNDO_STEPS: usize = 1_000;
/// How many bytes of text those steps hold at most: the longest message pasted and cut several times over.
pub const UNDO_BYTES: usize = 16 * MESSAGE_MAX_BYTES;
/// How many sent lines can be brought back: a long day's.
pub const SENT_LINES: usize = 1_000;
/// How many bytes those lines have at most.
pub const SENT_BYTES: usize = 32 * MESSAGE_MAX_BYTES;
/// A pasted text of more lines than this is shown before it is sent: fewer can be seen while they are typed.
pub const REVIEW_LINES: usize = 8;
/// A pasted text of more bytes than this is shown before it is sent: about as much as those lines hold.
pub const REVIEW_BYTES: usize = REVIEW_LINES * 120;
/// The longest that is sought in lines that were sent, in bytes: what fits beside a search.
pub const QUERY_BYTES: usize = 256;
/// The most bytes of a single character that are shown: letters with a few marks and joined emoji have less, and a
/// terminal's cell need not hold more.
pub const CELL_BYTES: usize = 64;

// --- The full screen ----------------------------------------------------------------------------------------------

/// How often the screen is drawn while there is always something new. More drawings a second nobody sees, and writing them
/// costs both ends: with those that are saved up, there are 30 in any second at most.
pub const FRAME: Duration = Duration::from_millis(39);
/// Drawings that are saved up while nothing changes: what is typed at the pace of a person is shown at once.
pub const FRAMES_SAVED: u32 = 4;
/// How many of them are left for keys by what arrives.
pub const FRAMES_FOR_KEYS: u32 = 2;
/// Entries that can be read back.
pub const SCROLLBACK: usize = 100_000;
/// What they take in memory at most, with their texts.
pub const SCROLLBACK_BYTES: usize = 64 * 1024 * 1024;
/// Names that one line tells of who comes and goes; the rest is counted.
pub const FOLDED_NAMES: usize = 5;
/// How long who comes and goes is gathered in one line: what belongs together.
pub const FOLDED_FOR: Duration = Duration::from_secs(600);
/// How far the clocks of a room's machines may be apart without a day beginning twice: those that nobody sets are wrong by
/// minutes.
pub const CLOCKS_APART: Duration = Duration::from_secs(600);
/// The widest and the highest screen that is drawn: more than any has, and a buffer of it is no burden.
pub const SCREEN_CELLS: u16 = 1_000;
/// Batches of keys that wait to be taken: what a person types ahead.
pub const KEYS: usize = 64;
/// How long is looked whether more keys have come with the first: what is there is there.
pub const KEYS_TOGETHER: Duration = Duration::from_millis(1);
/// What is read from the terminal in one call: more it does not give.
pub const KEYS_READ: usize = 4 * 1024;
/// Bytes that are taken from the terminal at once: a pasted message that is not told from typing is one piece.
pub const KEYS_AT_ONCE: usize = MESSAGE_MAX_BYTES;
/// How long an Escape waits for what it may begin: what a key sends comes together, and nobody notices the wait.
pub const ESCAPE_END: Duration = Duration::from_millis(30);
/// How long nothing has come in a paste whose end is taken for lost: longer than a network stands still.
pub const PASTE_END: Duration = Duration::from_secs(5);
/// What is kept of a paste: far more than a message may have, so that it is refused with its size.
pub const PASTE_BYTES: usize = 16 * 1024 * 1024;
/// The longest sequence that a terminal sends for a key, or as an answer to somebody.
pub const SEQUENCE_BYTES: usize = 256;
/// Keys that are taken at once on Windows, where only that tells a paste from typing: the longest message, each key pressed
/// and let go, and twice that.
pub const PASTED_AT_ONCE: usize = 4 * MESSAGE_MAX_BYTES;
/// So many same arrow keys in one piece are the mouse wheel: terminals send three for each notch, and nobody presses a
/// key three times between two looks.
pub const WHEEL_KEYS: usize = 3;
/// How long is looked for more keys after an arrow with which the wheel may have begun: terminals send them one by one, and on
/// a busy machine they come milliseconds apart. A key that is held down comes every 10 ms at the fastest, and nobody sees
/// this delay.
pub const WHEEL_TOGETHER: Duration = Duration::from_millis(8);
/// So many characters in one piece, with line breaks among them, were pasted: a shorter paste does no harm.
pub const PASTE_KEYS: usize = 32;
/// Events that are taken between two looks at the keys.
pub const EVENTS_PER_TURN: usize = 1_024;
/// The widest notification: what a desktop shows of one.
pub const NOTIFICATION_COLUMNS: usize = 120;
/// The messages that a window's title counts: more are many, and a flood does not change it with every drawing.
pub const TITLE_UNREAD: usize = 99;
/// Panics of other threads that are told when the terminal is given back: one is a bug, more are the same one.
pub const PANICS_KEPT: usize = 4;

// --- Readers that are behind --------------------------------------------------------------------------------------

/// How far a member that reads may be behind before the room waits for it: so near to falling off the stream.
pub const CROWD_BYTES: usize = STREAM_BYTES / 8 * 7;
/// A member that has taken something this recently reads; one that has not is not waited for.
pub const CROWD_READER: Duration = Duration::from_millis(100);
/// How long the room waits for readers in all, for each ring's worth of talk: a member that reads a byte now and then costs
/// the room its speed only where that is megabytes a second.
pub const CROWD_WAIT: Duration = Duration::from_secs(1);
