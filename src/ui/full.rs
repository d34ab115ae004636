//! The full-screen interface. So far: the line that one types.

pub mod editor;
