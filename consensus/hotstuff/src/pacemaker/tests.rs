use heddle_types::Instant;
use heddle_types::Millis;

use super::Entry;
use super::Pacemaker;
use super::PacemakerConfig;

fn pacemaker() -> Pacemaker {
    let config = PacemakerConfig {
        timeout_base: Millis::new(100),
        timeout_max: Millis::new(1000),
        idle_interval: Millis::new(5000),
    };
    Pacemaker::new(config, Instant::START)
}

fn ms(ms: u64) -> Instant {
    Instant::from_micros(ms * 1000)
}

#[test]
fn the_timeout_grows_by_half_with_each_failure_is_capped_and_a_commit_resets_it() {
    let mut pacemaker = pacemaker();
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(pacemaker.timeout().get());
        pacemaker.enter(ms(0), Entry::GivenUp);
    }
    assert_eq!(seen, [100, 150, 225, 338, 507, 761, 1000, 1000]);
    pacemaker.on_commit();
    assert_eq!(pacemaker.timeout().get(), 100);
}

#[test]
fn the_timeout_follows_slower_views_at_once_and_quicker_ones_slowly() {
    let mut pacemaker = pacemaker();
    pacemaker.set_waiting(ms(0), true);
    pacemaker.enter(ms(80), Entry::Certified);
    assert_eq!(pacemaker.timeout().get(), 320);
    pacemaker.set_waiting(ms(80), true);
    pacemaker.enter(ms(96), Entry::Certified);
    assert_eq!(pacemaker.timeout().get(), 288);
    pacemaker.set_waiting(ms(96), true);
    pacemaker.enter(ms(90_000), Entry::Skipped);
    assert_eq!(pacemaker.timeout().get(), 288, "what was skipped is not measured");
}

#[test]
fn a_view_in_which_all_stood_still_counts_as_one_that_took_its_timeout() {
    let mut pacemaker = pacemaker();
    pacemaker.set_waiting(ms(0), true);
    pacemaker.enter(ms(5_000), Entry::Certified);
    assert_eq!(pacemaker.timeout().get(), 400);
}

#[test]
fn the_timer_starts_with_work_else_after_the_idle_interval() {
    let mut pacemaker = pacemaker();
    assert_eq!(pacemaker.deadline(), ms(5100));
    pacemaker.set_waiting(ms(300), true);
    assert_eq!(pacemaker.deadline(), ms(400));
    pacemaker.set_waiting(ms(350), false);
    assert_eq!(pacemaker.deadline(), ms(5450), "what waited is done");
    pacemaker.stir();
    pacemaker.set_waiting(ms(360), false);
    assert_eq!(pacemaker.deadline(), ms(460), "somebody is at work in this view");
}

#[test]
fn giving_up_is_said_again_after_at_most_a_second() {
    let mut pacemaker = pacemaker();
    pacemaker.on_gave_up(ms(10));
    assert_eq!(pacemaker.deadline(), ms(110));
    (0..20).for_each(|_| pacemaker.enter(ms(20), Entry::GivenUp));
    pacemaker.on_gave_up(ms(20));
    assert_eq!(pacemaker.deadline(), ms(1020));
}

#[test]
fn a_silent_leader_is_given_a_part_of_the_timeout_and_its_failure_lengthens_nothing() {
    let mut pacemaker = pacemaker();
    pacemaker.set_waiting(ms(0), true);
    assert_eq!(pacemaker.deadline(), ms(100));
    pacemaker.set_silent(true);
    assert_eq!(pacemaker.deadline(), ms(12));
    pacemaker.set_silent(false);
    assert_eq!(pacemaker.deadline(), ms(100));
    pacemaker.set_silent(true);
    pacemaker.enter(ms(12), Entry::GivenUp);
    assert_eq!(pacemaker.timeout().get(), 100);
    pacemaker.enter(ms(12), Entry::GivenUp);
    assert_eq!(pacemaker.timeout().get(), 150);
}
