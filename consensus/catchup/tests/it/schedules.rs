//! Whatever the peers do: while one of them is honest, everything arrives, once and in order.

use heddle_catchup::Input;
use heddle_types::Height;
use proptest::prelude::*;

use crate::chain::Chain;
use crate::network::Manner;
use crate::network::Network;
use crate::network::peer;

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        Just(Manner::Honest),
        Just(Manner::Silent),
        (0_u64..400).prop_map(Manner::Short),
        Just(Manner::Empty),
        Just(Manner::Forger),
        Just(Manner::Gapped),
        Just(Manner::Shifted),
        Just(Manner::WrongCert),
        Just(Manner::WrongKind),
        Just(Manner::Endless),
        Just(Manner::Lossy),
        Just(Manner::Stutters),
    ]
}

#[derive(Clone, Debug)]
struct Schedule {
    manners: Vec<Manner>,
    delays: Vec<u64>,
    last: u64,
    certified_every: u64,
    block_bytes: usize,
    /// Targets told at these times.
    targets: Vec<(u64, u64)>,
    /// Peers that go and come back.
    flaps: Vec<(u64, u16)>,
}

prop_compose! {
    fn schedule()(
        mut manners in proptest::collection::vec(manner(), 0..5),
        honest_at in 0_usize..5,
        delays in proptest::collection::vec(1_u64..1500, 1..9),
        last in 1_u64..1200,
        certified_every in prop_oneof![Just(1_u64), 2_u64..40],
        block_bytes in prop_oneof![Just(200_usize), 10_000_usize..60_000, Just(1_500_000)],
        targets in proptest::collection::vec((0_u64..5000, 1_u64..1200), 0..4),
        flaps in proptest::collection::vec((0_u64..5000, 0_u16..5), 0..4),
    ) -> Schedule {
        manners.insert(honest_at.min(manners.len()), Manner::Honest);
        Schedule { manners, delays, last, certified_every, block_bytes, targets, flaps }
    }
}

fn run(schedule: &Schedule) -> Network {
    let chain = Chain::new(schedule.last, schedule.certified_every, schedule.block_bytes, 0);
    let mut network = Network::new(chain, &schedule.manners, &schedule.delays);
    let count = u16::try_from(schedule.manners.len()).unwrap();
    for (at, target) in &schedule.targets {
        let height = Height::new((*target).min(schedule.last));
        network.put(*at, Input::CatchUp { peer: peer(0), height });
    }
    for (at, i) in &schedule.flaps {
        network.put(*at, Input::Disconnected(peer(i % count)));
        network.put(*at + 700, Input::Connected(peer(i % count)));
    }
    let last = Height::new(schedule.last);
    network.put(3000, Input::CatchUp { peer: peer(0), height: last });
    network
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn everything_arrives_once_and_in_order_while_one_peer_is_honest(schedule in schedule()) {
        let mut network = run(&schedule);
        let last = schedule.last;
        let done = network.run(60 * 60 * 1000, |network| network.final_height() == last);
        prop_assert!(done, "stuck at {} of {last}, {:?}", network.final_height(), network.now);
        for (height, block) in (1..).zip(&network.delivered) {
            prop_assert_eq!(block.header().height.get(), height);
        }
        prop_assert_eq!(network.delivered.len() as u64, last);
        let manners = &schedule.manners;
        for (who, fault) in &network.faults {
            let manner = manners[usize::from(who.get())];
            let is_innocent = matches!(
                manner,
                Manner::Honest | Manner::Silent | Manner::Short(_) | Manner::Empty | Manner::Lossy | Manner::Stutters
            );
            prop_assert!(!is_innocent, "{:?} blamed for {:?}", manner, fault);
        }
        // And then it is quiet.
        prop_assert!(!network.run(60 * 60 * 1000, |_| false));
        prop_assert_eq!(network.core.deadline(), None);
    }

    #[test]
    fn the_same_schedule_gives_the_same_requests(schedule in schedule()) {
        let mut runs = [run(&schedule), run(&schedule)];
        for network in &mut runs {
            network.run(20_000, |_| false);
        }
        prop_assert_eq!(&runs[0].asked, &runs[1].asked);
        prop_assert_eq!(runs[0].now, runs[1].now);
    }
}
