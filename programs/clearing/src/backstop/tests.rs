use super::*;

fn volunteers(accounts: &[u32]) -> Backstops {
    Backstops(accounts.iter().copied().map(AccountId::new).collect())
}

#[test]
fn whoever_took_a_position_is_asked_last() {
    let mut backstops = volunteers(&[1, 2, 3]);
    assert_eq!(backstops.choose(|_| true), Some(AccountId::new(1)));
    assert_eq!(backstops.choose(|account| account.get() != 2), Some(AccountId::new(3)));
    assert_eq!(backstops, volunteers(&[2, 1, 3]));
    assert_eq!(backstops.choose(|_| false), None);
    assert_eq!(backstops, volunteers(&[2, 1, 3]));
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
