//! A localnet's price feed: a process that posts prices by a seeded random walk, and on request makes its markets.
//!
//! It stands for what a real chain has outside of it: publishers, market makers, traders. Its keys are its own, it talks to
//! validators over RPC alone, asks another one when one does not answer, and nothing starts it again: without it prices grow
//! old, and markets take cancels only.

mod link;
mod maker;
mod robot;
mod walk;

use std::path::Path;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use heddle_num::Ppm;
use heddle_oracle::FeedId;
use heddle_oracle::FeedPost;
use heddle_oracle::Post;
use heddle_oracle::publish_call;
use heddle_types::UnixMillis;
use heddle_validator::home::HomeError;
use heddle_validator::home::HomeLock;
use tokio::runtime::Builder;

use crate::cluster::Cluster;
use crate::cluster::ClusterError;
use crate::cluster::robots;
use crate::cluster::robots::Robots;
use crate::simulator::Dice;
use link::Link;
use maker::Desk;
use robot::Robot;
use walk::Walk;

/// How often prices are posted.
const EVERY: Duration = Duration::from_millis(500);
/// How often the feed looks whether it was asked to stop.
const LOOK: Duration = Duration::from_millis(20);
/// Quotes are renewed with every second price.
const QUOTE_EVERY: u64 = 2;
/// How uncertain the posted prices are: 0.02 %.
const CONFIDENCE: Ppm = Ppm::new(200);

/// How a price feed behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedOptions {
    /// What its chances come from.
    pub seed: u64,
    /// How many times faster than on a quiet day prices move.
    pub speed: u16,
    /// Whether it quotes both sides of each market, and trades a little.
    pub market_maker: bool,
}

/// Posts prices of the cluster in `dir` until `is_asked_to_stop`. Each line of what goes wrong goes to `log`.
///
/// # Errors
/// [`ClusterError::FeedRunning`] when another process does; whatever is wrong with one of the cluster's files.
pub fn run(
    dir: &Path,
    options: &FeedOptions,
    is_asked_to_stop: impl Fn() -> bool,
    log: impl FnMut(&str),
) -> Result<(), ClusterError> {
    let cluster = Cluster::open(dir)?;
    let home = cluster.dir().join(robots::DIR);
    let _lock = HomeLock::take(&home).map_err(|error| match error {
        HomeError::InUse { pid, .. } => ClusterError::FeedRunning { pid: pid.unwrap_or_default() },
        error => ClusterError::Home(error),
    })?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ClusterError::io(&home, error))?;
    let mut feed = Feed::new(&cluster, options, log)?;
    runtime.block_on(async {
        feed.begin().await;
        let mut due = Instant::now();
        while !is_asked_to_stop() {
            if Instant::now() < due {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            due = (due + EVERY).max(Instant::now());
            feed.tick().await;
        }
    });
    Ok(())
}

/// What the process carries from one price to the next.
struct Feed<L> {
    link: Link,
    walks: Vec<Walk>,
    dice: Dice,
    publisher: Robot,
    desk: Option<Desk>,
    ticks: u64,
    log: L,
    /// What was last said, which is not said again.
    said: String,
}

impl<L: FnMut(&str)> Feed<L> {
    fn new(cluster: &Cluster, options: &FeedOptions, log: L) -> Result<Self, ClusterError> {
        let chain = cluster.genesis().chain_id();
        let Robots { publisher, maker, taker } = Robots::read(cluster.dir())?;
        let desk = options
            .market_maker
            .then(|| Desk::new(Robot::new(maker, chain), Robot::new(taker, chain)));
        Ok(Self {
            link: Link::new(cluster)?,
            walks: Walk::all(options.speed),
            dice: Dice::new(options.seed),
            publisher: Robot::new(publisher, chain),
            desk,
            ticks: 0,
            log,
            said: String::new(),
        })
    }

    /// Goes on from where the chain's prices are, if it has any: another start must not move them.
    async fn begin(&mut self) {
        if let Ok(markets) = self.link.markets().await {
            for (walk, market) in self.walks.iter_mut().zip(&markets) {
                walk.go_on_from(market);
            }
        }
    }

    async fn tick(&mut self) {
        self.ticks += 1;
        for walk in &mut self.walks {
            walk.step(&mut self.dice);
        }
        let posts = self.posts();
        let posted = self.publisher.send(&mut self.link, publish_call(posts)).await;
        let quoted = match &mut self.desk {
            Some(desk) if self.ticks.is_multiple_of(QUOTE_EVERY) => {
                desk.act(&mut self.link, &self.walks, &mut self.dice).await
            }
            Some(_) | None => Ok(()),
        };
        match posted.and(quoted) {
            Ok(()) => self.said.clear(),
            Err(error) => self.say(error.to_string()),
        }
    }

    fn posts(&self) -> Vec<FeedPost> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = UnixMillis::new(u64::try_from(time.as_millis()).unwrap_or_default());
        let post = |(feed, walk): (FeedId, &Walk)| {
            let price = walk.price();
            let confidence =
                price.unsigned_abs() / 1_000_000 * u64::from(CONFIDENCE.get().unsigned_abs());
            FeedPost { feed, post: Post { price, confidence: confidence.max(1), time } }
        };
        (0..).map(FeedId::new).zip(&self.walks).map(post).collect()
    }

    fn say(&mut self, what: String) {
        if what != self.said {
            (self.log)(&what);
            self.said = what;
        }
    }
}
