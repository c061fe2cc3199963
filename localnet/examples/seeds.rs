//! `cargo run --release -p heddle-localnet --example seeds -- FROM COUNT`: runs random plans and prints what they came to.

use std::time::Instant;

use heddle_localnet::simulator::Plan;
use heddle_localnet::simulator::run;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().unwrap_or(0));
    let (from, count) = (args.next().unwrap_or(0), args.next().unwrap_or(100));
    let started = Instant::now();
    let (mut views, mut messages, mut failed) = (0, 0, 0);
    for seed in from..from + count {
        match run(&Plan::random(seed)) {
            Ok(report) => {
                views += report.view.get();
                messages += report.messages;
            }
            Err(violation) => {
                failed += 1;
                println!("seed {seed}: {violation}");
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{count} seeds, {failed} failed, {:.1} seeds/s, {views} views, {messages} messages",
        count as f64 / seconds
    );
}
