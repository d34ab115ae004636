//! Systems whose firewalls nobody has described here yet.

use super::{Lan, Walls};
use crate::doctor::facts::{Kind, System};

pub(super) const SYSTEM: System = System::Other;

pub(super) fn walls(_port: u16, _lan: Lan<'_>) -> Walls {
    Walls { firewalls: Vec::new(), unread: vec!["this system's firewall: how to look at it is not known here".into()] }
}

pub(super) fn kind() -> Kind {
    Kind::Machine
}

pub(super) fn is_wireless(_interface: &str) -> bool {
    false
}
