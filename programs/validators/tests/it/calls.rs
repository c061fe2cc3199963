//! Each call, and each reason to refuse it.

use heddle_executor::testing::TestChain;
use heddle_executor::testing::key;
use heddle_sdk::Program;
use heddle_types::ChainId;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::Signature;
use heddle_validators::AddressChanged;
use heddle_validators::Claim;
use heddle_validators::Join;
use heddle_validators::KeyRotated;
use heddle_validators::Member;
use heddle_validators::PowerChanged;
use heddle_validators::Validators;
use heddle_validators::ValidatorsCall;
use heddle_validators::ValidatorsError;
use heddle_validators::ValidatorsEvent;
use heddle_validators::authority;
use heddle_validators::changed_members;
use heddle_validators::limits::MEMBERS_MAX;
use heddle_validators::limits::POWER_SUM_END;

use crate::world::AUTHORITY;
use crate::world::STRANGER;
use crate::world::chain;
use crate::world::join;
use crate::world::join_proved_by;
use crate::world::leave;
use crate::world::list;
use crate::world::member;
use crate::world::quic;
use crate::world::rotate;
use crate::world::run_ok;
use crate::world::run_refused;
use crate::world::set_address;
use crate::world::set_power;
use crate::world::validator_key;
use crate::world::who;

fn numbers(chain: &TestChain) -> Vec<PublicKey> {
    list(chain).as_slice().iter().map(|member| member.public_key).collect()
}

#[test]
fn who_joins_is_the_last_member() {
    let mut chain = chain();
    assert_eq!(run_ok(&mut chain, AUTHORITY, join(5)), ValidatorsEvent::Joined(member(5)));
    assert_eq!(list(&chain).as_slice(), [1, 2, 3, 4, 5].map(member));
    assert_eq!(list(&chain).validators()[4], member(5).to_validator());
}

#[test]
fn the_authority_alone_admits() {
    let mut chain = chain();
    for n in [1, 5, STRANGER] {
        run_refused(&mut chain, n, join(5), ValidatorsError::NotAuthorised);
    }
}

#[test]
fn nobody_joins_twice_or_where_another_listens() {
    let mut chain = chain();
    let elsewhere = Member { quic: quic(7), operator: who(5), ..member(1) };
    let twice = join_proved_by(elsewhere, 1);
    run_refused(&mut chain, AUTHORITY, twice, ValidatorsError::DuplicateKey);
    let beside = join_proved_by(Member { quic: member(1).quic, ..member(5) }, 5);
    run_refused(&mut chain, AUTHORITY, beside, ValidatorsError::DuplicateAddress);
}

#[test]
fn a_key_is_proved_by_its_holder_for_this_operator_on_this_chain() {
    let mut chain = chain();
    run_refused(&mut chain, AUTHORITY, join_proved_by(member(5), 6), ValidatorsError::BadProof);
    let other_chain = ChainId(Hash32([8; 32]));
    let claim = Claim { chain: TestChain::CHAIN, operator: who(5), vote_key: None };
    let others = [Claim { operator: who(6), ..claim }, Claim { chain: other_chain, ..claim }];
    for proof in others.map(|claim| claim.prove(&key(105))) {
        let call = ValidatorsCall::Join(Join { member: member(5), proof, vote_proof: None });
        let call = call.to_call();
        run_refused(&mut chain, AUTHORITY, call, ValidatorsError::BadProof);
    }
    run_ok(&mut chain, AUTHORITY, join(5));
}

#[test]
fn a_key_that_everybody_holds_is_nobodys() {
    // The neutral point, one of order 2 and one of order 8: for these keys R = 1 and s = 0 sign whatever one likes.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut order_2 = [0xff; 32];
    (order_2[0], order_2[31]) = (0xec, 0x7f);
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let Hash32(order_8) = order_8.parse().unwrap();
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let anybodys = Signature(bytes);
    for public_key in [neutral, order_2, order_8].map(PublicKey) {
        let claim = Claim { chain: TestChain::CHAIN, operator: who(5), vote_key: None };
        assert!(heddle_types::verify_one(&public_key, claim.message().as_bytes(), &anybodys));
        assert!(!claim.is_proved(&public_key, &anybodys));
        let weak = Member { public_key, ..member(5) };
        let join = Join { member: weak, proof: anybodys, vote_proof: None };
        let call = ValidatorsCall::Join(join).to_call();
        run_refused(&mut chain(), AUTHORITY, call, ValidatorsError::BadProof);
    }
}

#[test]
fn a_member_leaves_by_its_operator_or_the_authority() {
    let mut chain = chain();
    run_refused(&mut chain, 2, leave(1), ValidatorsError::NotAuthorised);
    run_refused(&mut chain, STRANGER, leave(1), ValidatorsError::NotAuthorised);
    assert_eq!(run_ok(&mut chain, 1, leave(1)), ValidatorsEvent::Left(validator_key(1)));
    assert_eq!(run_ok(&mut chain, AUTHORITY, leave(3)), ValidatorsEvent::Left(validator_key(3)));
    assert_eq!(numbers(&chain), [validator_key(2), validator_key(4)]);
}

#[test]
fn the_last_member_stays() {
    let mut chain = chain();
    for n in 1..4 {
        run_ok(&mut chain, n, leave(n));
    }
    run_refused(&mut chain, 4, leave(4), ValidatorsError::LastMember);
    run_refused(&mut chain, AUTHORITY, leave(4), ValidatorsError::LastMember);
}

#[test]
fn what_is_asked_of_no_member_is_refused() {
    let mut chain = chain();
    for call in [leave(5), set_power(5, 1), rotate(5, 6, 5), set_address(5, quic(7))] {
        run_refused(&mut chain, AUTHORITY, call, ValidatorsError::UnknownKey);
    }
}

#[test]
fn the_authority_alone_sets_power() {
    let mut chain = chain();
    run_refused(&mut chain, 1, set_power(1, 20), ValidatorsError::NotAuthorised);
    let event = PowerChanged { public_key: validator_key(1), power: 20 };
    let set = run_ok(&mut chain, AUTHORITY, set_power(1, 20));
    assert_eq!(set, ValidatorsEvent::PowerChanged(event));
    assert_eq!(list(&chain).as_slice()[0], Member { power: 20, ..member(1) });
    run_refused(&mut chain, AUTHORITY, set_power(1, 20), ValidatorsError::NoChange);
    run_refused(&mut chain, AUTHORITY, set_power(1, 0), ValidatorsError::ZeroPower);
    let nothing = join_proved_by(Member { power: 0, ..member(5) }, 5);
    run_refused(&mut chain, AUTHORITY, nothing, ValidatorsError::ZeroPower);
}

#[test]
fn all_power_together_stays_below_the_end() {
    let mut chain = chain();
    // The other three have 10 each.
    let most = POWER_SUM_END - 31;
    for power in [most + 1, u64::MAX] {
        run_refused(&mut chain, AUTHORITY, set_power(1, power), ValidatorsError::TooMuchPower);
    }
    run_ok(&mut chain, AUTHORITY, set_power(1, most));
    run_refused(&mut chain, AUTHORITY, join(5), ValidatorsError::TooMuchPower);
    run_ok(&mut chain, AUTHORITY, set_power(1, most - 10));
    run_ok(&mut chain, AUTHORITY, join(5));
}

#[test]
fn a_rotated_key_takes_its_predecessors_place() {
    let mut chain = chain();
    let event = KeyRotated { old: validator_key(2), new: validator_key(6), vote_key: None };
    assert_eq!(run_ok(&mut chain, 2, rotate(2, 6, 2)), ValidatorsEvent::KeyRotated(event));
    assert_eq!(numbers(&chain), [1, 6, 3, 4].map(validator_key));
    let expected = Member { public_key: validator_key(6), ..member(2) };
    assert_eq!(list(&chain).as_slice()[1], expected);
    run_ok(&mut chain, AUTHORITY, rotate(6, 2, 2));
    assert_eq!(list(&chain).as_slice(), [1, 2, 3, 4].map(member));
}

#[test]
fn a_key_is_rotated_by_those_who_may_to_one_that_is_free_and_proved() {
    let mut chain = chain();
    run_refused(&mut chain, 1, rotate(2, 6, 2), ValidatorsError::NotAuthorised);
    run_refused(&mut chain, 2, rotate(2, 2, 2), ValidatorsError::NoChange);
    run_refused(&mut chain, 2, rotate(2, 3, 2), ValidatorsError::DuplicateKey);
    // The proof is for another operator than the member's.
    run_refused(&mut chain, AUTHORITY, rotate(2, 6, AUTHORITY), ValidatorsError::BadProof);
}

#[test]
fn the_operator_alone_says_where_its_member_listens() {
    let mut chain = chain();
    run_refused(&mut chain, AUTHORITY, set_address(1, quic(7)), ValidatorsError::NotAuthorised);
    run_refused(&mut chain, 2, set_address(1, quic(7)), ValidatorsError::NotAuthorised);
    let event = AddressChanged { public_key: validator_key(1), quic: quic(7) };
    let set = run_ok(&mut chain, 1, set_address(1, quic(7)));
    assert_eq!(set, ValidatorsEvent::AddressChanged(event));
    assert_eq!(list(&chain).as_slice()[0], Member { quic: quic(7), ..member(1) });
    run_refused(&mut chain, 1, set_address(1, quic(7)), ValidatorsError::NoChange);
    let taken = set_address(1, member(2).quic);
    run_refused(&mut chain, 1, taken, ValidatorsError::DuplicateAddress);
}

#[test]
fn an_address_can_be_dialled() {
    let mut chain = chain();
    for bad in ["127.0.0.1:0", "0.0.0.0:7", "[::]:7", "224.0.0.1:7", "[ff02::1]:7"] {
        let call = set_address(1, bad.parse().unwrap());
        run_refused(&mut chain, 1, call, ValidatorsError::InvalidAddress);
        let call = join_proved_by(Member { quic: bad.parse().unwrap(), ..member(5) }, 5);
        run_refused(&mut chain, AUTHORITY, call, ValidatorsError::InvalidAddress);
    }
    run_ok(&mut chain, 1, set_address(1, "[::1]:7".parse().unwrap()));
}

#[test]
fn there_are_so_many_members_and_no_more() {
    let mut chain = chain();
    let most = u8::try_from(MEMBERS_MAX).unwrap();
    for n in 5..=most {
        run_ok(&mut chain, AUTHORITY, join(n));
    }
    run_refused(&mut chain, AUTHORITY, join(most + 1), ValidatorsError::TooManyMembers);
    run_ok(&mut chain, 1, leave(1));
    run_ok(&mut chain, AUTHORITY, join(most + 1));
}

#[test]
fn authority_is_handed_over() {
    let mut chain = chain();
    let hand_over = |n| ValidatorsCall::SetAuthority { authority: who(n) }.to_call();
    run_refused(&mut chain, 1, hand_over(1), ValidatorsError::NotAuthorised);
    run_refused(&mut chain, AUTHORITY, hand_over(AUTHORITY), ValidatorsError::NoChange);
    let event = run_ok(&mut chain, AUTHORITY, hand_over(STRANGER));
    assert_eq!(event, ValidatorsEvent::AuthorityChanged(who(STRANGER)));
    assert_eq!(authority(&chain.state), Some(who(STRANGER)));
    run_refused(&mut chain, AUTHORITY, join(5), ValidatorsError::NotAuthorised);
    run_ok(&mut chain, STRANGER, join(5));
}

#[test]
fn bytes_that_are_no_call_are_refused() {
    let mut chain = chain();
    let mut trailing = leave(1);
    trailing.data.0.push(0);
    run_refused(&mut chain, 1, trailing, ValidatorsError::MalformedCall);
    let mut unknown = leave(1);
    unknown.data.0[0] = 6;
    run_refused(&mut chain, 1, unknown, ValidatorsError::MalformedCall);
}

#[test]
fn a_list_that_is_none_is_noticed() {
    let mut chain = chain();
    let entry = chain.state.0.get_mut(&heddle_validators::members_key()).unwrap();
    let mut bytes = entry.value.as_bytes().to_vec();
    // The first member's power is zero.
    bytes[4 + 32 + 1..][..8].fill(0);
    entry.value = bytes.into();
    let tx = chain.transaction(&key(1), vec![leave(1)]);
    let outcome = chain.run(&[tx]).receipts.remove(0).outcome;
    assert_eq!(outcome, crate::world::refusal(ValidatorsError::CorruptState));
}

#[test]
fn a_block_says_whether_it_changed_the_members() {
    let mut chain = chain();
    let tx = |chain: &TestChain, n, call| chain.transaction(&key(n), vec![call]);
    let none = chain.run(&[tx(&chain, 1, leave(5))]);
    assert_eq!(changed_members(&none.changes), None);
    let some = chain.run(&[tx(&chain, 1, leave(1))]);
    assert_eq!(changed_members(&some.changes), Some(list(&chain)));
}

#[test]
fn a_transactions_calls_see_each_other_and_pay_for_their_proofs() {
    let mut chain = chain();
    let calls = vec![join(5), set_power(5, 7), leave(1), rotate(5, 6, 5)];
    let receipt = chain.run(&[chain.transaction(&key(AUTHORITY), calls)]).receipts.remove(0);
    assert_eq!(receipt.outcome, heddle_types::Outcome::Ok);
    assert_eq!(numbers(&chain), [2, 3, 4, 6].map(validator_key));
    // Both name the same keys, and one proof costs more than half of what a call may.
    let cost = |call: heddle_types::Call| {
        let mut set = heddle_types::AccessSet::default();
        let mut declaration = heddle_sdk::Declaration::new(&mut set);
        Validators.access(&call.data, &who(1), &mut declaration).unwrap();
        declaration.declared_cost()
    };
    assert!(cost(join(5)) > 100 * cost(leave(1)));
}
