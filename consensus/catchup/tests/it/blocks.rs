//! Single blocks.

use heddle_catchup::Fault;
use heddle_catchup::Input;
use heddle_catchup::limits;
use heddle_types::BlockHash;
use heddle_types::Hash32;
use heddle_types::Height;
use heddle_types::ValidatorIndex;

use crate::chain::Chain;
use crate::network::Manner;
use crate::network::Network;
use crate::network::peer;

fn fetch(manners: &[Manner], hint: u16) -> Network {
    let chain = Chain::new(20, 1, 100, 0);
    let hash = chain.block(15).hash();
    let mut network = Network::new(chain, manners, &[20]);
    network.handle(Input::Fetch { hash, height: Height::new(15), hint: peer(hint) });
    assert!(network.run(60_000, |network| network.fetched == [hash]));
    network
}

#[test]
fn the_hint_is_asked_first_and_nobody_else_if_it_answers() {
    let network = fetch(&[Manner::Honest; 4], 2);
    assert_eq!(network.asked.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [peer(2)]);
}

#[test]
fn the_others_are_asked_in_turn_when_it_has_nothing_or_is_silent() {
    for manner in [Manner::Empty, Manner::Silent] {
        let network = fetch(&[Manner::Honest, manner, manner, manner], 1);
        let asked: Vec<_> = network.asked.iter().map(|(to, _)| *to).collect();
        assert_eq!(asked, [1, 2, 3, 0].map(peer), "{manner:?}");
        assert_eq!(network.faults, []);
    }
}

#[test]
fn another_block_than_the_one_asked_for_is_a_fault() {
    let network = fetch(&[Manner::Forger, Manner::Honest], 0);
    assert_eq!(network.faults, [(peer(0), Fault::WrongBlock)]);
}

#[test]
fn a_hint_that_is_not_connected_is_passed_over() {
    let network = fetch(&[Manner::Honest], 3);
    assert_eq!(network.asked.len(), 1);
}

/// A block wanted again and again at once, of each peer; whom that asked.
fn urge(network: &mut Network, hints: &[u16]) -> Vec<ValidatorIndex> {
    let hash = Chain::new(20, 1, 100, 0).block(15).hash();
    for hint in hints {
        network.handle(Input::Fetch { hash, height: Height::new(15), hint: peer(*hint) });
    }
    network.asked.iter().map(|(to, _)| *to).collect()
}

#[test]
fn wanted_again_it_is_asked_of_the_new_hint_at_once_and_whoever_answers_first_counts() {
    let manners = [Manner::Silent, Manner::Honest, Manner::Honest];
    let mut network = Network::new(Chain::new(20, 1, 100, 0), &manners, &[20]);
    assert_eq!(urge(&mut network, &[0, 0, 1, 2, 1]), [0, 1, 2].map(peer));
    network.run(limits::BLOCK_TIMEOUT_MS - 1, |_| false);
    assert_eq!((network.fetched.len(), network.faults.len()), (1, 0));
}

#[test]
fn of_many_requests_for_a_block_the_newest_are_waited_for() {
    for (others, faults) in [(limits::BLOCK_ASKED_MAX - 1, 1), (limits::BLOCK_ASKED_MAX, 0)] {
        let mut manners = vec![Manner::Forger];
        manners.resize(1 + others, Manner::Silent);
        let mut network = Network::new(Chain::new(20, 1, 100, 0), &manners, &[20]);
        let hints: Vec<u16> = (0..).take(manners.len()).collect();
        assert_eq!(urge(&mut network, &hints).len(), hints.len());
        network.run(limits::BLOCK_TIMEOUT_MS - 1, |_| false);
        assert_eq!(network.faults.len(), faults, "the forger is heard, or too old");
    }
}

#[test]
fn a_block_that_nobody_has_is_asked_for_again_and_again_at_a_bounded_rate() {
    let chain = Chain::new(20, 1, 100, 0);
    let mut network = Network::new(chain, &[Manner::Empty; 3], &[5]);
    let hash = BlockHash(Hash32([9; 32]));
    network.handle(Input::Fetch { hash, height: Height::new(15), hint: peer(0) });
    network.run(60_000, |_| false);
    let asked = network.asked.len();
    assert!(asked > 50, "{asked}");
    assert!(asked < 200, "{asked}");
    network.handle(Input::Final(Height::new(15)));
    network.run(60_000, |_| false);
    assert!(network.asked.len() <= asked + 3, "still asking for what is final");
}

#[test]
fn no_more_blocks_are_wanted_at_once_than_the_bound() {
    let mut network = Network::new(Chain::new(1, 1, 100, 0), &[Manner::Silent], &[5]);
    for i in 1..=200_u8 {
        let hash = BlockHash(Hash32([i; 32]));
        network.handle(Input::Fetch { hash, height: Height::new(u64::from(i)), hint: peer(0) });
    }
    network.asked.clear();
    network.run(limits::BLOCK_TIMEOUT_MS + limits::PAUSE_MS + 1, |_| false);
    assert!(network.asked.len() <= limits::BLOCKS_WANTED_MAX, "{}", network.asked.len());
    assert!(!network.asked.is_empty());
}
