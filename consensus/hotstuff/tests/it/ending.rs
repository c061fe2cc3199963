//! The end of an epoch for one replica: which block closes it, what may follow, and what is said and signed after it.
//! The world's epochs have four blocks at least.

use std::sync::Arc;

use heddle_hotstuff::Action;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Input;
use heddle_hotstuff::Message;
use heddle_hotstuff::Recovered;
use heddle_hotstuff::VotingState;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CheckedTransaction;
use heddle_types::Committee;
use heddle_types::Epoch;
use heddle_types::EpochEnd;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::QuorumCert;
use heddle_types::SafetyRecord;
use heddle_types::SafetyVote;
use heddle_types::StateRoot;
use heddle_types::Validator;

use crate::solo::Said;
use crate::solo::Solo;
use crate::world;
use crate::world::World;
use crate::world::index;
use crate::world::members;
use crate::world::view;
use crate::world::weaken;

type Payload = Vec<Arc<CheckedTransaction>>;

/// Key 4 takes the place of key 3.
fn candidates() -> Vec<Validator> {
    members(&[(0, 1), (1, 1), (2, 1), (4, 1)])
}

fn named(world: &World, epoch: u64) -> Option<Hash32> {
    let committee = Committee::new(world.committee.chain(), Epoch::new(epoch), candidates());
    Some(committee.unwrap().hash())
}

/// What genesis leaves is that others should decide.
fn recovered(world: &World, record: Option<SafetyRecord>) -> Recovered {
    let mut recovered = world.recovered(record);
    recovered.executed[0].candidates = candidates().into();
    recovered
}

fn solo() -> Solo {
    solo_of(0)
}

fn solo_of(me: u16) -> Solo {
    let world = World::new(4);
    Solo::recovered(me, recovered(&world, Some(world.first_record())))
}

/// A block of `view` on `parent` that names a committee.
fn naming(
    world: &World,
    parent: &CheckedBlock,
    view: u64,
    name: Option<Hash32>,
    payload: Payload,
) -> Arc<CheckedBlock> {
    let header = world.block(parent, view).header().clone();
    Arc::new(CheckedBlock::build(BlockHeader { next_committee: name, ..header }, payload))
}

/// How many vote for a block that names `name` on the tip of `solo`, which is not changed by the answer.
fn votes(
    solo: &mut Solo,
    tip: &Arc<CheckedBlock>,
    name: Option<Hash32>,
    payload: Payload,
) -> usize {
    let (view, tc) = solo.next_view(tip);
    let block = naming(&solo.world, tip, view, name, payload);
    let said = solo.propose(&solo.world.propose(&block, solo.qc(tip), tc));
    said.votes().len()
}

/// Blocks at heights 1 to 3, and the closing one at 4, in view 5, voted for.
fn closing(solo: &mut Solo) -> Arc<CheckedBlock> {
    let tip = solo.grow(3);
    let (view, tc) = solo.next_view(&tip);
    let block = naming(&solo.world, &tip, view, named(&solo.world, 1), vec![]);
    let said = solo.propose(&solo.world.propose(&block, solo.qc(&tip), tc));
    assert_eq!(said.votes().len(), 1);
    block
}

/// The empty block of view 6 on the closing one, voted for.
fn tail(solo: &mut Solo, closing: &Arc<CheckedBlock>) -> Arc<CheckedBlock> {
    let block = naming(&solo.world, closing, 6, named(&solo.world, 1), vec![]);
    let said = solo.propose(&solo.world.propose(&block, solo.qc(closing), None));
    assert_eq!(said.votes().len(), 1);
    block
}

/// What is said once three have commit-voted for `block`.
fn commit(solo: &mut Solo, block: &Arc<CheckedBlock>) -> Said {
    solo.hear_certificates(solo.qc(block), None);
    solo.hear_commit_vote(1, block);
    solo.hear_commit_vote(2, block)
}

fn ended(said: &Said) -> EpochEnd {
    let end = said.0.iter().find_map(|action| match action {
        Action::EpochEnded(end) => Some(EpochEnd::clone(end)),
        _ => None,
    });
    end.unwrap()
}

fn committed(said: &Said) -> Vec<u64> {
    let blocks = said.0.iter().flat_map(|action| match action {
        Action::Commit { blocks, .. } => blocks.clone(),
        _ => Vec::new(),
    });
    blocks.map(|block| block.header().height.get()).collect()
}

fn executed(height: u64, root: StateRoot) -> Input {
    let root = ExecutedRoot { height: Height::new(height), root };
    Input::Executed(Executed { root, candidates: candidates().into() })
}

#[test]
fn e2_an_epoch_is_not_closed_before_it_has_its_fewest_blocks() {
    for (name, expected) in [(true, 0), (false, 1)] {
        let mut solo = solo();
        let tip = solo.grow(2);
        let name = named(&solo.world, 1).filter(|_| name);
        assert_eq!(votes(&mut solo, &tip, name, vec![]), expected);
    }
}

#[test]
fn e2_then_it_is_closed_with_the_candidates_and_nobody_else() {
    let world = World::new(4);
    let names = [named(&world, 1), None, Some(Hash32::ZERO), named(&world, 2)];
    for (name, expected) in names.into_iter().zip([1, 0, 0, 0]) {
        let mut solo = solo();
        let tip = solo.grow(3);
        assert_eq!(votes(&mut solo, &tip, name, vec![]), expected, "{name:?}");
    }
}

#[test]
fn e2_while_the_candidates_are_the_members_it_is_not_closed() {
    for (name, expected) in [(Some(Hash32::ZERO), 0), (None, 1)] {
        let mut solo = Solo::new();
        let tip = solo.grow(3);
        assert_eq!(votes(&mut solo, &tip, name, vec![]), expected);
    }
}

#[test]
fn e2_a_closing_block_may_order_something() {
    let mut solo = solo();
    let tip = solo.grow(3);
    let name = named(&solo.world, 1);
    assert_eq!(votes(&mut solo, &tip, name, vec![world::transaction(1)]), 1);
}

#[test]
fn e3_what_follows_is_empty_and_names_the_same() {
    let world = World::new(4);
    let same = named(&world, 1);
    for (name, payload, expected) in [
        (same, vec![], 1),
        (same, vec![world::transaction(1)], 0),
        (None, vec![], 0),
        (Some(Hash32::ZERO), vec![], 0),
    ] {
        let mut solo = solo();
        let tip = closing(&mut solo);
        assert_eq!(votes(&mut solo, &tip, name, payload), expected, "{name:?}");
    }
}

#[test]
fn e3_a_leader_proposes_that_by_itself() {
    let mut solo = solo();
    let first = closing(&mut solo);
    let second = tail(&mut solo, &first);
    let third = naming(&solo.world, &second, 7, named(&solo.world, 1), vec![]);
    solo.propose(&solo.world.propose(&third, solo.qc(&second), None));
    // View 8 is its own.
    let said = solo.hear_certificates(solo.qc(&third), None);
    let header = said.0.iter().find_map(|action| match action {
        Action::Build { header, must_be_empty: true, .. } => Some(header.clone()),
        _ => None,
    });
    assert_eq!(header.unwrap().next_committee, named(&solo.world, 1));
}

#[test]
fn e4_the_end_is_durable_before_the_closing_block_is_delivered() {
    let mut solo = solo();
    let block = closing(&mut solo);
    let said = commit(&mut solo, &block);
    assert_eq!(said.names(), ["commit", "epoch ended", "commit"]);
    assert_eq!(committed(&said), [1, 2, 3, 4]);
    let end = ended(&said);
    assert_eq!((end.closing.hash(), end.tail.len()), (block.hash(), 0));
    let next = end.verify(&solo.world.committee, &crate::scheme::HashScheme).unwrap();
    assert_eq!(next.validators(), candidates());
}

#[test]
fn e4_a_block_of_the_tail_ends_the_epoch_and_is_not_delivered() {
    let mut solo = solo();
    let block = closing(&mut solo);
    let last = tail(&mut solo, &block);
    let said = commit(&mut solo, &last);
    assert_eq!(committed(&said), [1, 2, 3, 4]);
    let end = ended(&said);
    assert_eq!((end.closing.hash(), end.tail), (block.hash(), vec![last.header().clone()]));
    assert_eq!(end.cert.data, last.header().vote_data());
}

#[test]
fn e4_nothing_is_signed_or_delivered_in_an_epoch_that_ended() {
    let mut solo = solo();
    let block = closing(&mut solo);
    commit(&mut solo, &block);
    let after = naming(&solo.world, &block, 6, named(&solo.world, 1), vec![]);
    let said = solo.propose(&solo.world.propose(&after, solo.qc(&block), None));
    assert!(!said.is_signed());
    let said = [commit(&mut solo, &after), solo.give_up(), solo.give_up()];
    assert!(said.iter().all(|said| !said.is_signed() && said.count("commit") == 0));
}

#[test]
fn e4_the_next_epoch_begins_once_the_closing_block_is_executed() {
    let mut solo = solo();
    let block = closing(&mut solo);
    commit(&mut solo, &block);
    for height in 1..4 {
        solo.input(executed(height, StateRoot::ZERO));
        assert!(solo.replica.successor(world::at_ms(0), &mut Vec::new()).is_none());
    }
    solo.input(executed(4, StateRoot::ZERO));
    let mut actions = Vec::new();
    let next = solo.replica.successor(world::at_ms(0), &mut actions).unwrap();
    assert_eq!(next.committee().validators(), candidates());
    assert_eq!(next.status().view, view(1));
    assert_eq!(next.status().final_height, Height::new(4));
    assert_eq!(next.status().voting, VotingState::Voting);
    // What it says of itself is signed by nobody yet.
    let said = Said(actions);
    assert_eq!(said.names(), ["voting", "certificates"]);
}

#[test]
fn e4_who_has_not_executed_enough_waits_for_it_with_the_last_block() {
    let root = StateRoot(Hash32([5; 32]));
    for (own, told) in [(root, vec!["epoch ended", "commit"]), (StateRoot::ZERO, vec!["diverged"])]
    {
        let world = World::new(4);
        let mut solo = Solo::recovered(0, world.recovered(Some(world.first_record())));
        let mut blocks = vec![Arc::clone(&world.genesis)];
        for at in 1..4 {
            blocks.push(world.block(&blocks[at - 1], at as u64));
        }
        let header = naming(&world, &blocks[3], 4, named(&world, 1), vec![]).header().clone();
        let claim = ExecutedRoot { height: Height::new(2), root };
        let last = CheckedBlock::build(BlockHeader { executed: claim, ..header }, vec![]);
        blocks.push(Arc::new(last));
        let cert = world.commit_cert(&[1, 2, 3], &blocks[4]);
        let said = solo.input(Input::Synced { blocks: blocks.split_off(1), cert });
        assert_eq!(committed(&said), [1, 2, 3]);
        assert_eq!((said.count("epoch ended"), solo.replica.has_ended()), (0, true));
        assert_eq!(solo.replica.status().final_height, Height::new(4));
        assert_eq!(solo.input(executed(1, StateRoot::ZERO)).count("epoch ended"), 0);
        assert_eq!(solo.input(executed(2, own)).names(), told);
    }
}

/// The proof that validators 0 to 2 made, and the blocks that it is about, oldest first.
fn proof(with_tail: bool) -> (EpochEnd, Vec<Arc<CheckedBlock>>) {
    let mut other = solo();
    let block = closing(&mut other);
    let last = if with_tail { tail(&mut other, &block) } else { block };
    let said = commit(&mut other, &last);
    let blocks = said.0.iter().flat_map(|action| match action {
        Action::Commit { blocks, .. } => blocks.clone(),
        _ => Vec::new(),
    });
    (ended(&said), blocks.collect())
}

#[test]
fn who_is_proved_the_end_needs_only_the_blocks_up_to_it() {
    for with_tail in [false, true] {
        let (end, blocks) = proof(with_tail);
        let mut solo = solo_of(3);
        let said = solo.hear(1, Message::EpochEnd(Box::new(end.clone())));
        let asked = said.0.iter().find_map(|action| match action {
            Action::FetchBlock { hash, .. } => Some(*hash),
            _ => None,
        });
        assert_eq!(asked, Some(end.closing.hash()));
        // Each missing one is asked for, downwards.
        let mut said = Said::default();
        for block in blocks.iter().rev() {
            said = solo.input(Input::Fetched(Arc::clone(block)));
        }
        assert_eq!(committed(&said), [1, 2, 3, 4]);
        assert_eq!(ended(&said), end);
    }
}

#[test]
fn a_proof_of_too_few_or_of_another_committee_is_not_believed() {
    let (end, _) = proof(true);
    let mut few = end.clone();
    weaken(&mut few.cert.voters, &mut few.cert.proof);
    let mut others = end;
    others.members[3].power = 2;
    for end in [few, others] {
        let mut solo = solo_of(3);
        assert!(solo.hear(1, Message::EpochEnd(Box::new(end))).0.is_empty());
    }
}

#[test]
fn a_guest_may_prove_the_end_and_say_nothing_else() {
    let (end, _) = proof(false);
    let mut solo = solo_of(3);
    let certificates = solo.certificates(solo.world.genesis_qc(), None);
    assert!(solo.hear(9, Message::Certificates(Box::new(certificates))).0.is_empty());
    assert_eq!(solo.hear(9, Message::EpochEnd(Box::new(end))).count("fetch"), 1);
}

/// Validator 0 in epoch 1.
fn second_epoch() -> (Solo, EpochEnd) {
    let mut solo = solo();
    let block = closing(&mut solo);
    let end = ended(&commit(&mut solo, &block));
    (1..5).for_each(|height| drop(solo.input(executed(height, StateRoot::ZERO))));
    solo.replica = solo.replica.successor(world::at_ms(0), &mut Vec::new()).unwrap();
    (solo, end)
}

#[test]
fn who_is_heard_in_an_earlier_epoch_is_told_how_it_ended_once_a_while() {
    let (mut solo, end) = second_epoch();
    let vote =
        |solo: &Solo| Message::Vote(solo.world.vote(1, &solo.world.block(&solo.world.genesis, 1)));
    let message = vote(&solo);
    let said = solo.hear(1, message);
    let to_whom = said.0.iter().map(|action| match action {
        Action::ServeEpochEnd { to, epoch } => (*to, *epoch),
        _ => panic!("{action:?}"),
    });
    assert_eq!(to_whom.collect::<Vec<_>>(), [(index(1), Epoch::ZERO)]);
    let message = vote(&solo);
    assert!(solo.hear(1, message).0.is_empty(), "at once again");
    // Who tells how an epoch ended knows it.
    assert!(solo.hear(2, Message::EpochEnd(Box::new(end))).0.is_empty());
}

#[test]
fn old_votes_and_certificates_do_not_count_in_the_next_epoch() {
    let (mut solo, end) = second_epoch();
    let first = solo.world.block(&solo.world.genesis, 1);
    for voter in 1..4 {
        assert!(!solo.hear_vote(voter, &first).is_signed());
        assert!(!solo.hear_commit_vote(voter, &first).is_signed());
    }
    assert!(!solo.hear_certificates(solo.qc(&first), None).is_signed());
    let mut certificates = solo.certificates(solo.world.genesis_qc(), None);
    certificates.commit = end.cert;
    solo.hear(2, Message::Certificates(Box::new(certificates)));
    assert_eq!(solo.replica.status().view, view(1));
    assert_eq!(solo.replica.status().final_height, Height::new(4));
}

#[test]
fn a_record_of_an_earlier_epoch_says_that_nothing_was_signed_in_this_one() {
    let (mut solo, _) = second_epoch();
    assert_eq!(solo.record.as_ref().unwrap().epoch, Epoch::ZERO);
    let said = solo.give_up();
    let place = |name: &str| said.names().iter().position(|other| *other == name);
    assert!(place("persist").unwrap() < place("timeout").unwrap());
    let record = solo.record.unwrap();
    assert_eq!((record.epoch, record.timeout), (Epoch::new(1), view(1)));
    assert_eq!(record.vote, SafetyVote::NONE);
}

#[test]
fn a_record_of_a_later_epoch_is_kept_and_nothing_signed_before_it() {
    let world = World::new(4);
    let high_qc = QuorumCert::genesis(proof(false).0.genesis());
    let first = SafetyRecord::first(world.committee.chain(), Epoch::new(1), high_qc);
    let later = SafetyRecord { timeout: view(9), ..first };
    let mut solo = Solo::recovered(0, recovered(&world, Some(later.clone())));
    assert_eq!(solo.replica.status().voting, VotingState::Behind);
    let tip = solo.grow(3);
    let said = [solo.give_up(), solo.hear_certificates(solo.qc(&tip), None), solo.give_up()];
    assert!(said.iter().all(|said| !said.is_signed() && said.count("unmute request") == 0));
    let block = naming(&solo.world, &tip, 5, named(&solo.world, 1), vec![]);
    solo.propose(&solo.world.propose(&block, solo.qc(&tip), solo.next_view(&tip).1));
    solo.hear_commit_vote(3, &block);
    commit(&mut solo, &block);
    (1..5).for_each(|height| drop(solo.input(executed(height, StateRoot::ZERO))));
    assert_eq!(solo.record.as_ref(), Some(&later));
    let next = solo.replica.successor(world::at_ms(0), &mut Vec::new()).unwrap();
    assert_eq!(next.status().voting, VotingState::Voting);
    solo.replica = next;
    assert!(solo.give_up().timeouts().is_empty(), "below what it gave up before");
}

#[test]
fn e3_the_tail_names_what_the_closing_block_named_whatever_was_executed_since() {
    let world = World::new(4);
    // Everything is as it was: by the candidates nothing would be closed any more.
    for (name, expected) in [(named(&world, 1), 1), (None, 0)] {
        let mut solo = solo();
        let block = closing(&mut solo);
        let root = ExecutedRoot { height: Height::new(1), root: StateRoot::ZERO };
        solo.input(Input::Executed(world.executed(root)));
        let header = naming(&world, &block, 6, name, vec![]).header().clone();
        let next = CheckedBlock::build(BlockHeader { executed: root, ..header }, vec![]);
        let qc = solo.qc(&block);
        let said = solo.propose(&world.propose(&Arc::new(next), qc, None));
        assert_eq!(said.votes().len(), expected, "{name:?}");
    }
}
