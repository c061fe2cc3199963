//! What clearing refuses, as the exchange shows it.

use heddle_clearing::ClearingError;
use heddle_sdk::CallError;

use crate::error::ExchangeError;

/// A result of clearing, its codes beside the exchange's own.
pub(crate) fn of_clearing<T>(result: Result<T, CallError>) -> Result<T, CallError> {
    result.map_err(|error| match error {
        CallError::Refused(code) => CallError::Refused(shown(code)),
        CallError::Aborted(abort) => CallError::Aborted(abort),
    })
}

/// With the code that the exchange shows for it.
pub(crate) const fn refused(error: ClearingError) -> u16 {
    shown(error.code())
}

const fn shown(code: u16) -> u16 {
    ExchangeError::CLEARING.saturating_add(code)
}
