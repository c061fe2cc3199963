//! Advice for authors of programs: what kept transactions from running at the same time.

use std::fmt;

use heddle_engine::Reason;

use crate::execution::BlockExecution;

impl fmt::Display for BlockExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transactions, executions, threads, waits, aborts, mode, reason, .. } = self;
        writeln!(
            f,
            "{transactions} transactions ran {executions} times on {threads} threads ({mode:?}, {reason:?}): {waits} waited, \
             {aborts} were thrown away",
        )?;
        for hot in &self.hot_keys {
            writeln!(
                f,
                "{}: {} transactions waited for it; if what they add to it is never read by them, declare Add instead of \
                 Write; else split the object that it holds",
                hot.key, hot.count,
            )?;
        }
        if *reason == Reason::Broken {
            writeln!(f, "the engine broke off, and the block ran again in order: this is a bug")?;
        }
        Ok(())
    }
}
