//! The forms in which things leave the program, and the words that people read.

pub mod letters;
pub mod table;
pub mod words;
