//! Bounds on what is read from files and kept in memory.

use std::time::Duration;

/// Trace files in a directory.
pub(crate) const TRACE_FILES_MAX: usize = 10_000;
/// Bytes of a trace file before and after unpacking: a small file may not unpack into all memory.
pub(crate) const TRACE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of one line of a trace file.
pub(crate) const TRACE_LINE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Bytes of a file of orders before and after unpacking.
pub(crate) const OPERATIONS_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Bytes of a recording of order flow before and after unpacking.
pub(crate) const ORDERFLOW_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes of one line of it: a whole book of 5,000 levels a side has fewer than 512 kB.
pub(crate) const ORDERFLOW_LINE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Prices and sizes in a recording; each keeps 16 bytes or fewer than 64.
pub(crate) const ORDERFLOW_LEVELS_MAX: usize = 20_000_000;
/// Transfers of one replay; each keeps about 400 bytes.
pub(crate) const REPLAY_TRANSFERS_MAX: usize = 2_000_000;
/// Transactions of one run of `exec` on traces; each keeps about 1 kB.
pub(crate) const EXEC_TRANSACTIONS_MAX: usize = 1_000_000;
/// Transactions of one load run, all signed before it begins; each keeps about 400 bytes.
pub(crate) const LOAD_TRANSACTIONS_MAX: u64 = 5_000_000;
/// Accounts of a load run.
pub(crate) const LOAD_ACCOUNTS_MAX: usize = 1_000_000;
/// Transactions in one request; the API's limit.
pub(crate) const BATCH_LEN: usize = heddle_rpc_api::limits::BATCH_MAX;
/// Bytes of a `run.json` that is compared.
pub(crate) const RUN_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How long a run goes on without any transaction being admitted or becoming final.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
