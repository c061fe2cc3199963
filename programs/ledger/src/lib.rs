//! (born empty)
