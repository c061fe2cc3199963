//! A histogram in Prometheus's text form, read without floats.

/// Counts by upper bound, cumulative as Prometheus has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    /// Upper bound in microseconds, and how many are at most that; ascending.
    buckets: Vec<(u64, u64)>,
}

impl Histogram {
    /// The histogram `name` in a page of metrics; none when it is not there. Its unit is seconds.
    pub(super) fn parse(page: &str, name: &str) -> Option<Self> {
        let prefix = format!("{name}_bucket{{");
        let mut buckets = Vec::new();
        for line in page.lines().filter_map(|line| line.strip_prefix(&prefix)) {
            let (labels, count) = line.rsplit_once("} ")?;
            let (_, bound) = labels.split_once("le=\"")?;
            let (bound, _) = bound.split_once('"')?;
            buckets.push((micros(bound)?, count.split(' ').next()?.parse().ok()?));
        }
        buckets.sort_unstable();
        (!buckets.is_empty()).then_some(Self { buckets })
    }

    /// What was counted since `earlier`; everything when that is of another process, whose counts were higher.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let same_bounds = self.buckets.len() == earlier.buckets.len();
        let pairs = || self.buckets.iter().zip(&earlier.buckets);
        if !same_bounds || pairs().any(|(now, then)| now.0 != then.0 || now.1 < then.1) {
            return self.clone();
        }
        Self { buckets: pairs().map(|(now, then)| (now.0, now.1 - then.1)).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// The upper bound of the bucket that holds the `percent`th of a hundred, in milliseconds rounded up; none when it is
    /// past the last bound.
    pub(super) fn quantile_ms(&self, percent: u64) -> Option<u64> {
        let rank = self.total().saturating_mul(percent).div_ceil(100).max(1);
        let (bound, _) = self.buckets.iter().find(|(_, count)| *count >= rank)?;
        (*bound != u64::MAX).then(|| bound.div_ceil(1000))
    }

    fn total(&self) -> u64 {
        self.buckets.last().map_or(0, |(_, count)| *count)
    }
}

/// Seconds as a decimal text, in microseconds; `+Inf` is the largest number.
fn micros(seconds: &str) -> Option<u64> {
    if seconds == "+Inf" {
        return Some(u64::MAX);
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# TYPE commit histogram\n\
        commit_sum 1.5\ncommit_count 100\n\
        commit_bucket{le=\"0.005\"} 50\n\
        commit_bucket{le=\"0.1\"} 98\n\
        commit_bucket{le=\"+Inf\"} 100\n\
        other_bucket{le=\"9.0\"} 1\n";

    #[test]
    fn a_quantile_is_its_buckets_upper_bound() {
        let histogram = Histogram::parse(PAGE, "commit").unwrap();
        assert_eq!(histogram.quantile_ms(50), Some(5));
        assert_eq!(histogram.quantile_ms(51), Some(100));
        assert_eq!(histogram.quantile_ms(98), Some(100));
        assert_eq!(histogram.quantile_ms(99), None);
    }

    #[test]
    fn only_what_came_since_counts_unless_the_process_is_another() {
        let then = Histogram::parse(PAGE, "commit").unwrap();
        let page = PAGE.replace(" 98", " 99").replace("} 100", "} 101");
        let now = Histogram::parse(&page, "commit").unwrap();
        assert_eq!(now.since(&then).quantile_ms(50), Some(100));
        assert_eq!(then.since(&now), then);
        assert!(then.since(&then).is_empty());
    }

    #[test]
    fn what_is_no_histogram_is_none() {
        for page in ["", "commit_bucket{le=\"x\"} 1", "commit_bucket{le=\"1\"} x", "commit_bucket{"]
        {
            assert_eq!(Histogram::parse(page, "commit"), None, "{page}");
        }
    }
}
