//! Far more than fits, and beside it what takes reserved block space.

use std::num::NonZeroU64;
use std::time::Duration;
use std::time::Instant;

use heddle_types::Height;
use heddle_types::Millis;

use crate::error::BenchError;
use crate::load::reserved::Phase;
use crate::load::reserved::Phases;
use crate::load::reserved::Stream;
use crate::load::step::Bench;
use crate::load::step::Run;
use crate::output;

/// How much less is offered for comparison: blocks follow each other as quickly, and hold all that waits.
const LIGHT_PART: u64 = 100;
/// The load lives for so many times as many blocks as were made in the same time before: nothing of it is left when the run is over.
const LIVES_PERCENT: u64 = 200;
/// And this many more.
const LIVES_MORE: u64 = 100;

/// Sends `reserved` transactions a second of reserved block space, alone, beside a hundredth of `rate` others, and beside all of them.
pub(super) async fn flood(
    bench: &Bench,
    (rate, duration): (NonZeroU64, Millis),
    reserved: NonZeroU64,
) -> Result<Run, BenchError> {
    let span = Duration::from_millis(duration.get());
    let mut stream = Stream::new(&bench.network, &bench.found, reserved).await?;

    output::progress(format_args!("offering {reserved}/s of reserved space alone"));
    stream.provide(span).await?;
    let alone = stream.run((Instant::now(), span), 0).await?;

    stream.provide(span).await?;
    let before = bench.network.executed_height().await?;
    let began = Instant::now();
    let light = NonZeroU64::new(rate.get() / LIGHT_PART).unwrap_or(NonZeroU64::MIN);
    let forever = Height::new(u64::MAX);
    let run = bench
        .run_beside((light, duration), forever, |start| later(&mut stream, (start, span), light));
    let (_, light) = run.await?;
    let pace = Pace { blocks: blocks_since(bench, before).await?, time: began.elapsed() };

    stream.provide(span).await?;
    let now = bench.network.executed_height().await?;
    let valid_until = pace.height_after(now, duration);
    let run = bench
        .run_beside((rate, duration), valid_until, |start| later(&mut stream, (start, span), rate));
    let (mut run, flooded) = run.await?;
    run.result.reserved = Some(Phases { alone, light, flooded });
    Ok(run)
}

/// The reserved ones come when those of the load have piled up, if they do: when a quarter of the time is over.
async fn later(
    stream: &mut Stream,
    (start, span): (Instant, Duration),
    beside: NonZeroU64,
) -> Result<Phase, BenchError> {
    let first = span / 4;
    stream.run((start + first, span.saturating_sub(first)), beside.get()).await
}

async fn blocks_since(bench: &Bench, height: Height) -> Result<u64, BenchError> {
    Ok(bench.network.executed_height().await?.get().saturating_sub(height.get()))
}

/// How quickly blocks were made.
struct Pace {
    blocks: u64,
    time: Duration,
}

impl Pace {
    /// A height that is not reached within `duration`, and not long after.
    fn height_after(&self, now: Height, duration: Millis) -> Height {
        let millis = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX).max(1);
        let blocks = self.blocks.saturating_mul(duration.get()) / millis;
        let lives = blocks.saturating_mul(LIVES_PERCENT) / 100 + LIVES_MORE;
        Height::new(now.get().saturating_add(lives))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_lives_twice_as_long_as_it_is_offered() {
        let pace = Pace { blocks: 300, time: Duration::from_secs(10) };
        let height = pace.height_after(Height::new(50), Millis::new(20_000));
        assert_eq!(height, Height::new(50 + 1200 + 100));
    }
}
