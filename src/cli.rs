//! The command line as it is typed. Man page and completions come from it.
//!
//! What can be said about one argument by itself is checked here, and a wrong one ends with status 2; what the
//! arguments mean together is the work of `config`. Nothing here runs anything.

mod target;

use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::limits;
use crate::room::name::Name;
pub use target::{BadTarget, Target};

/// The log that a host writes and `hybrid-chat log` reads where nobody names another.
pub const LOG_FILE: &str = "connections.log";

/// LAN chat in one executable: the first to run it hosts the room, everybody else is in it
///
/// Run it in one terminal and it hosts the room; run it again, here or on another machine of the LAN, and it joins. When
/// the host leaves, the room goes on with another.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do instead of chatting.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to chat.
    #[command(flatten)]
    pub room: RoomArgs,
}

const EXAMPLES: &str = "\
Examples:
  hybrid-chat                                  join the room on the LAN, or host it if there is none
  hybrid-chat 192.168.1.7                      join the room of that machine
  hybrid-chat --port 9000 --name lorde         another room, under a name of one's choice
  echo 'build 412 is out' | hybrid-chat --role client --name ci 192.168.1.7
                                               say one thing; status 0 only if the room has it
  hybrid-chat --json 192.168.1.7 | jq -r 'select(.event == \"message\") | .text'
                                               follow a room from a script
  hybrid-chat log --since 2h                   who was here in the last two hours

Exit status: 0 left or closed in order, 1 failed, 2 the command line was wrong.";

// Brackets in a doc comment would be taken for a link.
const ADDRESS: &str = "Where the room is: HOST, HOST:PORT or [V6]:PORT";
const ADDRESS_LONG: &str = "\
Where the room is: HOST, HOST:PORT or [V6]:PORT

One of this machine's own addresses: host on exactly that one, or join it if it is taken. Anybody else's: join only, \
never host. Without it: join whoever hosts on the LAN, or host on every address of this machine.";

/// The arguments of the chat itself.
#[derive(Debug, Args)]
pub struct RoomArgs {
    /// Where the room is.
    #[arg(value_name = "ADDRESS", value_parser = address, help = ADDRESS, long_help = ADDRESS_LONG)]
    pub address: Option<Target>,

    /// The port: one port is one room [default: 8808]
    #[arg(short, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    /// The name to take in the room: 2 to 32 characters [default: the login name]
    ///
    /// If somebody has it already, a number is added to it. White space inside becomes "-".
    #[arg(short, long, value_name = "NAME", value_parser = name)]
    pub name: Option<Name>,

    /// Whether to host, to join, or whichever is right
    #[arg(long, value_enum, value_name = "ROLE", default_value_t)]
    pub role: Role,

    /// The connections log, written while this process hosts
    #[arg(long, value_name = "FILE", default_value = LOG_FILE)]
    pub log: PathBuf,

    /// Look for no room on the LAN and announce none
    #[arg(long)]
    pub no_discovery: bool,

    /// Look and announce on this network interface only; may be repeated [default: all that lead to a LAN]
    #[arg(long, value_name = "NAME", conflicts_with = "no_discovery")]
    pub interface: Vec<String>,

    /// Plain lines, nothing redrawn: for screen readers and pipes
    #[arg(long)]
    pub plain: bool,

    /// Write events to standard output, one JSON object a line
    #[arg(long)]
    pub json: bool,

    /// Most members at once, while this process hosts
    #[arg(long, value_name = "N", default_value_t = limits::MAX_MEMBERS,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub max_members: usize,

    /// Messages a second read from one member, after a burst of ten times as many; 0: no limit
    ///
    /// Who sends faster is read more slowly: nothing is refused, nothing is lost.
    #[arg(long, value_name = "N", default_value_t = limits::RATE)]
    pub rate: u32,
}

/// What `--role` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Role {
    /// Host or join, whichever is right
    #[default]
    Auto,
    /// Host or fail
    Host,
    /// Join or fail
    Client,
}

/// What to do instead of chatting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a connections log: who was there, from where, when and for how long
    Log(LogArgs),
    /// List the rooms on the LAN
    Rooms(RoomsArgs),
    /// Say why nobody is found on the LAN, and the command that cures it
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the man page
    Man,
}

/// An address; but the name of a subcommand after an option is more likely to be meant as that.
fn address(typed: &str) -> Result<Target, String> {
    if Cli::command().get_subcommands().any(|command| command.get_name() == typed) {
        return Err(format!(
            "write {typed} before its options; a host of that name is {typed}:{}",
            limits::DEFAULT_PORT
        ));
    }
    typed.parse().map_err(|error: BadTarget| error.to_string())
}

/// The arguments of `hybrid-chat log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The log
    #[arg(value_name = "FILE", default_value = LOG_FILE)]
    pub file: PathBuf,

    /// Print the lines as JSON objects instead of a summary
    #[arg(long)]
    pub json: bool,

    /// Go on as the file grows
    #[arg(short, long)]
    pub follow: bool,

    /// Only what happened then or later: RFC 3339, or how long ago (90s, 15m, 2h, 3d, 1w)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,

    /// Only what happened then or earlier
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
}

/// The arguments of `hybrid-chat rooms`.
#[derive(Debug, Args)]
#[command(after_help = ROOMS_EXAMPLES)]
pub struct RoomsArgs {
    /// Only the room of this port [default: all ports]
    #[arg(short, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    /// Look on this network interface only; may be repeated [default: all that lead to a LAN]
    #[arg(long, value_name = "NAME")]
    pub interface: Vec<String>,

    /// Go on, and print a line whenever a room comes (+), changes (~) or goes (-)
    #[arg(long)]
    pub watch: bool,

    /// Print one JSON object a room or change
    #[arg(long)]
    pub json: bool,
}

const ROOMS_EXAMPLES: &str = "\
It looks for one second, and lists what has answered.

With --json each object has event (found; with --watch also changed and gone), at, port, host (the host's name), address \
and addresses (IP:PORT), members (how many), closed (whether it takes a passphrase), opened (when), room (its id) and term.

Examples:
  hybrid-chat rooms                            who is chatting here?
  hybrid-chat rooms --watch                    and who begins to?
  hybrid-chat rooms --json | jq -r .address    the addresses, for a script

Exit status: 0 also where there is no room, 1 failed, 2 the command line was wrong.";

/// The arguments of `hybrid-chat doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs {
    /// The room's port [default: 8808]
    #[arg(short, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,

    /// Look at this network interface only; may be repeated [default: all that lead to a LAN]
    #[arg(long, value_name = "NAME")]
    pub interface: Vec<String>,

    /// Print what was found as one JSON object
    #[arg(long)]
    pub json: bool,
}

const DOCTOR_EXAMPLES: &str = "\
It talks to itself across each network interface, and looks at the port, the firewalls, VPNs and containers. Nothing is \
changed. Some firewalls show their rules to root only: sudo hybrid-chat doctor.

Examples:
  hybrid-chat doctor                           why is nobody found?
  hybrid-chat doctor --interface wlan0         the same, by Wi-Fi only
  hybrid-chat doctor --json | jq -r '.findings[] | select(.weight == \"problem\") | .cure'
                                               what to type

Exit status: 0 a room could be found from here, 1 it could not, 2 the command line was wrong.";

/// A name by the rules of the room.
fn name(typed: &str) -> Result<Name, String> {
    Name::parse(typed).map_err(|error| error.to_string())
}

/// The completions for `shell`, as a script that it reads.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hybrid-chat", &mut script);
    script
}

/// The man page, in roff: the program's, with the arguments of each subcommand that has some at its end.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn man() -> std::io::Result<Vec<u8>> {
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(cli.clone()).render(&mut page)?;
    let with_arguments = |command: &&clap::Command| command.get_arguments().any(|argument| argument.get_id() != "help");
    for command in cli.get_subcommands().filter(with_arguments) {
        writeln!(page, ".SH \"HYBRID\\-CHAT {}\"", command.get_name().to_uppercase())?;
        let man = clap_mangen::Man::new(command.clone());
        let mut sections = Vec::new();
        man.render_synopsis_section(&mut sections)?;
        man.render_description_section(&mut sections)?;
        man.render_options_section(&mut sections)?;
        // Its sections are parts of one of ours.
        page.extend_from_slice(String::from_utf8_lossy(&sections).replace(".SH ", ".SS ").as_bytes());
    }
    Ok(page)
}

/// Ends the process as a wrong command line does: `why` and the usage on stderr, status 2.
pub fn usage_error(why: &str) -> clap::Error {
    Cli::command().error(clap::error::ErrorKind::ArgumentConflict, why)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("hybrid-chat").chain(line.iter().copied()))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_argument_is_read() {
        let words = "--port 9000 --name lorde --role client --log a.log --no-discovery --plain --json --max-members 3 \
                     --rate 0 capo.local";
        let Cli { command, room } = parse(&words.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert!(command.is_none() && room.no_discovery && room.plain && room.json);
        assert_eq!(room.address.unwrap().host, "capo.local");
        assert_eq!((room.port, room.role, room.max_members, room.rate), (Some(9000), Role::Client, 3, 0));
        assert_eq!((room.name.unwrap().as_str(), room.log), ("lorde", PathBuf::from("a.log")));
    }

    #[test]
    fn the_short_forms_are_read() {
        let room = parse(&["-p", "1", "-n", "lorde"]).unwrap().room;
        assert_eq!((room.port, room.name.unwrap().as_str()), (Some(1), "lorde"));
    }

    #[test]
    fn a_word_that_is_no_subcommand_is_an_address() {
        assert!(matches!(parse(&["man"]).unwrap().command, Some(Command::Man)));
        let cli = parse(&["mansion"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.room.address.unwrap().host, "mansion");
        assert_eq!(parse(&["man:8808"]).unwrap().room.address.unwrap().host, "man");
        let text = parse(&["--json", "man"]).unwrap_err().to_string();
        assert!(text.contains("write man before its options; a host of that name is man:8808"), "{text}");
    }

    #[test]
    fn the_log_is_a_subcommand_with_arguments_of_its_own() {
        let line = ["log", "--json", "--follow", "--since", "2h", "--until", "2026-11-20T21:51:03+01:00", "a.log"];
        let Some(Command::Log(log)) = parse(&line).unwrap().command else { panic!() };
        assert!(log.json && log.follow && log.file == *"a.log");
        assert_eq!((log.since.as_deref(), log.until.as_deref()), (Some("2h"), Some("2026-11-20T21:51:03+01:00")));
        let Some(Command::Log(log)) = parse(&["log"]).unwrap().command else { panic!() };
        assert_eq!((log.file, log.since), (PathBuf::from(LOG_FILE), None));
    }

    #[test]
    fn what_is_out_of_range_is_a_wrong_command_line() {
        for line in [
            &["--port", "0"][..],
            &["--port", "65536"],
            &["--port", "http"],
            &["--max-members", "0"],
            &["--rate", "-1"],
            &["--rate", "4294967296"],
            &["--name", "x"],
            &["--role", "king"],
            &["capo:0"],
            &["--passphrase", "secret"],
            &["capo", "lorde"],
            &["--json", "man"],
            &["completions", "cmd.exe"],
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line:?}");
        }
    }

    #[test]
    fn a_wrong_argument_says_which_and_why() {
        let text = parse(&["capo:65536"]).unwrap_err().to_string();
        assert!(text.contains("'capo:65536'") && text.contains("a number from 1 to 65535"), "{text}");
        let text = parse(&["--name", "x"]).unwrap_err().to_string();
        assert!(text.contains("--name <NAME>") && text.contains('2'), "{text}");
    }

    #[test]
    fn help_and_version_are_no_errors() {
        for (flag, kind) in [("--help", ErrorKind::DisplayHelp), ("--version", ErrorKind::DisplayVersion)] {
            let answer = parse(&[flag]).unwrap_err();
            assert_eq!((answer.kind(), answer.exit_code()), (kind, 0));
        }
        let help = parse(&["--help"]).unwrap_err().to_string();
        assert!(help.contains("echo 'build 412 is out' | hybrid-chat --role client --name ci"), "{help}");
    }

    #[test]
    fn completions_and_man_page_know_every_option() {
        let man = String::from_utf8(man().unwrap()).unwrap();
        let cli = Cli::command();
        let commands = || std::iter::once(&cli).chain(cli.get_subcommands());
        for option in commands().flat_map(clap::Command::get_arguments).filter_map(|argument| argument.get_long()) {
            assert!(man.contains(&option.replace('-', "\\-")), "the man page lacks --{option}");
            for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
                let script = String::from_utf8(completions(shell)).unwrap();
                assert!(script.contains(option), "the completions for {shell} lack --{option}");
            }
        }
    }
}
