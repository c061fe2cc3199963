//! Bytes that are no value: refused with a reason, without a panic, without much memory.

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::cell::Cell;

use heddle_types::*;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_core::SeedableRng;

use crate::fixture;
use crate::snapshot;

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "a counting allocator hands on to the system's")]
// SAFETY: every call is handed on unchanged; counting touches a thread-local cell that allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.with(|sum| sum.set(sum.get() + layout.size()));
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocated_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATED.with(Cell::get);
    let value = work();
    (value, ALLOCATED.with(Cell::get) - before)
}

/// Truncates everywhere, appends, and damages at random: no panic; what still decodes encodes to the same bytes; memory stays
/// proportional to the input.
fn abuse<T: Canonical>(value: &T, seed: u64) {
    let good = encode(value);
    for len in 0..good.len() {
        let error = decode_exact::<T>(&good[..len]).map(drop).unwrap_err();
        let DecodeError::Field { detail, .. } = &error else {
            panic!("{} at {len}: {error}", T::NAME)
        };
        assert!(detail.ends_with("the input ends here"), "{error}");
    }
    let mut longer = good.clone();
    longer.push(0);
    let trailing = DecodeError::Trailing { what: T::NAME, offset: good.len(), extra: 1 };
    let too_long = DecodeError::TooLong { what: T::NAME, len: longer.len(), max: T::BYTES_MAX };
    let expected = if longer.len() > T::BYTES_MAX { too_long } else { trailing };
    assert_eq!(decode_exact::<T>(&longer).map(drop), Err(expected));

    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..2000 {
        let mut bytes = good.clone();
        for _ in 0..=random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            bytes[at] = match random.next_u32() % 3 {
                0 => 0xff,
                1 => 0,
                _ => random.next_u32() as u8,
            };
        }
        let (decoded, allocated) = allocated_by(|| decode_exact::<T>(&bytes));
        assert!(allocated <= 64 * 1024 + 24 * bytes.len(), "{}: {allocated}", T::NAME);
        if let Ok(value) = decoded {
            assert_eq!(encode(&value), bytes, "{}: one value has one encoding", T::NAME);
        }
    }
    for _ in 0..2000 {
        let mut bytes = vec![0; random.next_u32() as usize % 400];
        random.fill_bytes(&mut bytes);
        if let Ok(value) = decode_exact::<T>(&bytes) {
            assert_eq!(encode(&value), bytes);
        }
    }
}

#[test]
fn damaged_bytes_of_every_type_are_refused_or_mean_one_value() {
    abuse(&fixture::transaction(), 1);
    abuse(&fixture::sponsored(), 2);
    abuse(&fixture::header(), 3);
    abuse(&fixture::block(vec![fixture::transaction(), fixture::sponsored()]), 4);
    abuse(&fixture::proposal(), 5);
    abuse(&fixture::vote(), 6);
    abuse(&fixture::commit_vote(), 7);
    abuse(&fixture::timeout(), 8);
    abuse(&fixture::qc(0..3), 9);
    abuse(&fixture::commit(0..3), 10);
    abuse(&fixture::tc(0..3), 11);
    abuse(&fixture::genesis(), 12);
    abuse(&fixture::safety(), 13);
    abuse(&fixture::entry(), 14);
    abuse(&fixture::receipt(), 15);
    let undeclared = TxFailure::UndeclaredAccess(fixture::state_key(b"key").into());
    abuse(&fixture::failed(undeclared), 16);
    let transactions = vec![fixture::transaction(), fixture::sponsored()];
    abuse(&fixture::batch(transactions.clone()), 17);
    abuse(&fixture::batch_header(), 18);
    abuse(&BatchBody { transactions }, 19);
    abuse(&snapshot::manifest(2, 1), 20);
    abuse(&fixture::aggregate_qc(), 21);
    abuse(&fixture::qc(0..3).proof, 22);
}

#[test]
fn input_past_the_limit_is_refused_unread() {
    let bytes = vec![0; Transaction::BYTES_MAX + 1];
    let (refused, allocated) = allocated_by(|| decode_exact::<Transaction>(&bytes));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "transaction: 16385 bytes, at most 16384 are allowed"
    );
    assert_eq!(allocated, 0);
}

#[test]
fn a_length_without_bytes_behind_it_takes_no_memory() {
    // A block that claims 10,000 transactions, and a genesis that claims 100,000 accounts.
    let mut block = encode(&fixture::block(Vec::new()));
    let len = block.len();
    block[len - 4..].copy_from_slice(&10_000_u32.to_le_bytes());
    let (refused, allocated) = allocated_by(|| decode_exact::<Block>(&block));
    assert!(refused.is_err());
    assert!(allocated < 16 * 1024, "{allocated}");
}

fn check<T: Canonical + std::fmt::Debug>(bytes: &[u8], expected: &str) {
    assert_eq!(decode_exact::<T>(bytes).unwrap_err().to_string(), expected);
}

/// `value`'s bytes with `patch` at `at`.
fn patched<T: Canonical>(value: &T, at: usize, patch: &[u8]) -> Vec<u8> {
    let mut bytes = encode(value);
    bytes[at..at + patch.len()].copy_from_slice(patch);
    bytes
}

#[test]
fn an_error_names_the_field_and_where_it_stands() {
    let tx = fixture::transaction();
    check::<Transaction>(&[], "transaction: at byte 0: body.version: the input ends here");
    check::<Transaction>(
        &patched(&tx, 65, &[2]),
        "transaction: at byte 66: body.payer: Invalid Option representation: 2. The first byte must be 0 or 1",
    );
    check::<Transaction>(
        &patched(&tx, 66, &[9]),
        "transaction: at byte 67: body.nonce: unknown tag 9",
    );
    check::<Transaction>(
        &patched(&tx, 84, &[0xff; 16]),
        "transaction: at byte 100: body.max_fee: amount 340282366920938463463374607431768211455, at most 2^120 - 1 allowed",
    );
    check::<Transaction>(
        &patched(&tx, 100, &[2]),
        "transaction: at byte 101: body.access: unknown access tag 2, expected 0 or 1",
    );
    check::<Transaction>(
        &patched(&tx, 101, &129_u32.to_le_bytes()),
        "transaction: at byte 105: body.access.extra: length 129, at most 128 allowed",
    );
    check::<Transaction>(
        &patched(&tx, 105, &33_u32.to_le_bytes()),
        "transaction: at byte 109: body.calls: length 33, at most 32 allowed",
    );
    check::<Transaction>(
        &patched(&tx, 113, &12_289_u32.to_le_bytes()),
        "transaction: at byte 117: body.calls[0].data: length 12289, at most 12288 allowed",
    );
    let block = fixture::block(vec![tx.clone(), tx.clone()]);
    let second = encode(&block).len() - encode(&tx).len();
    check::<Block>(
        &patched(&block, second + 66, &[7]),
        &format!("block: at byte {}: payload.inline[1].body.nonce: unknown tag 7", second + 67),
    );
    let mut trailing = encode(&tx);
    trailing.extend([1, 2]);
    let end = trailing.len() - 2;
    check::<Transaction>(&trailing, &format!("transaction: 2 bytes after its end at byte {end}"));
}

#[test]
fn extra_keys_and_changes_must_ascend_strictly() {
    let keys = |a: &[u8], b: &[u8]| {
        let mut tx = fixture::sponsored();
        let extra = [a, b].map(|key| (fixture::state_key(key), AccessMode::Read)).to_vec();
        tx.body.access = Access::Declared { extra };
        decode_exact::<Transaction>(&encode(&tx)).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(keys(b"a", b"b"), Ok(()));
    assert!(
        keys(b"b", b"a")
            .unwrap_err()
            .ends_with("body.access.extra: keys must be strictly ascending")
    );
    assert!(keys(b"a", b"a").is_err());

    let change = |bytes: &[u8]| (fixture::state_key(bytes), None::<Entry>);
    let decode = |changes: &[(StateKey, Option<Entry>)]| {
        <ChangeSet as borsh::BorshDeserialize>::try_from_slice(&encode(&changes.to_vec()))
    };
    assert!(decode(&[change(b"a"), change(b"b")]).is_ok());
    assert!(decode(&[change(b"b"), change(b"a")]).is_err());
    assert!(decode(&[change(b"a"), change(b"a")]).is_err());
}

#[test]
fn a_state_key_longer_than_allowed_is_refused() {
    let bytes = [&[1, 0, 0, 0, 60][..], &[0; 60]].concat();
    let error = <StateKey as borsh::BorshDeserialize>::try_from_slice(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "key length 60, at most 59 allowed");
    assert!(StateKey::new(ProgramId::LEDGER, &[&[0; 59]]).is_some());
    assert!(StateKey::new(ProgramId::LEDGER, &[&[0; 59], &[0]]).is_none());
}

#[test]
fn a_proof_is_of_a_known_kind_and_of_no_more_signatures_than_validators() {
    let with = |proof: &[u8]| {
        let qc = encode(&QuorumCert::genesis(fixture::vote_data()));
        let bytes = [&qc[..qc.len() - encode(&Proof::NONE).len()], proof].concat();
        decode_exact::<QuorumCert>(&bytes).unwrap_err().to_string()
    };
    assert_eq!(with(&[2]), "quorum certificate: at byte 97: proof: unknown tag 2");
    let many = encode(&Proof::Each(vec![Signature([1; 64]); limits::VALIDATORS_MAX + 1]));
    let refused = "quorum certificate: at byte 101: proof: length 51, at most 50 allowed";
    assert_eq!(with(&many), refused);
}

#[test]
fn the_largest_values_fit_their_limits() {
    let mut qc = fixture::qc([]);
    let signatures = vec![fixture::vote().signature; limits::VALIDATORS_MAX];
    qc.proof = Proof::Each(signatures.clone());
    assert!(encode(&qc).len() <= QuorumCert::BYTES_MAX);
    let mut tc = fixture::tc([]);
    tc.entries = vec![fixture::tc([1]).entries[0]; limits::VALIDATORS_MAX];
    tc.proof = Proof::Each(signatures);
    assert!(encode(&tc).len() <= TimeoutCert::BYTES_MAX);
    let timeout = Timeout { high_qc: qc.clone(), entry_tc: Some(tc), ..fixture::timeout() };
    assert!(encode(&timeout).len() <= Timeout::BYTES_MAX);
    let safety = SafetyRecord { high_qc: qc, ..fixture::safety() };
    assert!(encode(&safety).len() <= SafetyRecord::BYTES_MAX);
    let event = Event {
        program: ProgramId(1),
        kind: 1,
        data: EventData::new(&[0; limits::EVENT_BYTES_MAX]),
    };
    let receipt = Receipt { events: vec![event; limits::EVENTS_MAX].into(), ..fixture::receipt() };
    assert!(encode(&receipt).len() <= Receipt::BYTES_MAX);
    let value = Value::new(&[0; limits::VALUE_BYTES_MAX]);
    assert!(encode(&Entry { value, ..fixture::entry() }).len() <= Entry::BYTES_MAX);
}
