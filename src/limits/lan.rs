//! The bounds of what happens on a LAN beside the connections of a room: looking, announcing, visiting, listing.

use std::time::Duration;

use super::CANDIDATES;

// --- Discovery ----------------------------------------------------------------------------------------------------

/// How long somebody who has found no room looks around before it opens one: what is there has answered long before, and
/// the third question has had time for an answer too.
pub const LOOK: Duration = Duration::from_millis(700);
/// When a question goes out, from the beginning of the look: one lost datagram costs a moment, two half of the look.
pub const ASK_AT: [Duration; 3] = [Duration::ZERO, Duration::from_millis(100), Duration::from_millis(400)];
/// How often is asked after that, where the look goes on: whoever has lost its host looks until there is another.
pub const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often a host announces its room unasked: two halves of a network that has healed find one another.
pub const ANNOUNCE_EVERY: Duration = Duration::from_secs(2);
/// The longest datagram of the beacon: it crosses any link in one piece.
pub const DATAGRAM_MAX_BYTES: usize = 512;
/// Own questions to which an answer still counts: those of the last look, and what is on its way.
pub const QUESTIONS: usize = 8;
/// Others' questions that are known to be answered: one and the same comes by multicast and by broadcast.
pub const ANSWERED: usize = 256;
/// What is sent in a second because somebody else sent something: enough for a LAN that is switched on at once, and no
/// means to make a flood.
pub const REPLIES_PER_SECOND: u32 = 1_000;
/// Peers that are told of us because we heard of them: where datagrams get through in one direction only, each is told
/// by itself, and a room full of seekers does not tell each other all.
pub const TOLD: usize = 32;
/// After how long one of them is told again: two who hear each other do not go on telling for ever.
pub const TELL_AGAIN: Duration = Duration::from_secs(1);
/// How often the interfaces are looked at again: they come and go with cables, Wi-Fi and VPNs.
pub const INTERFACES_EVERY: Duration = Duration::from_secs(3);
/// Interfaces on which is looked: more than any machine has that a person sits at.
pub const INTERFACES: usize = 32;
/// Addresses of one interface from which is sent: nearly all have one of IPv4 and one of IPv6.
pub const INTERFACE_ADDRESSES: usize = 4;
/// Datagrams that are read from one socket in one turn: a flood on one interface does not keep the others waiting.
pub const DATAGRAMS_PER_TURN: usize = 32;
/// How long the thread that runs discovery may take to end: it waits for nothing but its waker and a goodbye.
pub const DISCOVERY_END: Duration = DNS_SD_GOODBYE.saturating_add(Duration::from_millis(500));
/// Sightings that wait for the network loop; a further one is dropped, because the same host says the same again.
pub const SIGHTINGS: usize = 256;
/// Rooms and seekers that a search remembers: more than one port of a LAN has at any time.
pub const NEIGHBOURS: usize = 64;
/// Two searches that end within this time of each other end at the same time: what datagrams take, and clocks' steps.
pub const SAME_TIME: Duration = Duration::from_millis(50);
/// How long after the end of its search somebody who comes before us is waited for: to claim, announce and be heard.
pub const SEEKER_GRACE: Duration = Duration::from_millis(300);
/// How often a host goes and looks at another one to which it should yield: forged sightings cost no more than that.
pub const VISIT_EVERY: Duration = Duration::from_millis(500);
/// How long such a visit may take: connecting and the answer, on a LAN.
pub const VISIT: Duration = Duration::from_secs(2);
/// How many visits in a row that reach nobody mean that something is between us.
pub const VISITS: u32 = 3;
/// How long one that cannot be reached is believed to be so.
pub const BLOCKED_FOR: Duration = Duration::from_secs(30);
/// How long a host is seen that should yield before it is taken for one that hears nobody: it goes and looks within two
/// announcements, and has given up what it cannot reach before this.
pub const OVERDUE: Duration = Duration::from_secs(15);
/// After how long without an announcement a host counts as gone: four may get lost.
pub const FORGOTTEN: Duration = ANNOUNCE_EVERY.saturating_mul(5);
/// How many members that went without a word are looked for: as many as a member tries candidates.
pub const MISSING: usize = CANDIDATES;
/// For how long they are looked for: a switch that was off over lunch.
pub const MISSED_FOR: Duration = Duration::from_secs(3_600);
/// How often one of their addresses is looked at: all of a small room's within some seconds, and no load.
pub const SEEK_EVERY: Duration = Duration::from_secs(1);
/// How often a change that decides nothing (how many there are, what the host is called) is announced.
pub const ANNOUNCE_CHANGE: Duration = Duration::from_millis(500);
/// The longest string of a DNS-SD record, key and value (RFC 6763, section 6.1).
pub const TXT_STRING_MAX_BYTES: usize = 255;
/// The longest part of a name in the DNS (RFC 1035, section 2.3.4): what a room is called in a Bonjour browser.
pub const DNS_LABEL_MAX_BYTES: usize = 63;
/// How often a host repeats its DNS-SD record unasked, for a network that has healed. Seldom: for a second after it, nobody
/// who asks is answered (RFC 6762, section 6), and that is longer than anybody looks.
pub const DNS_SD_REPEAT: Duration = Duration::from_secs(30);
/// How often the record is brought up to date where only the members or the name have changed, for the same reason. What
/// decides between two rooms goes out as often as the beacon announces.
pub const DNS_SD_UPDATE: Duration = Duration::from_secs(10);
/// How often a sighting is repeated while the record is there: the first may have been dropped.
pub const DNS_SD_AGAIN: Duration = Duration::from_secs(5);
/// How many DNS-SD records are heard of before all are forgotten and asked for anew: what is kept of a liar's is bounded.
pub const DNS_SD_RECORDS: usize = 1_024;
/// How long the DNS-SD daemon may take to say goodbye and end; it answers at once unless something is broken.
pub const DNS_SD_GOODBYE: Duration = Duration::from_millis(500);

// --- Looking at the machine ---------------------------------------------------------------------------------------

/// How long who is at an address is asked: on a LAN it answers in milliseconds, and somebody waits for many such answers.
pub const GLANCE: Duration = Duration::from_millis(500);
/// How long `doctor` waits for what it has sent to itself: it goes no further than this machine.
pub const HEAR_MYSELF: Duration = Duration::from_millis(300);
/// How long `doctor` waits for one program of the system, such as `nft`: they read tables and print them within milliseconds,
/// but on a busy machine they start late, and one that is given up counts as absent.
pub const ASK_A_PROGRAM: Duration = Duration::from_secs(4);
/// How much such a program may print: thousands of rules.
pub const ASK_A_PROGRAM_BYTES: u64 = 8 * 1024 * 1024;
/// How deep rules of nftables are followed from chain to chain, as deep as the kernel does.
pub const RULESET_DEPTH: usize = 16;

// --- The list of rooms --------------------------------------------------------------------------------------------

/// How long rooms are looked for before they are listed: three questions, and time to ask each room itself.
pub const LIST: Duration = Duration::from_secs(1);
/// How often a listed room is asked whether it is still there: each time is two lines in its host's connections log.
pub const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How soon it is asked again when it has not answered, or says other things on the LAN than before.
pub const ASK_SOON: Duration = Duration::from_secs(1);
/// How many answers in a row a listed room may owe before it is gone: a busy host may be late once.
pub const MISSED_ANSWERS: u32 = 2;
/// How many addresses are asked at the same time: forged sightings cost no more threads than that.
pub const ASKED_AT_ONCE: usize = 16;
/// How many addresses are kept at which something was seen: more than a LAN has rooms.
pub const ROOM_ADDRESSES: usize = 1_024;
