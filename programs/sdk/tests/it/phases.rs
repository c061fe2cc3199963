//! Inboxes and work items.

use proptest::prelude::*;

use heddle_sdk::Appended;
use heddle_sdk::InboxEntry;
use heddle_sdk::Inboxes;
use heddle_sdk::Phase;
use heddle_types::ProgramId;
use heddle_types::StateKey;

fn inbox() -> StateKey {
    StateKey::new(ProgramId(9), &[b"inbox"]).unwrap()
}

fn phase(n: u8) -> Phase {
    [Phase::Begin, Phase::Transactions, Phase::Match][usize::from(n)]
}

#[test]
fn phases_are_ordered_as_they_run() {
    let mut all = vec![Phase::Begin, Phase::Transactions];
    all.extend(Phase::AFTER_TRANSACTIONS);
    assert!(all.is_sorted());
    assert_eq!(all.len(), 6);
}

proptest! {
    #[test]
    fn entries_come_out_in_order_whenever_they_were_made(
        made in proptest::collection::vec((0..3_u8, 0..4_u32, 0..3_u8, 0..3_u16), 0..40)
    ) {
        let mut inboxes = Inboxes::default();
        for (n, position, call, item) in &made {
            let appended = Appended { key: inbox(), call: *call, item: *item, data: vec![].into() };
            inboxes.push(phase(*n), *position, appended);
        }
        let mut expected: Vec<_> = made
            .into_iter()
            .map(|(n, position, call, item)| InboxEntry {
                phase: phase(n),
                position,
                call,
                item,
                data: vec![].into(),
            })
            .collect();
        expected.sort();
        prop_assert_eq!(inboxes.take(&inbox()), expected);
        prop_assert_eq!(inboxes.take(&inbox()), vec![]);
    }
}
