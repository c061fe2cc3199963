//! What clients and other nodes rely on byte for byte.

use std::net::SocketAddr;

use proptest::prelude::*;

use heddle_sdk::Program;
use heddle_types::Address;
use heddle_types::BlsPublicKey;
use heddle_types::BlsSignature;
use heddle_types::Canonical;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::ProgramId;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use heddle_types::Signature;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_validators::AddressChanged;
use heddle_validators::Claim;
use heddle_validators::Config;
use heddle_validators::GenesisMember;
use heddle_validators::Join;
use heddle_validators::KeyRotated;
use heddle_validators::Member;
use heddle_validators::Members;
use heddle_validators::PowerChanged;
use heddle_validators::Rotate;
use heddle_validators::Validators;
use heddle_validators::ValidatorsCall;
use heddle_validators::ValidatorsError;
use heddle_validators::ValidatorsEvent;
use heddle_validators::ValidatorsGenesis;
use heddle_validators::limits::MEMBERS_MAX;

const A: Address = Address([0xaa; 32]);
const KEY: PublicKey = PublicKey([0xbb; 32]);
const OTHER: PublicKey = PublicKey([0xcc; 32]);
const PROOF: Signature = Signature([0xdd; 64]);
const VOTE_KEY: BlsPublicKey = BlsPublicKey([0xee; 96]);
const VOTE_PROOF: BlsSignature = BlsSignature([0xff; 48]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn v4() -> SocketAddr {
    "1.2.3.4:258".parse().unwrap()
}

/// The longer kind.
fn v6(port: u16) -> SocketAddr {
    SocketAddr::from(([1, 2, 3, 4, 5, 6, 7, 8], port))
}

fn member(quic: SocketAddr) -> Member {
    Member { public_key: KEY, vote_key: None, power: 7, operator: A, quic }
}

/// One that votes with a key of its own.
fn voter(quic: SocketAddr) -> Member {
    Member { vote_key: Some(VOTE_KEY), ..member(quic) }
}

/// As many as there may be, and as long.
fn all_members() -> Vec<Member> {
    let member = |n: u8| Member {
        public_key: PublicKey([n; 32]),
        vote_key: Some(BlsPublicKey([n; 96])),
        ..voter(v6(n.into()))
    };
    (1..=u8::try_from(MEMBERS_MAX).unwrap()).map(member).collect()
}

#[test]
fn keys_have_their_bytes() {
    assert_eq!(hex(heddle_validators::config_key().bytes()), "63");
    assert_eq!(hex(heddle_validators::members_key().bytes()), "6d");
    assert_eq!(heddle_validators::members_key().program(), ProgramId::VALIDATORS);
    assert_eq!(ProgramId::VALIDATORS.0, 5);
}

#[test]
fn calls_have_their_bytes() {
    let (a, key, other, proof) =
        ("aa".repeat(32), "bb".repeat(32), "cc".repeat(32), "dd".repeat(64));
    let (vote_key, vote_proof) = ("ee".repeat(96), "ff".repeat(48));
    let check = |call: ValidatorsCall, expected: String| {
        assert_eq!(hex(&call.to_call().data), expected);
        assert_eq!(call.to_call().program, ProgramId::VALIDATORS);
        assert_eq!(decode_exact(&call.to_call().data), Ok(call));
    };
    let join = Join { member: member(v4()), proof: PROOF, vote_proof: None };
    let expected = format!("00{key}000700000000000000{a}00010203040201{proof}00");
    check(ValidatorsCall::Join(join), expected);
    let join = Join { member: voter(v4()), proof: PROOF, vote_proof: Some(VOTE_PROOF) };
    let member = format!("{key}01{vote_key}0700000000000000{a}00010203040201");
    check(ValidatorsCall::Join(join), format!("00{member}{proof}01{vote_proof}"));
    check(ValidatorsCall::Leave { public_key: KEY }, format!("01{key}"));
    let power = ValidatorsCall::SetPower { public_key: KEY, power: 7 };
    check(power, format!("02{key}0700000000000000"));
    let rotate = Rotate { old: KEY, new: OTHER, vote_key: None, proof: PROOF, vote_proof: None };
    check(ValidatorsCall::Rotate(rotate), format!("03{key}{other}00{proof}00"));
    let rotate = Rotate { vote_key: Some(VOTE_KEY), vote_proof: Some(VOTE_PROOF), ..rotate };
    let expected = format!("03{key}{other}01{vote_key}{proof}01{vote_proof}");
    check(ValidatorsCall::Rotate(rotate), expected);
    let address = ValidatorsCall::SetAddress { public_key: KEY, quic: v6(258) };
    check(address, format!("04{key}01000100020003000400050006000700080201"));
    check(ValidatorsCall::SetAuthority { authority: A }, format!("05{a}"));
}

#[test]
fn a_proof_has_its_bytes() {
    let secret = SecretKey::from_seed([3; 32]);
    let chain = ChainId(Hash32([0x11; 32]));
    let check = |vote_key, expected| {
        let claim = Claim { chain, operator: A, vote_key };
        assert_eq!(claim.message().to_string(), expected);
        assert_eq!(claim.prove(&secret), secret.sign(claim.message().as_bytes()));
    };
    check(None, "243942a8df0917a8d1d7c001ecdd2a2793b5a0e3956970fee38b248b9424abfe");
    check(Some(VOTE_KEY), "8eae768903b8373342f247f38d654521d052a96b89567f851542f9e9c32f21a8");
}

#[test]
fn events_have_their_bytes() {
    let (key, other) = ("bb".repeat(32), "cc".repeat(32));
    let joined = encode(&member(v4()));
    assert_eq!(ValidatorsEvent::decode(1, &joined), Some(ValidatorsEvent::Joined(member(v4()))));
    assert_eq!(ValidatorsEvent::decode(2, &KEY.0), Some(ValidatorsEvent::Left(KEY)));
    let power = PowerChanged { public_key: KEY, power: 7 };
    assert_eq!(hex(&encode(&power)), format!("{key}0700000000000000"));
    let rotated = KeyRotated { old: KEY, new: OTHER, vote_key: None };
    assert_eq!(hex(&encode(&rotated)), format!("{key}{other}00"));
    let rotated = KeyRotated { vote_key: Some(VOTE_KEY), ..rotated };
    assert_eq!(hex(&encode(&rotated)), format!("{key}{other}01{}", "ee".repeat(96)));
    let moved = AddressChanged { public_key: KEY, quic: v4() };
    assert_eq!(hex(&encode(&moved)), format!("{key}00010203040201"));
    let decoded = ValidatorsEvent::decode(5, &encode(&moved));
    assert_eq!(decoded, Some(ValidatorsEvent::AddressChanged(moved)));
    assert_eq!(ValidatorsEvent::decode(6, &A.0), Some(ValidatorsEvent::AuthorityChanged(A)));
    assert_eq!(ValidatorsEvent::decode(7, &A.0), None);
}

/// Bytes of the longest value, and what is allowed for it.
fn check_longest<T: Canonical + PartialEq + std::fmt::Debug>(longest: &T) {
    let bytes = encode(longest);
    assert_eq!(bytes.len(), T::BYTES_MAX);
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(longest));
}

#[test]
fn the_longest_values_are_as_long_as_allowed() {
    check_longest(&Config { authority: A });
    check_longest(&Members::new(all_members()).unwrap());
    let join = Join { member: voter(v6(1)), proof: PROOF, vote_proof: Some(VOTE_PROOF) };
    check_longest(&ValidatorsCall::Join(join));
    check_longest(&voter(v6(1)));
    check_longest(&PowerChanged { public_key: KEY, power: 7 });
    check_longest(&KeyRotated { old: KEY, new: OTHER, vote_key: Some(VOTE_KEY) });
    check_longest(&AddressChanged { public_key: KEY, quic: v6(1) });
    let members = vec![GenesisMember { operator: A, quic: v6(1) }; MEMBERS_MAX];
    check_longest(&ValidatorsGenesis { authority: A, members });
}

#[test]
fn a_list_that_is_no_committee_does_not_decode() {
    let encoded = |members: &[Member]| encode(&members.to_vec());
    assert!(decode_exact::<Members>(&encoded(&all_members())).is_ok());
    let powerless = Member { power: 0, ..member(v4()) };
    let one = member(v4());
    let too_many = [all_members(), vec![Member { vote_key: None, ..one }]].concat();
    let other = Member { public_key: OTHER, ..voter(v6(1)) };
    let mixed = vec![one, other];
    let same_vote_key = vec![voter(v4()), other];
    for bad in [vec![], vec![powerless], vec![one, one], too_many, mixed, same_vote_key] {
        assert!(decode_exact::<Members>(&encoded(&bad)).is_err());
    }
}

#[test]
fn error_codes_and_names_are_fixed() {
    let listed: Vec<_> = ValidatorsError::ALL.iter().map(|e| (e.code(), e.text().name)).collect();
    let expected = [
        (1, "MalformedCall"),
        (2, "NotAuthorised"),
        (3, "UnknownKey"),
        (4, "DuplicateKey"),
        (5, "BadProof"),
        (6, "LastMember"),
        (7, "ZeroPower"),
        (8, "TooMuchPower"),
        (9, "TooManyMembers"),
        (10, "NoChange"),
        (11, "InvalidAddress"),
        (12, "DuplicateAddress"),
        (13, "MalformedSection"),
        (14, "CorruptState"),
        (15, "MissingVoteKey"),
        (16, "UnusedVoteKey"),
    ];
    assert_eq!(listed, expected);
    assert_eq!(Validators.error(5).unwrap().name, "BadProof");
    assert_eq!(Validators.error(17), None);
}

#[test]
fn calls_and_events_are_described_for_people() {
    let join = Join { member: member(v4()), proof: PROOF, vote_proof: None };
    let join = ValidatorsCall::Join(join);
    let described = Validators.describe_call(&encode(&join)).unwrap();
    assert_eq!(described.name, "Join");
    let fields = [
        ("publicKey", KEY.to_string()),
        ("power", "7".to_owned()),
        ("operator", A.to_string()),
        ("quic", "1.2.3.4:258".to_owned()),
    ];
    assert_eq!(described.fields, fields);
    let event = Validators.describe_event(1, &encode(&member(v4()))).unwrap();
    assert_eq!((event.name, event.fields), ("ValidatorJoined", fields.to_vec()));
    let event = Validators.describe_event(1, &encode(&voter(v4()))).unwrap();
    assert_eq!(event.fields[4], ("voteKey", VOTE_KEY.to_string()));
    let rotated = KeyRotated { old: KEY, new: OTHER, vote_key: Some(VOTE_KEY) };
    let event = Validators.describe_event(4, &encode(&rotated)).unwrap();
    let fields_of_rotation =
        [("old", KEY.to_string()), ("new", OTHER.to_string()), ("voteKey", VOTE_KEY.to_string())];
    assert_eq!((event.name, event.fields), ("ValidatorKeyRotated", fields_of_rotation.to_vec()));
    let event = Validators.describe_event(2, &KEY.0).unwrap();
    assert_eq!((event.name, event.fields), ("ValidatorLeft", vec![fields[0].clone()]));
    assert_eq!(Validators.describe_call(b"nonsense"), None);
    assert_eq!(Validators.describe_event(1, b"nonsense"), None);
}

proptest! {
    #[test]
    fn decoders_take_any_bytes(kind in 0..8_u16, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(call) = decode_exact::<ValidatorsCall>(&bytes) {
            prop_assert_eq!(encode(&call), bytes.clone());
        }
        let _members = decode_exact::<Members>(&bytes);
        let _section = decode_exact::<ValidatorsGenesis>(&bytes);
        let _event = ValidatorsEvent::decode(kind, &bytes);
    }
}
