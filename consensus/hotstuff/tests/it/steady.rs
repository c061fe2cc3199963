//! Without faults.

use crate::cluster::Cluster;
use crate::cluster::Network;

#[test]
fn a_block_is_final_after_three_delays_and_the_next_one_is_proposed_after_two() {
    for len in [1, 4, 7] {
        let mut cluster = Cluster::new(len, 0, Network::CONSTANT);
        cluster.execution = 0;
        cluster.submit(100);
        cluster.run_ms(1000);
        let delay = if len == 1 { 0 } else { cluster.network.delay };
        if len == 1 {
            assert!(cluster.lowest() >= 100);
            continue;
        }
        for height in 2..20 {
            let proposed = cluster.proposed_at[&height];
            assert_eq!(cluster.proposed_at[&(height + 1)], proposed + 2 * delay, "{len} {height}");
            for node in &cluster.nodes {
                assert_eq!(node.final_at[&height], proposed + 3 * delay, "{len} {height}");
            }
        }
    }
}

#[test]
fn an_idle_chain_makes_one_block_an_idle_interval_and_says_nothing_else() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.run_ms(3_500);
    cluster.sent.clear();
    let before = cluster.lowest();
    cluster.run_ms(20_000);
    let blocks = cluster.lowest() - before;
    assert!((19..=20).contains(&blocks), "{blocks} blocks in 20 idle intervals");
    assert_eq!(cluster.sent.get("timeout"), None);
    assert_eq!(cluster.sent.get("certificates"), None);
    assert_eq!(cluster.sent["proposal"], blocks);
    assert_eq!(cluster.sent["vote"], 4 * blocks);
    assert_eq!(cluster.sent["commit vote"], 4 * blocks);
}

#[test]
fn after_one_transaction_its_root_is_certified_at_once_and_then_the_chain_idles() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.run_ms(3_500);
    let before = cluster.lowest();
    cluster.submit(1);
    cluster.run_ms(300);
    let blocks = cluster.lowest() - before;
    assert!((2..=4).contains(&blocks), "{blocks} blocks for one transaction");
}

#[test]
fn slow_execution_slows_ordering_and_no_view_is_given_up_for_it() {
    let mut cluster = Cluster::new(4, 0, Network { delay: 1000, ..Network::CONSTANT });
    cluster.execution = 500_000;
    cluster.submit(200);
    cluster.run_ms(5_000);
    assert_eq!(cluster.sent.get("timeout"), None);
    let blocks = cluster.lowest();
    assert!((20..=200).contains(&blocks), "{blocks} blocks while execution takes half a second");
}
