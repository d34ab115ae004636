//! hybrid-chat: what was typed, what comes of it, and the exit status.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};

use chrono::Local;
use clap::Parser;
use hybrid_chat::cli::{self, Cli, Command};
use hybrid_chat::config::{self, Config};
use hybrid_chat::error::{self, Error, Result};
use hybrid_chat::room::event::Closed;
use hybrid_chat::room::text;
use hybrid_chat::ui::full::terminal;
use hybrid_chat::{connection_log, doctor, peer, rooms, run, shutdown};

/// Parses, runs, and says why it failed. A wrong command line ends here with status 2.
fn main() -> ExitCode {
    run(Cli::parse()).unwrap_or_else(|error| {
        report(&error);
        ExitCode::FAILURE
    })
}

fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        None => chat(cli.room),
        Some(Command::Log(args)) => log(args),
        Some(Command::Rooms(args)) => {
            rooms::command(args, &mut io::stdout(), &mut io::stderr()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Doctor(args)) => doctor(args),
        Some(Command::Completions { shell }) => print(&cli::completions(shell)),
        Some(Command::Man) => print(&cli::man().map_err(|error| Error::io("write the man page", error))?),
    }
}

/// The variable with which somebody asks for a closed room.
const PASSPHRASE: &str = "HYBRID_CHAT_PASSPHRASE";
/// Whoever relies on a passphrase must not be in an open room without knowing.
const NO_CLOSED_ROOMS: &str =
    "HYBRID_CHAT_PASSPHRASE asks for a closed room, and there are none yet: unset it to chat in an open one";

fn chat(args: cli::RoomArgs) -> Result<ExitCode> {
    if std::env::var_os(PASSPHRASE).is_some_and(|passphrase| !passphrase.is_empty()) {
        cli::usage_error(NO_CLOSED_ROOMS).exit();
    }
    let config =
        Config::new(args, &login(), is_terminal()).unwrap_or_else(|error| cli::usage_error(&error.to_string()).exit());
    let put_out = match run::chat(&config, peer::run)? {
        Closed::HostShutdown | Closed::Left => return Ok(ExitCode::SUCCESS),
        Closed::Kicked => ("kicked", "the host ended the connection"),
        Closed::Banned => ("banned", "the host has banned this address"),
    };
    let (code, text) = (put_out.0.into(), put_out.1.into());
    Err(Error::Refused { tried: format!("stay in the room on port {}", config.port), code, text })
}

/// Whether there is a terminal to draw on: a person types on it, reads on it, and it can move its cursor.
fn is_terminal() -> bool {
    io::stdin().is_terminal()
        && io::stdout().is_terminal()
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        && terminal::understands_escapes()
}

fn log(args: cli::LogArgs) -> Result<ExitCode> {
    let now = Local::now().fixed_offset();
    let options = config::log_options(args, now).unwrap_or_else(|why| cli::usage_error(&why).exit());
    let (stop, stopped) = mpsc::channel();
    if options.follow {
        shutdown::on_signal(
            move || {
                // Nobody listens any more: it has ended already.
                let _ = stop.send(());
            },
            || {},
        )?;
    }
    let mut wait = |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    connection_log::command(&options, &mut io::stdout(), &mut io::stderr(), now, &mut wait)?;
    Ok(ExitCode::SUCCESS)
}

fn doctor(args: cli::DoctorArgs) -> Result<ExitCode> {
    let findable = doctor::command(args, &mut io::stdout(), Local::now().fixed_offset())?;
    Ok(if findable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The login name: as the environment has it, else as the system does; empty if neither says.
fn login() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|login| !login.is_empty()))
        .or_else(|| whoami::username().ok())
        .unwrap_or_default()
}

/// Prints something whole; that nobody reads to its end is no failure.
fn print(bytes: &[u8]) -> Result<ExitCode> {
    let mut out = io::stdout();
    error::written(out.write_all(bytes).and_then(|()| out.flush())).map(|()| ExitCode::SUCCESS)
}

/// Says on standard error what failed and why, and on a second line what helps.
fn report(error: &Error) {
    let mut text = format!("hybrid-chat: {}\n", text::one_line(&error.to_string()));
    if let Some(remedy) = error.remedy() {
        text.push_str(&format!("{remedy}\n"));
    }
    // Nobody can be told that standard error is gone.
    drop(io::stderr().write_all(text.as_bytes()));
}
