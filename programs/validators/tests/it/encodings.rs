//! What clients and other nodes rely on byte for byte.

use std::net::SocketAddr;

use proptest::prelude::*;

use heddle_sdk::Program;
use heddle_types::Address;
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
use heddle_validators::prove_possession;

const A: Address = Address([0xaa; 32]);
const KEY: PublicKey = PublicKey([0xbb; 32]);
const OTHER: PublicKey = PublicKey([0xcc; 32]);
const PROOF: Signature = Signature([0xdd; 64]);

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
    Member { public_key: KEY, power: 7, operator: A, quic }
}

fn all_members() -> Vec<Member> {
    let key = |n| PublicKey([n; 32]);
    (1..=u8::try_from(MEMBERS_MAX).unwrap())
        .map(|n| Member { public_key: key(n), ..member(v6(n.into())) })
        .collect()
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
    let check = |call: ValidatorsCall, expected: String| {
        assert_eq!(hex(&call.to_call().data), expected);
        assert_eq!(call.to_call().program, ProgramId::VALIDATORS);
        assert_eq!(decode_exact(&call.to_call().data), Ok(call));
    };
    let join = Join { member: member(v4()), proof: PROOF };
    let expected = format!("00{key}0700000000000000{a}00010203040201{proof}");
    check(ValidatorsCall::Join(join), expected);
    check(ValidatorsCall::Leave { public_key: KEY }, format!("01{key}"));
    let power = ValidatorsCall::SetPower { public_key: KEY, power: 7 };
    check(power, format!("02{key}0700000000000000"));
    let rotate = Rotate { old: KEY, new: OTHER, proof: PROOF };
    check(ValidatorsCall::Rotate(rotate), format!("03{key}{other}{proof}"));
    let address = ValidatorsCall::SetAddress { public_key: KEY, quic: v6(258) };
    check(address, format!("04{key}01000100020003000400050006000700080201"));
    check(ValidatorsCall::SetAuthority { authority: A }, format!("05{a}"));
}

#[test]
fn a_proof_has_its_bytes() {
    let secret = SecretKey::from_seed([3; 32]);
    let chain = ChainId(Hash32([0x11; 32]));
    let message = heddle_validators::possession_message(&chain, &A);
    assert_eq!(
        message.to_string(),
        "243942a8df0917a8d1d7c001ecdd2a2793b5a0e3956970fee38b248b9424abfe"
    );
    assert_eq!(prove_possession(&secret, &chain, &A), secret.sign(message.as_bytes()));
}

#[test]
fn events_have_their_bytes() {
    let (key, other) = ("bb".repeat(32), "cc".repeat(32));
    let joined = encode(&member(v4()));
    assert_eq!(ValidatorsEvent::decode(1, &joined), Some(ValidatorsEvent::Joined(member(v4()))));
    assert_eq!(ValidatorsEvent::decode(2, &KEY.0), Some(ValidatorsEvent::Left(KEY)));
    let power = PowerChanged { public_key: KEY, power: 7 };
    assert_eq!(hex(&encode(&power)), format!("{key}0700000000000000"));
    let rotated = KeyRotated { old: KEY, new: OTHER };
    assert_eq!(hex(&encode(&rotated)), format!("{key}{other}"));
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
    check_longest(&ValidatorsCall::Join(Join { member: member(v6(1)), proof: PROOF }));
    check_longest(&member(v6(1)));
    check_longest(&PowerChanged { public_key: KEY, power: 7 });
    check_longest(&KeyRotated { old: KEY, new: OTHER });
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
    let too_many = [all_members(), vec![one]].concat();
    for bad in [vec![], vec![powerless], vec![one, one], too_many] {
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
    ];
    assert_eq!(listed, expected);
    assert_eq!(Validators.error(5).unwrap().name, "BadProof");
    assert_eq!(Validators.error(15), None);
}

#[test]
fn calls_and_events_are_described_for_people() {
    let join = ValidatorsCall::Join(Join { member: member(v4()), proof: PROOF });
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
    let event = Validators.describe_event(2, &KEY.0).unwrap();
    assert_eq!((event.name, event.fields), ("ValidatorLeft", vec![fields[0].clone()]));
    assert_eq!(Validators.describe_call(b"nonsense"), None);
    assert_eq!(Validators.describe_event(1, b"nonsense"), None);
}

proptest! {
    #[test]
    fn decoders_take_any_bytes(kind in 0..8_u16, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(call) = decode_exact::<ValidatorsCall>(&bytes) {
            prop_assert_eq!(encode(&call), bytes.clone());
        }
        let _members = decode_exact::<Members>(&bytes);
        let _section = decode_exact::<ValidatorsGenesis>(&bytes);
        let _event = ValidatorsEvent::decode(kind, &bytes);
    }
}
