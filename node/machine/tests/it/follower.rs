//! A machine whose key is no validator's: it follows whoever proves what is final.

use std::sync::Arc;

use heddle_catchup::Fault;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_hotstuff::Executed;
use heddle_hotstuff::Message;
use heddle_hotstuff::VotingState;
use heddle_machine::Action;
use heddle_machine::Input;
use heddle_machine::Machine;
use heddle_types::BlockHeader;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Ed25519Scheme;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Height;
use heddle_types::StateRoot;
use heddle_types::ValidatorIndex;
use heddle_types::View;
use heddle_types::VoteKind;
use heddle_types::VoterSignature;
use heddle_wire::PeerMessage;

use crate::chain::genesis;
use crate::chain::key;
use crate::chain::machine;
use crate::chain::now;
use crate::chain::submission;

/// Nobody's place in the committee.
const OWN: u8 = 77;

fn peer(number: u16) -> ValidatorIndex {
    ValidatorIndex::new(number)
}

/// Blocks 1 to `count`, empty, one a view, each naming genesis's root.
fn chain(count: u64) -> Vec<Arc<CheckedBlock>> {
    let committee = genesis().committee().unwrap();
    let mut parent = genesis().header(StateRoot::ZERO);
    let mut blocks = Vec::new();
    for height in 1..=count {
        let header = BlockHeader {
            view: View::new(height),
            height: Height::new(height),
            parent: parent.hash(),
            proposer: committee.leader(View::new(height)),
            time: now(height).wall,
            ..parent
        };
        let block = CheckedBlock::build(header, Vec::new());
        parent = block.header().clone();
        blocks.push(Arc::new(block));
    }
    blocks
}

/// What `signers` of the four validators sign.
fn cert(block: &CheckedBlock, signers: u16) -> CommitCert {
    let data = block.header().vote_data();
    let message = data.message(VoteKind::CommitVote);
    let committee = genesis().committee().unwrap();
    let sign = |voter: u16| {
        let voter = peer(voter);
        let public = committee.validator(voter).unwrap().public_key;
        let secret = (0..4).map(key).find(|key| key.public_key() == public).unwrap();
        VoterSignature { voter, signature: secret.sign(message.as_bytes()) }
    };
    let votes: Vec<_> = (0..signers).map(sign).collect();
    CommitCert::new(data, &votes, &committee, &Ed25519Scheme)
}

fn tell(machine: &mut Machine, at: u64, input: Input) -> Vec<Action> {
    let mut actions = Vec::new();
    machine.handle(now(at), input, &mut actions);
    actions
}

/// Who is asked for which heights.
fn asked(actions: &[Action]) -> Vec<(ValidatorIndex, RequestId, Height, u16)> {
    let range = |action: &Action| match action {
        Action::Send { to, message: PeerMessage::Request { id, request } } => match request {
            Request::Range { from, max_blocks, .. } => Some((*to, *id, *from, *max_blocks)),
            Request::Block { .. } => None,
        },
        _ => None,
    };
    actions.iter().filter_map(range).collect()
}

fn head(from: u16, cert: CommitCert) -> Input {
    Input::Head { from: peer(from), cert }
}

#[test]
fn what_a_quorum_proves_is_asked_for_and_executed() {
    let mut machine = machine(OWN);
    let blocks = chain(3);
    tell(&mut machine, 1, Input::PeerUp(peer(9)));
    let actions = tell(&mut machine, 2, head(9, cert(&blocks[2], 3)));
    let (to, id, from, count) = asked(&actions)[0];
    assert_eq!((to, from, count), (peer(9), Height::new(1), 3));
    assert!(machine.status().catching_up);
    assert_eq!(machine.status().agreement.height, Height::new(3));
    assert_eq!(machine.status().known_final, Height::new(3));

    let response = Response::Range { blocks: blocks.clone(), cert: Some(cert(&blocks[2], 3)) };
    let message = PeerMessage::Response { id, response };
    let actions = tell(&mut machine, 3, Input::Peer { from: peer(9), message });
    let executed: Vec<u64> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Execute { block, .. } => Some(block.header().height.get()),
            _ => None,
        })
        .collect();
    assert_eq!(executed, [1, 2, 3]);
    let status = machine.status();
    assert!(!status.catching_up);
    assert_eq!(status.agreement.final_height, Height::new(3));
    assert_eq!(status.agreement.view, View::new(4));
    assert_eq!(status.agreement.voting, VotingState::NotValidator);
}

#[test]
fn an_answer_to_the_process_before_is_none_to_this_one() {
    let blocks = chain(1);
    let begin = || {
        let mut machine = machine(OWN);
        tell(&mut machine, 1, Input::PeerUp(peer(9)));
        let actions = tell(&mut machine, 2, head(9, cert(&blocks[0], 3)));
        (machine, asked(&actions)[0].1)
    };
    let answer = |id| {
        let message = PeerMessage::Response { id, response: Response::Block(None) };
        Input::Peer { from: peer(9), message }
    };
    let is_fault = |action: &Action| matches!(action, Action::Misbehaved { .. });
    let (_, before) = begin();
    let (mut machine, own) = begin();
    assert!(!tell(&mut machine, 3, answer(before)).iter().any(is_fault));
    assert!(tell(&mut machine, 4, answer(own)).iter().any(is_fault), "no block was asked for");
}

#[test]
fn a_head_without_a_quorum_is_a_lie_and_asks_for_nothing() {
    let mut machine = machine(OWN);
    let blocks = chain(1);
    tell(&mut machine, 1, Input::PeerUp(peer(2)));
    let actions = tell(&mut machine, 2, head(2, cert(&blocks[0], 2)));
    assert!(asked(&actions).is_empty());
    let lies = |action: &Action| matches!(action, Action::Misbehaved { peer, fault: Fault::Malformed } if *peer == self::peer(2));
    assert!(actions.iter().any(lies), "{actions:?}");
    assert!(!machine.status().catching_up);
}

#[test]
fn blocks_that_are_not_those_proved_are_refused_and_another_is_asked() {
    let mut machine = machine(OWN);
    let blocks = chain(2);
    tell(&mut machine, 1, Input::PeerUp(peer(0)));
    let actions = tell(&mut machine, 2, head(0, cert(&blocks[1], 3)));
    let (_, id, ..) = asked(&actions)[0];
    tell(&mut machine, 3, Input::PeerUp(peer(1)));
    // Links, and a certificate that names the last of them, by two of four.
    let response = Response::Range { blocks: blocks.clone(), cert: Some(cert(&blocks[1], 2)) };
    let message = PeerMessage::Response { id, response };
    let actions = tell(&mut machine, 4, Input::Peer { from: peer(0), message });
    assert!(!actions.iter().any(|action| matches!(action, Action::Execute { .. })));
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Misbehaved { fault: Fault::Refused, .. }))
    );
    let (to, _, from, _) = asked(&actions)[0];
    assert_eq!((to, from), (peer(1), Height::new(1)));
}

#[test]
fn a_certified_root_that_is_not_the_own_one_is_a_divergence() {
    let mut machine = machine(OWN);
    let blocks = chain(1);
    tell(&mut machine, 1, Input::PeerUp(peer(0)));
    let actions = tell(&mut machine, 2, head(0, cert(&blocks[0], 3)));
    let (_, id, ..) = asked(&actions)[0];
    let response = Response::Range { blocks: blocks.clone(), cert: Some(cert(&blocks[0], 3)) };
    let message = PeerMessage::Response { id, response };
    tell(&mut machine, 3, Input::Peer { from: peer(0), message });
    let own = StateRoot(heddle_types::Hash32([1; 32]));
    let executed = Executed {
        root: ExecutedRoot { height: Height::new(1), root: own },
        candidates: genesis().validators.into(),
    };
    tell(&mut machine, 4, Input::Executed { executed, skipped: Vec::new() });
    // The next block claims another root of height 1.
    let header = BlockHeader {
        view: View::new(2),
        height: Height::new(2),
        parent: blocks[0].hash(),
        executed: ExecutedRoot { height: Height::new(1), root: StateRoot::ZERO },
        ..blocks[0].header().clone()
    };
    let second = Arc::new(CheckedBlock::build(header, Vec::new()));
    let actions = tell(&mut machine, 5, head(0, cert(&second, 3)));
    let (_, id, ..) = asked(&actions)[0];
    let response = Response::Range { cert: Some(cert(&second, 3)), blocks: vec![second] };
    let message = PeerMessage::Response { id, response };
    let actions = tell(&mut machine, 6, Input::Peer { from: peer(0), message });
    let diverged =
        |action: &Action| matches!(action, Action::Diverged { own: found, .. } if *found == own);
    assert!(actions.iter().any(diverged), "{actions:?}");
}

#[test]
fn what_users_submit_is_sent_to_two_of_those_connected_each_time_to_others() {
    let mut machine = machine(OWN);
    for number in [3, 5, 8] {
        tell(&mut machine, 1, Input::PeerUp(peer(number)));
    }
    let mut reached = Vec::new();
    for (sequence, at) in [(0, 10), (1, 100), (2, 200)] {
        tell(&mut machine, at, submission(sequence).1);
        for action in tell(&mut machine, at + 5, Input::Tick) {
            if let Action::Send { to, message: PeerMessage::Transactions(_) } = action {
                reached.push(to.get());
            }
        }
    }
    assert_eq!(reached, [3, 5, 5, 8, 8, 3]);
}

#[test]
fn nothing_is_signed() {
    let mut machine = machine(OWN);
    let mut actions = Vec::new();
    for at in [1_000, 60_000, 600_000, 6_000_000] {
        actions.extend(tell(&mut machine, at, Input::Tick));
    }
    // Asking the committee whether the epoch ended is all that it says.
    let signs = |action: &Action| match action {
        Action::Broadcast(PeerMessage::Consensus(message)) => {
            !matches!(message, Message::Certificates(_))
        }
        Action::Broadcast(_) | Action::Send { .. } | Action::Persist(_) => true,
        _ => false,
    };
    assert!(!actions.iter().any(signs), "{actions:?}");
}

#[test]
fn what_is_said_of_a_later_epoch_is_fetched_a_little_at_a_time() {
    let mut machine = machine(OWN);
    tell(&mut machine, 1, Input::PeerUp(peer(9)));
    let mut of_later = cert(&chain(1)[0], 0);
    (of_later.data.epoch, of_later.data.height) = (Epoch::new(1), Height::new(1_000_000));
    let actions = tell(&mut machine, 2, head(9, of_later));
    let asked = asked(&actions);
    assert_eq!(asked[0].2, Height::new(1));
    assert_eq!(asked.iter().map(|(.., blocks)| blocks).sum::<u16>(), 64);
    assert!(!actions.iter().any(|action| matches!(action, Action::Misbehaved { .. })));
}
