//! The hub between virtual connections: pipes that take only so many bytes, cut and closed at random, seeded.
//!
//! `SIM_SEEDS=100000 cargo test hub` runs more of them; `SIM_SEED=17` runs one. A failure names its seed.

mod crowd;
mod hostile;
mod people;
mod random;
mod rules;
mod web;
mod world;
