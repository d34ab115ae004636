//! The command line of the bench, and the order in which things are measured.

use std::process::ExitCode;
use std::time::Duration;

use crate::load::WINDOW;
use crate::report::{Row, table};
use crate::server::{FLOOR_ARGUMENT, Kind};
use crate::workload::{self, Effort, Workload};
use crate::{dialect, floor, framing, histogram, os, report, roster, stamp, tally};

const FULL: Effort = Effort { warm: Duration::from_millis(500), measure: Duration::from_secs(3), window: WINDOW };
const SMOKE: Effort = Effort { warm: Duration::from_millis(50), measure: Duration::from_millis(100), window: WINDOW };
/// A `said` line without its text, where no line of ours has been measured.
const OVERHEAD: usize =
    br#"{"type":"said","seq":100000,"by":12,"n":10000,"from":"m17","text":"","at":"2026-11-20T21:51:09.001+01:00"}"#
        .len()
        + 1;

struct Options {
    runs: usize,
    servers: Vec<Kind>,
    workloads: Vec<&'static Workload>,
    effort: Effort,
}

pub(crate) fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, port, line_length] = arguments.as_slice()
        && first == FLOOR_ARGUMENT
    {
        return serve_floor(port, line_length);
    }
    // Cargo lists the tests of every target that it runs; a bench of its own harness has none.
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let options = match parse(&arguments) {
        Ok(options) => options,
        Err(problem) => {
            println!("fanout: {problem}");
            return ExitCode::from(2);
        }
    };
    self_check();
    if measure(&options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve_floor(port: &str, line_length: &str) -> ExitCode {
    let (Ok(port), Ok(line_length)) = (port.parse(), line_length.parse()) else { return ExitCode::from(2) };
    match floor::serve(port, line_length) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--test") || !has("--bench") {
        let workloads = workload::ALL.iter().take(1).collect();
        return Ok(Options {
            runs: 1,
            servers: vec![Kind::Ours, Kind::Floor, Kind::Web, Kind::Text],
            workloads,
            effort: SMOKE,
        });
    }
    let mut options = Options { runs: 3, servers: Kind::ALL.to_vec(), workloads: Vec::new(), effort: FULL };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--bench" => {}
            "--runs" => options.runs = number(argument, rest.next())? as usize,
            "--window" => options.effort.window = number(argument, rest.next())?,
            "--servers" => options.servers = servers(rest.next().ok_or("--servers wants names")?)?,
            name => options.workloads.push(find_workload(name)?),
        }
    }
    if options.workloads.is_empty() {
        options.workloads = workload::ALL.iter().collect();
    }
    Ok(options)
}

fn number(option: &str, value: Option<&String>) -> Result<u32, String> {
    let number = value.and_then(|value| value.parse().ok()).filter(|number| *number > 0);
    number.ok_or_else(|| format!("{option} wants a number above 0"))
}

fn servers(names: &str) -> Result<Vec<Kind>, String> {
    let find = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
    names.split(',').map(|name| find(name).ok_or_else(|| format!("there is no server {name}"))).collect()
}

fn find_workload(name: &str) -> Result<&'static Workload, String> {
    let names = || workload::ALL.iter().map(|workload| workload.name).collect::<Vec<_>>().join(", ");
    let found = workload::ALL.iter().find(|workload| workload.name == name);
    found.ok_or_else(|| format!("there is no workload {name}; there are {}", names()))
}

/// The instruments themselves, before anything is measured with them.
fn self_check() {
    histogram::self_check();
    stamp::self_check();
    tally::self_check();
    roster::self_check();
    framing::self_check();
    dialect::self_check();
    report::self_check();
}

/// Measures everything; returns whether our host and the floor were sound.
fn measure(options: &Options) -> bool {
    let descriptors = os::raise_descriptor_limit();
    let cores = if os::two_cores() { "server and load on a core each" } else { "ONE CORE for server and load" };
    let window = options.effort.window;
    println!("{cores}, up to {descriptors} descriptors, window {window}, medians of {}\n", options.runs);
    let (present, absent): (Vec<Kind>, Vec<Kind>) = options.servers.iter().partition(|kind| kind.program().is_some());
    absent.iter().for_each(|kind| println!("{} is not installed and left out\n", kind.name()));
    let mut sound = true;
    for workload in &options.workloads {
        let rows = take_turns(workload, &present, options);
        println!("{}", table(workload, &rows));
        sound &= rows.iter().filter(|row| row.kind.is_ours() || row.kind == Kind::Floor).all(Row::sound);
    }
    sound
}

fn take_turns(workload: &Workload, servers: &[Kind], options: &Options) -> Vec<Row> {
    let mut rows: Vec<Row> = servers.iter().map(|kind| Row { kind: *kind, runs: Vec::new() }).collect();
    let mut overhead = OVERHEAD;
    for _ in 0..options.runs {
        for row in &mut rows {
            // What a server cannot do it cannot do the next time either.
            if matches!(row.runs.last(), Some(Err(_))) {
                continue;
            }
            let run = workload.measure(row.kind, workload.line_length(overhead), options.effort);
            if let (Kind::Ours, Ok(sample)) = (row.kind, &run) {
                overhead = sample.overhead.unwrap_or(overhead);
            }
            row.runs.push(run.map_err(|error| error.to_string()));
        }
    }
    rows
}
