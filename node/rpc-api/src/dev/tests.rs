use serde_json::json;

use super::*;

fn links(params: Value) -> Result<Vec<LinkSetting>, String> {
    let read = Params::new(Some(params)).and_then(SetLinks::from_params);
    read.map(|request| request.links).map_err(|error| error.to_string())
}

fn offset(params: Value) -> Result<i64, String> {
    let read = Params::new(Some(params)).and_then(SetClock::from_params);
    read.map(|request| request.offset_ms).map_err(|error| error.to_string())
}

#[test]
fn a_link_has_no_fault_that_is_not_named() {
    let peer = ValidatorIndex::new(2);
    let none = LinkSetting { peer, cut: false, delay_ms: 0, jitter_ms: 0, loss_percent: 0 };
    assert_eq!(links(json!({ "links": [] })), Ok(vec![]));
    assert_eq!(links(json!({ "links": [{ "peer": 2 }] })), Ok(vec![none]));
    let all = json!({ "peer": 2, "cut": true, "delayMs": 50, "jitterMs": 10, "lossPercent": 100 });
    let expected =
        LinkSetting { cut: true, delay_ms: 50, jitter_ms: 10, loss_percent: 100, ..none };
    assert_eq!(links(json!({ "links": [all] })), Ok(vec![expected]));
}

#[test]
fn links_are_read_strictly() {
    let refused = |params: Value| links(params).unwrap_err();
    assert_eq!(refused(json!({})), "links: found nothing, expected an array of links");
    assert_eq!(refused(json!({ "links": 3 })), "links: found 3, expected an array of links");
    assert!(refused(json!({ "links": [{}] })).starts_with("peer: found nothing"));
    assert!(refused(json!({ "links": [{ "peer": 1, "loss": 3 }] })).starts_with("loss:"));
    let cut = refused(json!({ "links": [{ "peer": 1, "cut": 1 }] }));
    assert_eq!(cut, "cut: found 1, expected true or false");
    assert!(refused(json!({ "links": [{ "peer": 1, "lossPercent": 101 }] })).starts_with("loss"));
    assert!(refused(json!({ "links": [{ "peer": 1, "delayMs": 60_001 }] })).starts_with("delayMs"));
    assert!(refused(json!({ "links": [], "link": 1 })).starts_with("link:"));
    let many: Vec<Value> = (0..1000).map(|peer| json!({ "peer": peer })).collect();
    assert!(refused(json!({ "links": many })).contains("1000 links"));
}

#[test]
fn a_clock_goes_wrong_either_way_within_bounds() {
    assert_eq!(offset(json!({ "offsetMs": -700 })), Ok(-700));
    assert_eq!(offset(json!({ "offsetMs": 700 })), Ok(700));
    for wrong in [json!({}), json!({ "offsetMs": "1" }), json!({ "offsetMs": 86_400_001 })] {
        assert!(offset(wrong.clone()).unwrap_err().starts_with("offsetMs:"), "{wrong}");
    }
}
