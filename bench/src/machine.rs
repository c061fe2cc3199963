//! What is measured of the machine: its name, and the time that processes take. Linux only; elsewhere nothing is known.

use std::fs;
use std::thread;

use serde::Serialize;

/// Clock ticks a second in `/proc/PID/stat`; 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;
/// Niceness of the generator.
const PRIORITY: i32 = -10;

/// What a run was measured on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    os: &'static str,
    arch: &'static str,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name =
            info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        Self {
            cpu: name.unwrap_or("unknown").to_owned(),
            cores: cores(),
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
        }
    }
}

/// How many cores this process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// Microseconds that all of `pids` have run so far; none when one of them cannot be asked.
pub(crate) fn cpu_micros(pids: &[u32]) -> Option<u64> {
    pids.iter().map(|pid| process_micros(&pid.to_string())).sum()
}

/// Bytes that the largest of `pids` has in memory; none when one of them cannot be asked, or there is none.
pub(crate) fn memory_bytes(pids: &[u32]) -> Option<u64> {
    let each = pids
        .iter()
        .map(|pid| parse_resident(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?));
    each.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The line of `/proc/PID/status` that says how many kB are in memory.
fn parse_resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Microseconds that this process has run so far.
pub(crate) fn own_cpu_micros() -> Option<u64> {
    process_micros("self")
}

/// Lets this thread, and those that it starts from now on, run before others that want the same core: a generator that waits
/// behind the validators which it measures is late, and hides how slow they are. Without the right to, nothing changes.
pub(crate) fn run_first() {
    // Whether it helped shows in how late the generator was, which is measured.
    let _ = rustix::process::setpriority_process(None, PRIORITY);
}

fn process_micros(pid: &str) -> Option<u64> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// User and system time of a line of `/proc/PID/stat`. The second field is the program's name, which may hold anything.
fn parse_stat(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)?.checked_mul(1_000_000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "Name:\theddle\nVmHWM:\t  900 kB\nVmRSS:\t   123 kB\nThreads:\t7\n";
        assert_eq!(parse_resident(status), Some(123 * 1024));
        assert_eq!(parse_resident("Name:\theddle\n"), None);
    }

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(parse_stat(stat), Some(3_000_000));
        assert_eq!(parse_stat("7 (heddle"), None);
        assert_eq!(parse_stat("7 (heddle) S 1"), None);
    }
}
