//! What programs and clients rely on in the SDK itself; the workspace is tested through the executor.

mod fees;
mod numbers;
mod phases;
mod registry;
