use super::*;

fn cuts(text: &str) -> Vec<(u16, u16)> {
    Partition::parse(text, 4).unwrap().0.into_iter().collect()
}

fn refused(text: &str) -> String {
    Partition::parse(text, 4).unwrap_err().to_string()
}

#[test]
fn groups_are_cut_both_ways_and_whoever_is_in_none_is_not() {
    assert_eq!(cuts("0/1"), [(0, 1), (1, 0)]);
    assert_eq!(cuts("0,1/2,3"), [(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)]);
    assert_eq!(cuts("0/1/2").len(), 6);
}

#[test]
fn an_arrow_cuts_one_way() {
    assert_eq!(cuts("0>1"), [(0, 1)]);
    assert_eq!(cuts("0,3>1,2"), [(0, 1), (0, 2), (3, 1), (3, 2)]);
}

#[test]
fn what_is_no_partition_is_refused() {
    for text in ["", "0", "0,1", "0/", "a/b", "0>", ">1", "0>1>2", "-1/2", "0/1>2"] {
        assert!(refused(text).starts_with(&format!("partition {text}:")), "{text}");
    }
    assert!(refused("0,1/1,2").contains("no validator in two groups"));
    assert!(refused("0>0").contains("no validator on both sides"));
    assert!(refused("0/4").contains("validator 4: found no such one, expected 0 to 3"));
}

#[test]
fn a_validator_is_told_of_its_own_links_only() {
    let cuts = Partition::parse("0>1", 3).unwrap().0;
    let links = Links { cuts: cuts.clone(), latency: None };
    let told: Vec<_> = links.of(0, 3).iter().map(|link| (link.peer.get(), link.cut)).collect();
    assert_eq!(told, [(1, true)]);
    assert_eq!(links.of(1, 3), []);

    let latency = Some(Latency { delay_ms: 50, jitter_ms: 3, loss_percent: 1 });
    let links = Links { cuts, latency };
    let told: Vec<_> = links
        .of(0, 3)
        .iter()
        .map(|l| (l.peer.get(), l.cut, l.delay_ms, l.jitter_ms, l.loss_percent))
        .collect();
    assert_eq!(told, [(1, true, 50, 3, 1), (2, false, 50, 3, 1)]);
}
