//! The engine's threads: they live as long as it does, and sleep between blocks.

use std::fmt;

use rayon::ThreadPool;
use rayon::ThreadPoolBuilder;

/// Threads beside the calling one.
pub(crate) struct Pool(Option<ThreadPool>);

impl Pool {
    /// So many threads in all, the calling one included.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub(crate) fn new(threads: usize) -> Self {
        let others = threads.saturating_sub(1);
        let builder = ThreadPoolBuilder::new()
            .num_threads(others)
            .thread_name(|number| format!("execute-{}", number + 1));
        Self((others > 0).then(|| builder.build().expect("the system gives threads")))
    }

    /// Threads in all.
    pub(crate) fn threads(&self) -> usize {
        1 + self.0.as_ref().map_or(0, ThreadPool::current_num_threads)
    }

    /// Runs `work` on all threads at the same time: number 0 is the calling one. Returns when all are done.
    pub(crate) fn on_all(&self, work: impl Fn(usize) + Sync) {
        let Some(pool) = &self.0 else {
            return work(0);
        };
        pool.in_place_scope(|scope| {
            let work = &work;
            scope.spawn_broadcast(move |_, thread| work(thread.index() + 1));
            work(0);
        });
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.threads()).finish()
    }
}
