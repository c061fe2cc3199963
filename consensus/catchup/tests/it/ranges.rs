//! Catching up, one situation at a time.

use heddle_catchup::Fault;
use heddle_catchup::Input;
use heddle_catchup::Request;
use heddle_catchup::limits;
use heddle_types::Height;

use crate::chain::Chain;
use crate::network::Manner;
use crate::network::Network;
use crate::network::peer;

fn catch_up(chain: Chain, manners: &[Manner]) -> Network {
    let last = chain.last();
    let mut network = Network::new(chain, manners, &[20]);
    network.handle(Input::CatchUp { peer: peer(0), height: last });
    let done = network.run(600_000, |network| network.final_height() == last.get());
    assert!(done, "stuck at {}", network.final_height());
    network
}

#[test]
fn several_chunks_are_on_their_way_to_several_peers_at_once() {
    let network = catch_up(Chain::new(2000, 1, 20_000, 0), &[Manner::Honest; 3]);
    assert!(network.in_flight_max > 2, "{}", network.in_flight_max);
    assert!(network.in_flight_max <= limits::CHUNKS_MAX, "{}", network.in_flight_max);
    for i in 0..3 {
        assert!(network.asked.iter().any(|(to, _)| *to == peer(i)), "peer {i} had nothing to do");
    }
}

#[test]
fn forty_megabytes_at_twenty_milliseconds_a_trip_take_less_than_a_second() {
    let network = catch_up(Chain::new(2000, 1, 20_000, 0), &[Manner::Honest; 3]);
    assert!(network.now.as_micros() < 1_000_000, "{:?}", network.now);
}

#[test]
fn a_forger_is_refused_and_then_avoided() {
    let network = catch_up(Chain::new(1000, 1, 5000, 0), &[Manner::Forger, Manner::Honest]);
    assert!(network.faults.contains(&(peer(0), Fault::Refused)));
    let to_forger = network.asked.iter().filter(|(to, _)| *to == peer(0)).count();
    assert!(to_forger < network.asked.len() / 2, "{to_forger} of {}", network.asked.len());
}

#[test]
fn what_a_refused_peer_gave_besides_is_not_delivered() {
    // Four chunks, two of each; those of the forger are here first and wait for the first of the honest one.
    let mut network =
        Network::new(Chain::new(256, 1, 100, 0), &[Manner::Forger, Manner::Honest], &[50, 20]);
    network.handle(Input::CatchUp { peer: peer(1), height: Height::new(256) });
    assert_eq!(network.asked.iter().map(|(to, _)| to.get()).collect::<Vec<_>>(), [1, 0, 1, 0]);
    assert!(network.run(60_000, |network| network.final_height() == 256));
    assert_eq!(network.faults, [(peer(0), Fault::Refused)]);
}

#[test]
fn a_run_without_certificates_ends() {
    let chain = Chain::new(limits::UNCERTIFIED_BLOCKS_MAX as u64 + 600, 1, 100, 0);
    let mut network = Network::new(chain.clone(), &[Manner::Endless; 2], &[20]);
    network.handle(Input::CatchUp { peer: peer(0), height: chain.last() });
    network.run(60_000, |_| false);
    assert!(network.faults.contains(&(peer(0), Fault::NoCert)));
    let highest = network.asked.iter().map(|(_, request)| match request {
        Request::Range { from, .. } => from.get(),
        Request::Block { .. } => panic!("nobody wanted a block"),
    });
    let most = limits::UNCERTIFIED_BLOCKS_MAX as u64;
    assert!(highest.max().is_some_and(|from| from + 512 > most && from <= most));
}

#[test]
fn a_gap_a_foreign_certificate_and_a_wrong_kind_of_answer_are_faults() {
    for (manner, fault) in [
        (Manner::Gapped, Fault::WrongRange),
        (Manner::Spliced, Fault::WrongRange),
        (Manner::Shifted, Fault::WrongRange),
        (Manner::WrongCert, Fault::WrongCert),
        (Manner::WrongKind, Fault::WrongKind),
    ] {
        let network = catch_up(Chain::new(300, 1, 5000, 0), &[manner, Manner::Honest]);
        assert!(network.faults.contains(&(peer(0), fault)), "{manner:?}: {:?}", network.faults);
        assert!(network.faults.iter().all(|(who, _)| *who == peer(0)));
    }
}

#[test]
fn only_who_was_asked_answers() {
    let chain = Chain::new(20, 1, 5000, 0);
    let mut network = Network::new(chain.clone(), &[Manner::Silent, Manner::Silent], &[50]);
    network.handle(Input::CatchUp { peer: peer(0), height: chain.last() });
    let (id, asked) = network.outstanding.iter().next().map(|(id, to)| (*id, *to)).unwrap();
    let other = if asked == peer(0) { peer(1) } else { peer(0) };
    let response = chain.serve(Height::new(1), 20, u32::MAX, chain.last());
    network.handle(Input::Response { peer: other, id, response: response.clone() });
    assert_eq!(network.final_height(), 0);
    network.handle(Input::Response { peer: asked, id, response });
    assert_eq!(network.final_height(), 20);
}

#[test]
fn whoever_has_less_than_promised_is_no_liar_and_the_rest_comes_from_others() {
    let network = catch_up(Chain::new(900, 1, 5000, 0), &[Manner::Short(300), Manner::Honest]);
    assert_eq!(network.faults, []);
}

#[test]
fn a_target_that_rises_meanwhile_is_reached() {
    let mut network = Network::new(Chain::new(800, 1, 5000, 0), &[Manner::Honest; 2], &[50]);
    for (at, height) in [(0, 100), (60, 400), (300, 800), (310, 200)] {
        network.put(at, Input::CatchUp { peer: peer(1), height: Height::new(height) });
    }
    assert!(network.run(60_000, |network| network.final_height() == 800));
}

#[test]
fn a_run_of_large_blocks_without_certificates_is_collected_from_one_peer() {
    // Sixteen blocks of 1.9 MB between two certificates do not fit any answer.
    let chain = Chain::new(64, 16, 1_900_000, 0);
    let network = catch_up(chain, &[Manner::Honest, Manner::Honest]);
    assert_eq!(network.faults, []);
}

#[test]
fn what_became_final_without_help_is_not_delivered_again() {
    let chain = Chain::new(500, 1, 20_000, 0);
    let mut network = Network::new(chain.clone(), &[Manner::Honest], &[50]);
    network.handle(Input::CatchUp { peer: peer(0), height: chain.last() });
    // Consensus itself finalises up to 77 while chunks are on their way.
    network.delivered = (1..=77).map(|height| chain.block(height).clone()).collect();
    network.handle(Input::Final(Height::new(77)));
    assert!(network.run(60_000, |network| network.final_height() == 500));
    assert_eq!(network.delivered.len(), 500);
}

#[test]
fn a_late_refusal_of_what_is_final_by_now_hurts_nobody() {
    let mut network = Network::new(Chain::new(10, 1, 100, 0), &[Manner::Honest], &[1]);
    network.handle(Input::Refused { peer: peer(0) });
    assert_eq!(network.faults, []);
}

fn three_epochs() -> Chain {
    Chain::with_ends(1000, (3, 5000), 0, &[(100, 0), (101, 3), (700, 500)])
}

#[test]
fn ranges_end_where_epochs_do_and_bring_what_ended_them() {
    let network = catch_up(three_epochs(), &[Manner::Honest; 3]);
    assert_eq!(network.faults, []);
    assert_eq!(network.delivered.len(), 1000);
    let epochs: Vec<_> = network.delivered.iter().map(|b| b.header().epoch.get()).collect();
    assert!(epochs.is_sorted());
    assert_eq!(epochs.last(), Some(&3));
}

#[test]
fn an_epoch_s_end_does_not_make_requests_smaller() {
    let requests = |ends: &[(u64, usize)]| {
        let chain = Chain::with_ends(2000, (1, 100), 0, ends);
        catch_up(chain, &[Manner::Honest]).asked.len()
    };
    // What is left of a request that met an end is asked for again.
    assert!(requests(&[(70, 0), (75, 1)]) <= requests(&[]) + 2);
}

#[test]
fn whoever_leaves_out_the_end_of_an_epoch_lies() {
    for (manner, fault) in [(Manner::Endings, Fault::WrongRange), (Manner::Tailless, Fault::NoCert)]
    {
        let ends: Vec<_> = (1..25).map(|end| (40 * end, 1)).collect();
        let chain = Chain::with_ends(1000, (3, 5000), 0, &ends);
        let network = catch_up(chain, &[manner, Manner::Honest]);
        assert!(network.faults.contains(&(peer(0), fault)), "{manner:?}: {:?}", network.faults);
        assert!(network.faults.iter().all(|(who, _)| *who == peer(0)));
    }
}

#[test]
fn what_is_on_its_way_is_of_use_when_peers_have_other_indices() {
    let chain = Chain::new(400, 1, 5_000, 0);
    let mut network = Network::new(chain.clone(), &[Manner::Honest; 3], &[50]);
    network.handle(Input::CatchUp { peer: peer(0), height: chain.last() });
    let asked = network.asked.len();
    assert_eq!(asked, 3 * limits::RANGES_PER_PEER_MAX);
    // The third left.
    network.renumber(&[(peer(0), peer(1)), (peer(1), peer(0))].into());
    assert!(network.run(60_000, |network| network.final_height() == 400));
    // The seventh chunk, and the two that the third had been asked for.
    assert_eq!(network.asked.len(), asked + 1 + limits::RANGES_PER_PEER_MAX);
    assert_eq!(network.faults, []);
    assert!(network.asked[asked..].iter().all(|(to, _)| *to != peer(2)));
}

#[test]
fn requests_are_within_their_bounds() {
    let network = catch_up(Chain::new(3000, 7, 300, 0), &[Manner::Honest, Manner::Lossy]);
    for (_, request) in &network.asked {
        match request {
            Request::Range { max_blocks, max_bytes, .. } => {
                assert!(*max_blocks <= limits::RANGE_BLOCKS_MAX);
                assert!(*max_bytes <= limits::RANGE_BYTES_MAX);
            }
            Request::Block { .. } => panic!("nobody wanted a block"),
        }
    }
}
