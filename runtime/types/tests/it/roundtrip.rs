//! Any value survives its bytes.

use heddle_types::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixture;

fn state_key() -> impl Strategy<Value = StateKey> {
    (any::<u32>(), vec(any::<u8>(), 0..=limits::KEY_BYTES_MAX))
        .prop_map(|(program, bytes)| StateKey::new(ProgramId(program), &[&bytes]).unwrap())
}

fn amount() -> impl Strategy<Value = Amount> {
    any::<u128>().prop_map(|units| Amount::new(units >> 8).unwrap())
}

fn nonce() -> impl Strategy<Value = Nonce> {
    prop_oneof![
        (any::<u8>(), any::<u64>()).prop_map(|(lane, sequence)| Nonce::Lane { lane, sequence }),
        any::<u64>().prop_map(|millis| Nonce::Window { millis }),
    ]
}

fn access() -> impl Strategy<Value = Access> {
    let mode = prop_oneof![
        Just(AccessMode::Read),
        Just(AccessMode::Add),
        Just(AccessMode::Append),
        Just(AccessMode::Write),
    ];
    prop_oneof![
        Just(Access::Open),
        proptest::collection::btree_map(state_key(), mode, 0..8)
            .prop_map(|keys| Access::Declared { extra: keys.into_iter().collect() }),
    ]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let call = (any::<u32>(), vec(any::<u8>(), 0..100))
        .prop_map(|(program, data)| Call { program: ProgramId(program), data: Bytes(data) });
    let numbers = (any::<u8>(), any::<u64>(), amount());
    let payer = proptest::option::of(any::<[u8; 32]>());
    (numbers, any::<[u8; 32]>(), payer, nonce(), access(), vec(call, 0..=32)).prop_map(
        |((version, height, max_fee), sender, payer, nonce, access, calls)| {
            let body = TransactionBody {
                version,
                sender: Address(sender),
                payer: payer.map(Address),
                nonce,
                valid_until: Height::new(height),
                max_fee,
                access,
                calls,
                ..fixture::body(&fixture::key(1))
            };
            let auth = Auth::Eip712(Signature([version; 64]), version);
            Transaction { body, auth, payer_auth: payer.map(|_| auth) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_transaction_survives_its_bytes(tx in transaction()) {
        prop_assert_eq!(decode_exact::<Transaction>(&encode(&tx)), Ok(tx));
    }

    #[test]
    fn state_keys_order_by_program_and_then_bytes(a in state_key(), b in state_key()) {
        let plain = |key: &StateKey| (key.program(), key.bytes().to_vec());
        prop_assert_eq!(a.cmp(&b), plain(&a).cmp(&plain(&b)));
        let again = <StateKey as borsh::BorshDeserialize>::try_from_slice(&encode(&a));
        prop_assert_eq!(again.ok(), Some(a));
    }

    #[test]
    fn a_change_set_survives_its_bytes(changes in vec((state_key(), any::<bool>()), 0..20)) {
        let entry = |there: bool| there.then(fixture::entry);
        let set = ChangeSet::new(changes.into_iter().map(|(key, there)| (key, entry(there))).collect());
        let again = <ChangeSet as borsh::BorshDeserialize>::try_from_slice(&encode(&set));
        prop_assert_eq!(again.ok(), Some(set));
    }
}
