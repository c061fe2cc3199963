use super::*;

#[test]
fn silence_is_counted_in_views_and_ends_with_a_word() {
    let (talker, mute) = (ValidatorIndex::new(0), ValidatorIndex::new(1));
    let mut presence = Presence::default();
    for _ in 0..limits::SILENT_VIEWS {
        presence.enter();
        presence.hear(talker);
        assert!(!presence.is_silent(mute));
    }
    presence.enter();
    assert!(presence.is_silent(mute));
    assert!(!presence.is_silent(talker));
    presence.hear(mute);
    assert!(!presence.is_silent(mute));
}
