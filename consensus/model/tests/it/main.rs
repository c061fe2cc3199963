//! The model, searched.

mod flaws;
mod sound;
