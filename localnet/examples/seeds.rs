//! `cargo run --release -p heddle-localnet --example seeds -- FROM COUNT [byzantine | epochs | lease]`: runs random plans and prints what they
//! came to.

use std::time::Instant;

use heddle_localnet::simulator::Plan;
use heddle_localnet::simulator::run;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default| {
        args.get(place).and_then(|arg| arg.parse::<u64>().ok()).unwrap_or(default)
    };
    let (from, count) = (number(0, 0), number(1, 100));
    let plan = match args.get(2).map(String::as_str) {
        Some("byzantine") => Plan::any_byzantine,
        Some("epochs") => Plan::random_epochs,
        Some("lease") => Plan::random_lease,
        Some(_) | None => Plan::random,
    };
    let started = Instant::now();
    let (mut views, mut messages, mut equivocations, mut failed) = (0, 0, 0, 0);
    let mut views_to_commit = 0;
    for seed in from..from + count {
        match run(&plan(seed)) {
            Ok(report) => {
                views += report.view.get();
                views_to_commit = views_to_commit.max(report.views_to_commit);
                messages += report.messages;
                equivocations += report.equivocations;
            }
            Err(violation) => {
                failed += 1;
                println!("seed {seed}: {violation}");
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{count} seeds, {failed} failed, {:.1} seeds/s, {views} views, {messages} messages, {equivocations} equivocations caught, \
         at most {views_to_commit} views without a final block after the faults",
        count as f64 / seconds
    );
}
