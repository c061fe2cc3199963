//! Panics of programs: caught, and kept from flooding the log.

use std::cell::Cell;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Once;

/// A program panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

thread_local! {
    static IN_PROGRAM: Cell<bool> = const { Cell::new(false) };
}

static QUIET_HOOK: Once = Once::new();

/// Runs a program's code. Anyone can send a transaction that panics, any number of times, so the panic hook is not told of
/// it: the receipt says it. Panics elsewhere go to whatever hook was there before.
///
/// What `run` changes must be dropped when it panicked; callers hand it a workspace of its own.
pub(crate) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    QUIET_HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_PROGRAM.get() {
                hook(info);
            }
        }));
    });
    let was_in_program = IN_PROGRAM.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    IN_PROGRAM.set(was_in_program);
    result.map_err(|_| Panicked)
}
