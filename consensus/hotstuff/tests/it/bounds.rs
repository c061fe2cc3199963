//! What others say takes a bounded place.

use heddle_hotstuff::Message;
use heddle_types::CommitVote;
use heddle_types::View;
use heddle_types::Vote;

use crate::cluster::Cluster;
use crate::cluster::Network;
use crate::solo::Solo;

#[test]
fn votes_of_views_far_ahead_are_not_kept() {
    let mut solo = Solo::new();
    let tip = solo.grow(3);
    let before = solo.replica.kept();
    let Vote { data, voter, signature } = solo.world.vote(1, &tip);
    for view in 100..1_100 {
        let mut data = data;
        data.view = View::new(view);
        solo.hear(1, Message::Vote(Vote { data, voter, signature }));
        solo.hear(1, Message::CommitVote(CommitVote { data, voter, signature }));
    }
    assert_eq!(solo.replica.kept(), before);
}

#[test]
fn votes_and_proposals_of_views_far_behind_are_forgotten() {
    let mut cluster = Cluster::new(4, 0, Network::CONSTANT);
    cluster.execution = 0;
    cluster.submit(400);
    cluster.run_to(100, 60_000);
    let kept = |cluster: &Cluster| (0..4).map(|who| cluster.replica(who).kept()).max().unwrap();
    let before = kept(&cluster);
    cluster.run_to(300, 60_000);
    // Certificates are remembered of more views than votes are.
    assert!(kept(&cluster) <= before + 40, "{before} grew to {}", kept(&cluster));
}
