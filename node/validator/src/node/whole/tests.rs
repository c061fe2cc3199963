use super::*;

const FLOOR: Height = Height::new(80);

fn known(epoch: Epoch) -> Option<(Epoch, Height)> {
    Some((epoch, FLOOR))
}

fn after(begin: Instant, ms: u64) -> Instant {
    begin + Duration::from_millis(ms)
}

#[test]
fn it_is_there_when_all_that_is_known_of_has_been_here_for_a_while() {
    let (whole, begin) = (Whole::above(FLOOR), Instant::now());
    assert!(!whole.is_whole(FLOOR, after(begin, 5_000)), "nothing is known yet");
    whole.note(known(Epoch::ZERO), begin);
    whole.note(known(Epoch::ZERO), after(begin, 900));
    assert!(!whole.is_whole(FLOOR, after(begin, 999)));
    assert!(whole.is_whole(FLOOR, after(begin, 1_000)));
    whole.note(None, after(begin, 1_100));
    assert!(whole.is_whole(Height::ZERO, after(begin, 1_100)), "once and for all");
}

#[test]
fn another_epoch_or_something_missing_begins_the_while_anew() {
    let (whole, begin) = (Whole::above(FLOOR), Instant::now());
    whole.note(known(Epoch::ZERO), begin);
    whole.note(known(Epoch::new(1)), after(begin, 800));
    assert!(!whole.is_whole(FLOOR, after(begin, 1_700)));
    whole.note(None, after(begin, 1_700));
    whole.note(known(Epoch::new(1)), after(begin, 1_701));
    assert!(!whole.is_whole(FLOOR, after(begin, 2_700)));
    assert!(whole.is_whole(FLOOR, after(begin, 2_701)));
}

#[test]
fn below_what_somebody_may_have_been_told_or_was_certified_it_never_is() {
    let (whole, begin) = (Whole::above(FLOOR), Instant::now());
    whole.note(known(Epoch::ZERO), begin);
    assert!(!whole.is_whole(Height::new(79), after(begin, 60_000)));
    whole.note(Some((Epoch::new(1), Height::new(90))), begin);
    assert!(!whole.is_whole(Height::new(89), after(begin, 60_000)), "certified is not durable");
    assert!(whole.is_whole(Height::new(90), after(begin, 60_000)));
    assert!(Whole::already().is_whole(Height::ZERO, begin));
}
