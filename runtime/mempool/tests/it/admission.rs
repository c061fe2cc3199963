//! What is admitted and what is refused, with the answer's promise.

use std::sync::Arc;

use heddle_mempool::AccountView;
use heddle_mempool::Admission;
use heddle_mempool::Config;
use heddle_mempool::Mempool;
use heddle_mempool::Origin;
use heddle_mempool::Refusal;
use heddle_mempool::Room;
use heddle_types::Amount;
use heddle_types::Auth;
use heddle_types::ChainId;
use heddle_types::CheckedTransaction;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::Transaction;
use heddle_types::TransactionBody;

use crate::fixture::*;

fn refused(body: TransactionBody) -> Refusal {
    let mut pool = pool();
    pool.on_executed(Height::new(10), []);
    admit(&mut pool, &signed(body), Origin::Local).unwrap_err()
}

#[test]
fn a_transaction_for_another_chain_is_refused_for_ever() {
    let refusal = refused(TransactionBody { chain: ChainId(Hash32::ZERO), ..body(0, 0) });
    assert_eq!(refusal, Refusal::WrongChain);
    assert!(refusal.never());
}

#[test]
fn a_bad_signature_is_refused_for_ever_and_a_good_one_admitted() {
    let key = SecretKey::from_seed([3; 32]);
    let body =
        TransactionBody { sender: heddle_types::Address::of_key(&key.public_key()), ..body(0, 0) };
    let good = Transaction::sign(body, &key);
    let mut bad = good.clone();
    bad.auth = Auth::Ed25519(Signature([0; 64]));
    let mut pool = pool();
    let checked = |tx| Arc::new(CheckedTransaction::check(tx).unwrap());

    let refusal = admit(&mut pool, &checked(bad.clone()), Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::BadSignature);
    assert!(refusal.never());
    assert_eq!(admit(&mut pool, &checked(good), Origin::Local), Ok(Admission::Admitted));
    // The id does not cover the signature's bytes: the bad copy is still refused.
    assert_eq!(admit(&mut pool, &checked(bad), Origin::Local), Err(Refusal::BadSignature));
}

#[test]
fn reserved_kinds_of_nonce_and_auth_are_refused_but_not_for_ever() {
    let window = refused(TransactionBody { nonce: Nonce::Window { millis: 5 }, ..body(0, 0) });
    assert_eq!(window, Refusal::UnsupportedNonce);
    assert!(!window.never());

    let transaction = Transaction {
        body: body(0, 0),
        auth: Auth::Eip712(Signature([0; 64]), 27),
        payer_auth: None,
    };
    let checked = Arc::new(CheckedTransaction::check(transaction).unwrap());
    let refusal = admit(&mut pool(), &checked, Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::UnsupportedAuth);
    assert!(!refusal.never());
}

#[test]
fn a_transaction_expires_with_the_execution_of_its_last_height() {
    let until = |height| TransactionBody { valid_until: Height::new(height), ..body(0, 0) };
    let refusal = refused(until(10));
    assert_eq!(
        refusal,
        Refusal::Expired { valid_until: Height::new(10), executed: Height::new(10) }
    );
    assert!(refusal.never());

    let mut pool = pool();
    pool.on_executed(Height::new(10), []);
    assert_eq!(admit(&mut pool, &signed(until(11)), Origin::Local), Ok(Admission::Admitted));
}

#[test]
fn a_gap_is_refused_with_the_sequence_expected_counting_what_is_pending() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
    let refusal = admit(&mut pool, &tx(0, 3), Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::NonceGap { sequence: 3, expected: 2 });
    assert!(!refusal.never());
    assert_eq!(pool.pending_next(&address(0), 0, 0), 2);
    assert_eq!(pool.pending_next(&address(0), 1, 5), 5);
}

#[test]
fn a_used_nonce_is_refused_for_ever() {
    let account = AccountView { next_sequence: 4, ..RICH };
    let refusal = pool().admit(tx(0, 3), &account, TERMS, Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::NonceUsed { sequence: 3, expected: 4 });
    assert!(refusal.never());
}

#[test]
fn a_second_transaction_with_a_pending_nonce_is_refused_but_not_for_ever() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0)]);
    let other = signed(TransactionBody { max_fee: Amount::from_units(11), ..body(0, 0) });
    let refusal = admit(&mut pool, &other, Origin::Local).unwrap_err();
    assert_eq!(refusal, Refusal::NonceTaken { sequence: 0, expected: 1 });
    assert_eq!(refusal.kind(), "nonceUsed");
    assert!(!refusal.never());
}

#[test]
fn the_same_transaction_again_is_no_error() {
    let mut pool = pool();
    admit_all(&mut pool, Origin::Local, &[tx(0, 0)]);
    assert_eq!(admit(&mut pool, &tx(0, 0), Origin::Local), Ok(Admission::AlreadyPending));
    assert_eq!(admit(&mut pool, &tx(0, 0), Origin::Forwarded), Ok(Admission::AlreadyPending));
    assert_eq!(pool.len(), 1);
}

#[test]
fn lanes_of_one_sender_do_not_wait_for_each_other() {
    let mut pool = pool();
    let lane = |lane| TransactionBody { nonce: Nonce::Lane { lane, sequence: 0 }, ..body(0, 0) };
    let txs = [signed(lane(0)), signed(lane(1)), signed(lane(255))];
    admit_all(&mut pool, Origin::Local, &txs);
    assert_eq!(pool.len(), 3);
}

#[test]
fn less_than_the_required_fee_is_refused() {
    let refusal = refused(TransactionBody { max_fee: Amount::from_units(9), ..body(0, 0) });
    assert_eq!(refusal, Refusal::FeeTooLow { offered: Amount::from_units(9), required: FEE });
}

#[test]
fn a_payers_pending_maximum_fees_may_not_exceed_its_balance() {
    let mut pool = pool();
    let account = AccountView { next_sequence: 0, fee_balance: Amount::from_units(25) };
    let paid_by_1 = |sender| {
        let mut transaction = Transaction {
            body: body(sender, 0),
            auth: Auth::Ed25519(Signature([1; 64])),
            payer_auth: Some(Auth::Ed25519(Signature([1; 64]))),
        };
        transaction.body.payer = Some(address(1));
        transaction
    };
    // Payers' signatures are really verified, so these are refused for that: the sum is tested with the payer's own.
    let checked = CheckedTransaction::check_all(vec![paid_by_1(5)], |_, _| true).unwrap();
    assert!(!checked[0].signature_ok());

    for sequence in 0..2 {
        let admitted = pool.admit(tx(1, sequence), &account, TERMS, Origin::Local);
        assert_eq!(admitted, Ok(Admission::Admitted));
    }
    let refusal = pool.admit(tx(1, 2), &account, TERMS, Origin::Local).unwrap_err();
    let (balance, required) = (Amount::from_units(25), Amount::from_units(30));
    assert_eq!(refusal, Refusal::InsufficientFeeFunds { balance, required });
    assert!(!refusal.never());

    // Once one has left, there is room again.
    pool.on_executed(Height::new(1), [&*tx(1, 0)]);
    let account = AccountView { next_sequence: 1, ..account };
    assert_eq!(pool.admit(tx(1, 2), &account, TERMS, Origin::Local), Ok(Admission::Admitted));
}

#[test]
fn fees_are_counted_against_the_payer_that_is_named() {
    let mut pool = pool();
    let payer_key = SecretKey::from_seed([8; 32]);
    let payer = heddle_types::Address::of_key(&payer_key.public_key());
    let account = AccountView { next_sequence: 0, fee_balance: Amount::from_units(15) };
    let sponsored = |seed: u8| {
        let key = SecretKey::from_seed([seed; 32]);
        let sender = heddle_types::Address::of_key(&key.public_key());
        let body = TransactionBody { sender, payer: Some(payer), ..body(0, 0) };
        let mut tx = Transaction::sign(body, &key);
        tx.payer_auth = Some(Auth::Ed25519(Signature([0; 64])));
        let id = tx.id();
        tx.auth = Auth::Ed25519(key.sign(id.as_bytes()));
        tx.payer_auth = Some(Auth::Ed25519(payer_key.sign(id.as_bytes())));
        Arc::new(CheckedTransaction::check(tx).unwrap())
    };
    assert_eq!(pool.admit(sponsored(1), &account, TERMS, Origin::Local), Ok(Admission::Admitted));
    let refusal = pool.admit(sponsored(2), &account, TERMS, Origin::Local).unwrap_err();
    assert_eq!(refusal.kind(), "insufficientFeeFunds");
}

#[test]
fn a_full_pool_and_a_busy_sender_are_told_so() {
    let size = tx(0, 0).bytes();
    let check = |bound: fn(&mut Config, usize), expected: Refusal| {
        let mut config = Config::new(CHAIN);
        bound(&mut config, size);
        let mut pool = Mempool::new(config, Height::ZERO);
        admit_all(&mut pool, Origin::Local, &[tx(0, 0), tx(0, 1)]);
        let refusal = admit(&mut pool, &tx(0, 2), Origin::Local).unwrap_err();
        assert_eq!(refusal, expected);
        assert!(!refusal.never() && refusal.is_retryable());
        assert_eq!((pool.len(), pool.bytes()), (2, 2 * size));
    };
    check(|config, _| config.ordinary.txs_max = 2, Refusal::PoolFull);
    check(|config, size| config.ordinary.bytes_max = 3 * size - 1, Refusal::PoolFull);
    check(|config, _| config.ordinary.sender_txs_max = 2, Refusal::SenderLimit);
    check(|config, size| config.ordinary.sender_bytes_max = 3 * size - 1, Refusal::SenderLimit);
}

#[test]
fn forwarded_transactions_in_any_order_all_get_in() {
    let mut pool = pool();
    let txs: Vec<_> = (0..200).map(|sequence| tx(0, sequence)).collect();
    // 61 is coprime to 200, so this is a permutation.
    for i in 0..200_usize {
        let admitted = admit(&mut pool, &txs[i * 61 % 200], Origin::Forwarded);
        assert_eq!(admitted, Ok(Admission::Admitted));
    }
    assert_eq!(pool.pending_next(&address(0), 0, 0), 200);
    let payload = pool.payload(heddle_mempool::PayloadLimits::BLOCK, Height::new(1), &[]);
    assert_eq!(ids(&payload), ids(&txs));
}

#[test]
fn forwarded_transactions_wait_for_earlier_ones_within_bounds() {
    let mut config = Config::new(CHAIN);
    config.ordinary = Room { sender_txs_max: 3, gapped_max: 2, ..config.ordinary };
    config.reserved.sender_txs_max = 2;
    let mut pool = Mempool::new(config, Height::ZERO);
    let far = admit(&mut pool, &tx(0, 6), Origin::Forwarded);
    assert_eq!(far, Err(Refusal::NonceGap { sequence: 6, expected: 0 }));
    admit_all(&mut pool, Origin::Forwarded, &[tx(0, 5), tx(1, 1)]);
    assert_eq!(admit(&mut pool, &tx(2, 1), Origin::Forwarded), Err(Refusal::PoolFull));
    // Those that wait take no room from those that need not.
    admit_all(&mut pool, Origin::Forwarded, &[tx(2, 0), tx(2, 1)]);
}

#[test]
fn the_last_sequence_of_all_is_never_admitted() {
    let account = AccountView { next_sequence: u64::MAX, ..RICH };
    let refusal = pool().admit(tx(0, u64::MAX), &account, TERMS, Origin::Local).unwrap_err();
    assert_eq!(refusal.kind(), "nonceGap");
}
