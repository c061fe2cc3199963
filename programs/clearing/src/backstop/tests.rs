use super::*;

#[test]
fn volunteers_take_turns() {
    let mut backstops = Backstops::default();
    assert_eq!(backstops.at(0), None);
    for account in [5, 2, 9] {
        backstops.enter(AccountId::new(account)).unwrap();
    }
    let turns: Vec<_> = (7..12).map(|turn| backstops.at(turn).unwrap().get()).collect();
    assert_eq!(turns, [5, 9, 2, 5, 9]);
}

#[test]
fn an_account_volunteers_once_and_only_so_many_can() {
    let mut backstops = Backstops::default();
    let max = u32::try_from(BACKSTOPS_MAX).unwrap();
    for account in (0..max).map(AccountId::new) {
        assert_eq!(backstops.enter(account), Ok(()));
        assert_eq!(backstops.enter(account), Ok(()));
    }
    assert_eq!(backstops.as_slice().len(), BACKSTOPS_MAX);
    assert_eq!(backstops.enter(AccountId::new(max)), Err(BackstopsFull));
    backstops.leave(AccountId::new(0));
    assert_eq!(backstops.enter(AccountId::new(max)), Ok(()));
}
