//! What people type and read.

use heddle_types::*;

#[test]
fn hashes_are_read_in_either_case_and_with_or_without_0x() {
    let hash = Hash32([0xab; 32]);
    let text = hash.to_string();
    assert_eq!(text, "ab".repeat(32));
    assert_eq!(text.parse(), Ok(hash));
    assert_eq!(format!("0x{}", text.to_uppercase()).parse(), Ok(hash));
    let length = |digits| Err(ParseHashError::Length { digits });
    assert_eq!("".parse::<Hash32>(), length(0));
    assert_eq!(text[1..].parse::<Hash32>(), length(63));
    assert_eq!(format!("0x0x{}", &text[4..]).parse::<Hash32>(), length(62));
    let digit = |position| Err(ParseHashError::Digit { position });
    assert_eq!(format!("{}g{}", &text[..9], &text[10..]).parse::<Hash32>(), digit(9));
    assert_eq!(format!("é{}", &text[2..]).parse::<Hash32>(), digit(0));
    assert_eq!(format!("+{}", &text[1..]).parse::<Hash32>(), digit(0));
}

#[test]
fn an_asset_is_one_to_twelve_capitals_or_digits() {
    for good in ["A", "HDL", "0", "ABCDEFGHIJ12"] {
        assert_eq!(good.parse::<AssetId>().map(|asset| asset.to_string()), Ok(good.to_owned()));
    }
    for bad in ["", "hdl", "ABCDEFGHIJ123", "A B", "A\0B", "É", "-"] {
        assert_eq!(bad.parse::<AssetId>(), Err(ParseAssetError), "{bad:?}");
    }
    assert!(AssetId::from_bytes(*b"A\0B\0\0\0\0\0\0\0\0\0").is_err());
    assert!(AssetId::from_bytes([0; 12]).is_err());
}

#[test]
fn amounts_and_counters_stop_at_their_ends() {
    let max = Amount::MAX;
    let one = Amount::from_units(1);
    assert_eq!(Amount::new(max.get() + 1), None);
    assert_eq!(max.checked_add(one), None);
    assert_eq!(Amount::ZERO.checked_sub(one), None);
    assert_eq!(max.checked_mul(2), None);
    assert_eq!(max.checked_mul(1), Some(max));
    assert_eq!(one.checked_mul(u64::MAX), Some(Amount::from_units(u64::MAX)));
    assert!(max.signed().checked_mul(64).is_some());
    assert_eq!(Height::new(u64::MAX).next(), Height::new(u64::MAX));
    assert_eq!(Height::ZERO.prev(), None);
    assert_eq!(Height::new(3).since(Height::new(5)), 0);
}

#[test]
fn of_several_changes_to_a_key_the_last_holds() {
    let key = |byte: u8| StateKey::new(ProgramId(1), &[&[byte]]).unwrap();
    let entry = |byte: u8| Some(Entry { deposit: None, value: Value::new(&[byte]) });
    let set = ChangeSet::new(vec![(key(2), entry(1)), (key(1), entry(2)), (key(2), None)]);
    assert_eq!(set.as_slice(), [(key(1), entry(2)), (key(2), None)]);
}

#[test]
fn modes_on_one_key_join_to_what_allows_both() {
    use AccessMode::*;
    for mode in [Read, Add, Append, Write] {
        assert_eq!(mode.join(mode), mode);
        assert_eq!(mode.join(Write), Write);
    }
    assert_eq!(Read.join(Add), Write);
    assert_eq!(Add.join(Append), Write);
    let mut set = AccessSet::default();
    for n in 0..limits::ACCESS_KEYS_MAX {
        let bytes = u32::try_from(n).unwrap().to_le_bytes();
        assert!(set.declare(StateKey::new(ProgramId(1), &[&bytes]).unwrap(), Read));
    }
    assert!(!set.declare(StateKey::new(ProgramId(2), &[]).unwrap(), Read));
    let first = StateKey::new(ProgramId(1), &[&[0; 4]]).unwrap();
    assert!(set.declare(first, Add), "one that is declared already takes no room");
    assert_eq!(set.mode(&first), Some(Write));
}

fn section(program: u32, bytes: usize) -> GenesisSection {
    GenesisSection { program: ProgramId(program), data: Bytes(vec![7; bytes]) }
}

#[test]
fn a_genesis_that_cannot_begin_a_chain_is_refused() {
    let check = |change: fn(&mut Genesis)| {
        let mut genesis = crate::fixture::genesis();
        change(&mut genesis);
        genesis.committee().map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(check(|_| {}), Ok(()));
    assert_eq!(check(|g| g.sections = vec![section(1, 2 << 20)]), Ok(()));
    type Case = (fn(&mut Genesis), &'static str);
    let cases: [Case; 10] = [
        (|g| g.version = 1, "version: 1, expected 3"),
        (|g| g.dev = false, "faucet: allowed on a development chain only"),
        (
            |g| g.accounts.swap(0, 1),
            "accounts[1]: addresses must be strictly ascending, at most 100000 of them",
        ),
        (
            |g| g.accounts[1].amount = Amount::MAX,
            "accounts[1].amount: the sum of all is past 2^120 - 1",
        ),
        (
            |g| g.sections[0].data = Bytes::default(),
            "sections[0]: programs must be strictly ascending, at most 64 of them, and none's data empty",
        ),
        (
            |g| g.sections.push(g.sections[0].clone()),
            "sections[1]: programs must be strictly ascending, at most 64 of them, and none's data empty",
        ),
        (
            |g| g.sections = (0..65).map(|n| section(n, 1)).collect(),
            "sections[64]: programs must be strictly ascending, at most 64 of them, and none's data empty",
        ),
        (
            |g| g.sections = vec![section(1, 2 << 20), section(2, 1)],
            "sections[1].data: with those before, more than 2097152 bytes",
        ),
        (|g| g.validators.clear(), "validators: 0, expected 1 to 50"),
        (
            |g| g.possessions.push(BlsSignature([0; 48])),
            "validators[0].voteProof: does not prove that somebody holds its voteKey",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(check(change), Err(expected.to_owned()));
    }
}
