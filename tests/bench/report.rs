//! Tables as text: medians of all runs, and shares pair by pair: of the floor, and of our host with native members.

use std::fmt::Write;

use crate::server::Kind;
use crate::tally::Faults;
use crate::workload::{Sample, Workload};

/// How a value is written.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// A number of things, in thousands or millions where it is large.
    Count,
    Decimal,
    /// A share of one.
    Percent,
    Millis,
    /// Bytes, in KiB.
    Kibi,
    /// Bytes, in MiB.
    Mebi,
}

/// Which way is better, for a figure that is compared with another server's.
#[derive(Clone, Copy)]
pub(crate) enum Better {
    More,
    Less,
}

pub(crate) struct Column {
    title: &'static str,
    unit: Unit,
    compared: Option<Better>,
}

impl Column {
    pub(crate) const fn new(title: &'static str, unit: Unit) -> Column {
        Column { title, unit, compared: None }
    }

    /// A column of which a server's is also stated as a multiple of another's.
    pub(crate) const fn compared(title: &'static str, unit: Unit, better: Better) -> Column {
        Column { title, unit, compared: Some(better) }
    }

    fn width(&self) -> usize {
        self.title.len().max(9)
    }
}

/// The runs of one server under one workload; a run that failed is its reason.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) runs: Vec<Result<Sample, String>>,
}

impl Row {
    fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.runs.iter().flatten()
    }

    fn faults(&self) -> Faults {
        self.samples().fold(Faults::default(), |mut sum, sample| {
            sum.add(sample.faults);
            sum
        })
    }

    /// Everything that went wrong, each thing once.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let of = |run: &Result<Sample, String>| match run {
            Ok(sample) => sample.complaint.clone(),
            Err(reason) => Some(reason.clone()),
        };
        let mut all: Vec<String> = self.runs.iter().filter_map(of).collect();
        all.dedup();
        all
    }

    /// Whether deliveries were as they must be and nothing else went wrong.
    pub(crate) fn sound(&self) -> bool {
        !self.faults().any() && self.complaints().is_empty()
    }
}

/// The table of one workload.
pub(crate) fn table(workload: &Workload, rows: &[Row]) -> String {
    let mut out = format!("{}: {}\n", workload.name, workload.about);
    let columns = workload.columns();
    let _ = write!(out, "  {:<16}", "server");
    for column in columns {
        let _ = write!(out, "  {:>width$}", column.title, width = column.width());
    }
    out.push_str("  lost/doubled/reordered\n");
    for row in rows {
        write_row(&mut out, columns, row);
    }
    for pair in [(Kind::Ours, Kind::Floor), (Kind::Web, Kind::Ours), (Kind::Text, Kind::Ours)] {
        let row = |kind| rows.iter().find(|row| row.kind == kind);
        if let (Some(row), Some(other)) = (row(pair.0), row(pair.1)) {
            write_ratios(&mut out, columns, row, other);
        }
    }
    for row in rows {
        for text in row.complaints() {
            let _ = writeln!(out, "  {}: {text}", row.kind.name());
        }
    }
    out
}

fn write_row(out: &mut String, columns: &[Column], row: &Row) {
    let _ = write!(out, "  {:<16}", row.kind.name());
    for (index, column) in columns.iter().enumerate() {
        let value = median(row.samples().map(|sample| sample.values[index]));
        let _ = write!(out, "  {:>width$}", show(value, column.unit), width = column.width());
    }
    let Faults { lost, doubled, reordered } = row.faults();
    let _ = writeln!(out, "  {lost}/{doubled}/{reordered}");
}

/// Each run is compared with the other server's run of the same turn; the extremes of the pairs stand in brackets.
fn write_ratios(out: &mut String, columns: &[Column], row: &Row, other: &Row) {
    let names = format!("{} / {}", row.kind.name(), other.kind.name());
    for (index, column) in columns.iter().enumerate() {
        let Some(better) = column.compared else { continue };
        let pairs = row.runs.iter().zip(&other.runs).filter_map(|pair| match pair {
            (Ok(one), Ok(other)) => Some(one.values[index] / other.values[index]),
            _ => None,
        });
        let mut ratios: Vec<f64> = pairs.collect();
        ratios.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { continue };
        let better = match better {
            Better::More => "more is better",
            Better::Less => "less is better",
        };
        let middle = median(ratios.iter().copied());
        let _ = writeln!(out, "  {names}, {}: {middle:.2} [{least:.2} to {most:.2}], {better}", column.title);
    }
}

/// The middle one of the values that are numbers; NaN if there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

fn show(value: f64, unit: Unit) -> String {
    if value.is_nan() {
        return "-".into();
    }
    match unit {
        Unit::Count if value >= 1e6 => format!("{:.2} M", value / 1e6),
        Unit::Count if value >= 1e4 => format!("{:.1} k", value / 1e3),
        Unit::Count => format!("{value:.0}"),
        Unit::Decimal => format!("{value:.2}"),
        Unit::Percent => format!("{:.0} %", value * 100.0),
        Unit::Millis => format!("{value:.2}"),
        Unit::Kibi => format!("{:.2}", value / 1024.0),
        Unit::Mebi => format!("{:.1}", value / (1024.0 * 1024.0)),
    }
}

/// Medians of odd and even numbers of values.
pub(crate) fn self_check() {
    assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    assert_eq!(median([4.0, 1.0, f64::NAN, 2.0, 3.0].into_iter()), 2.5);
}
