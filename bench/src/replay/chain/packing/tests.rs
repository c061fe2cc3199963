use heddle_clearing::OrderId;
use heddle_exchange::ExchangeCall;
use heddle_num::Ticks;
use heddle_types::Canonical;
use heddle_types::encode;
use heddle_types::limits::CALL_BYTES_MAX;
use heddle_types::limits::TRANSACTION_BYTES_MAX;

use super::*;

const MARKET: MarketId = MarketId::new(3);

fn key(price: u32) -> LevelKey {
    LevelKey { side: Side::Sell, price: Ticks::new(price) }
}

fn reduction(account: u32, price: u32) -> Named {
    let id = OrderId { account: AccountId::new(account), number: price };
    let instruction = Instruction::Reduce(id, Lots::new(1));
    Named { deed: Deed::Reduce(key(price), Lots::new(2)), instruction }
}

/// What each account does, in order.
fn prices_of(txs: &[Vec<Batch>], account: u32) -> Vec<u32> {
    let batches = txs.iter().flatten().filter(|batch| batch.account.get() == account);
    let price = |action: &Action| match action {
        Action::Amend(_, order) => order.price.get(),
        _ => panic!("{action:?}"),
    };
    batches.flat_map(|batch| batch.actions.iter().map(price)).collect()
}

#[test]
fn orders_of_one_price_and_either_side_have_names_of_their_own() {
    let of = |side, price| client_of(LevelKey { side, price: Ticks::new(price) });
    assert_eq!(of(Side::Buy, 1), 2);
    assert_eq!(of(Side::Sell, 1), 3);
    assert_eq!(of(Side::Sell, u32::MAX), (1 << 33) - 1);
}

#[test]
fn an_account_has_one_batch_and_its_actions_stay_in_order() {
    let named: Vec<Named> = (1..=20).map(|price| reduction(price % 2, price)).collect();
    let txs = pack(&named, MARKET);
    assert_eq!(txs.len(), 1);
    assert_eq!(txs[0].len(), 2);
    assert!(txs[0].iter().all(|batch| batch.market == MARKET));
    assert_eq!(prices_of(&txs, 0), (1..=10).map(|half| half * 2).collect::<Vec<_>>());
    assert_eq!(prices_of(&txs, 1), (0..10).map(|half| half * 2 + 1).collect::<Vec<_>>());
}

#[test]
fn transactions_stay_within_every_bound_and_nothing_is_lost() {
    let named: Vec<Named> = (1..=5_000).map(|n| reduction(n * n % 67 % 40, n)).collect();
    let txs = pack(&named, MARKET);
    let found: usize = (0..40).map(|account| prices_of(&txs, account).len()).sum();
    assert_eq!(found, 5_000);
    for account in 0..40 {
        assert!(prices_of(&txs, account).is_sorted(), "{account}");
    }
    for tx in &txs {
        assert!(tx.len() <= CALLS_MAX);
        let calls = tx.iter().map(|batch| encode(&ExchangeCall::Orders(batch.clone())));
        let sizes: Vec<usize> = calls.map(|call| call.len()).collect();
        assert!(sizes.iter().all(|size| *size <= CALL_BYTES_MAX.min(ExchangeCall::BYTES_MAX)));
        // The envelope and its signature have fewer than 512 bytes, a call's head fewer than 16.
        let whole = sizes.iter().map(|size| size + 16).sum::<usize>() + 512;
        assert!(whole <= TRANSACTION_BYTES_MAX, "{whole}");
    }
}

#[test]
fn a_long_run_of_one_account_is_cut_into_batches() {
    let named: Vec<Named> = (1..=100).map(|price| reduction(7, price)).collect();
    let txs = pack(&named, MARKET);
    let lens: Vec<_> = txs[0].iter().map(|batch| batch.actions.len()).collect();
    assert_eq!(lens, [32, 32, 32, 4]);
}
