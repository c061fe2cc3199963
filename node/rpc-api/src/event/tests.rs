use std::collections::BTreeMap;

use heddle_types::EventData;
use heddle_types::Height;
use heddle_types::ProgramId;
use heddle_types::TxIndex;
use serde_json::Value;
use serde_json::json;

use super::BlockEvents;
use super::EventFilter;
use super::EventText;
use super::GetBlockEvents;
use super::SubscribeEvents;
use crate::limits;
use crate::params::ParamError;
use crate::params::Params;
use crate::request::Request;

fn event(program: u32, kind: u16, data: &[u8]) -> heddle_types::Event {
    heddle_types::Event { program: ProgramId(program), kind, data: EventData::new(data) }
}

/// Two of transactions, three of phases.
fn all() -> Vec<(Option<TxIndex>, heddle_types::Event)> {
    let of = |n: u32| Some(TxIndex::new(n));
    vec![
        (of(0), event(1, 1, &[1])),
        (of(3), event(4, 1, &[1, 7])),
        (None, event(4, 1, &[1, 8])),
        (None, event(4, 2, &[1, 9])),
        (None, event(4, 1, &[2])),
    ]
}

fn page(params: Value) -> BlockEvents {
    let request = GetBlockEvents::from_params(Params::new(Some(params)).unwrap()).unwrap();
    let words = |event: &heddle_types::Event| {
        let fields = BTreeMap::from([("kind".to_owned(), event.kind.to_string())]);
        (event.program == ProgramId(4)).then(|| EventText { name: "Traded".to_owned(), fields })
    };
    let all = all();
    let listed = all.iter().map(|(transaction, event)| (*transaction, event));
    BlockEvents::page(&request, listed, words, 0)
}

fn indices(page: &BlockEvents) -> Vec<u64> {
    page.events.iter().map(|event| event.index).collect()
}

fn check(params: Value, expected: &[u64]) {
    let page = page(params);
    assert_eq!((indices(&page).as_slice(), page.next), (expected, None));
}

#[test]
fn a_filter_lets_through_what_meets_all_of_it() {
    check(json!({"height": 7}), &[0, 1, 2, 3, 4]);
    check(json!({"height": 7, "program": 4}), &[1, 2, 3, 4]);
    check(json!({"height": 7, "program": "exchange", "kind": 1}), &[1, 2, 4]);
    check(json!({"height": 7, "program": 4, "kind": 1, "prefix": "01"}), &[1, 2]);
    check(json!({"height": 7, "prefix": "0x01"}), &[0, 1, 2, 3]);
    check(json!({"height": 7, "prefix": "0107"}), &[1]);
    check(json!({"height": 7, "prefix": "010700"}), &[]);
    check(json!({"height": 7, "kind": 9}), &[]);
}

#[test]
fn pages_go_on_where_the_one_before_ended() {
    let first = page(json!({"height": 7, "program": 4, "limit": 2}));
    assert_eq!((indices(&first), first.next), (vec![1, 2], Some(3)));
    let second = page(json!({"height": 7, "program": 4, "limit": 2, "from": first.next}));
    assert_eq!((indices(&second), second.next), (vec![3, 4], None));
}

#[test]
fn a_page_is_bounded_by_bytes_but_never_empty() {
    let large = event(4, 1, &[7; 1024]);
    let count = 2 * limits::EVENT_DATA_BYTES_MAX / 1024;
    let all: Vec<_> = (0..count).map(|_| (None, &large)).collect();
    let request = GetBlockEvents::all(Height::new(1), EventFilter::default());
    let first = BlockEvents::page(&request, all.iter().copied(), |_| None, 5);
    let fit = limits::EVENT_DATA_BYTES_MAX / 1024;
    assert_eq!((first.events.len(), first.next, first.left_out), (fit, Some(fit as u64), 5));
}

#[test]
fn an_event_is_written_with_its_words_and_its_place() {
    let page = page(json!({"height": 7, "from": 1, "limit": 2}));
    let written = serde_json::to_value(&page).unwrap();
    let expected = json!({
        "height": 7,
        "events": [
            {"index": 1, "transaction": 3, "program": 4, "kind": 1, "data": "0107",
             "name": "Traded", "fields": {"kind": "1"}},
            {"index": 2, "transaction": null, "program": 4, "kind": 1, "data": "0108",
             "name": "Traded", "fields": {"kind": "1"}},
        ],
        "next": 3,
        "leftOut": 0,
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<BlockEvents>(written).unwrap(), page);
}

#[test]
fn what_a_client_sends_is_what_the_server_reads() {
    let filter = EventFilter {
        program: Some(ProgramId::EXCHANGE),
        kind: Some(3),
        prefix: Some(vec![1, 2].into()),
    };
    let read = |request: &GetBlockEvents| {
        let params = serde_json::to_value(request).unwrap();
        GetBlockEvents::from_params(Params::new(Some(params)).unwrap())
    };
    for filter in [filter.clone(), EventFilter::default()] {
        let request = GetBlockEvents { from: 5, ..GetBlockEvents::all(Height::new(9), filter) };
        assert_eq!(read(&request), Ok(request));
    }
    let request = SubscribeEvents { filter, from_seq: Some(8) };
    let params = serde_json::to_value(&request).unwrap();
    assert_eq!(SubscribeEvents::from_params(Params::new(Some(params)).unwrap()), Ok(request));
}

#[test]
fn wrong_parameters_are_named() {
    let refused = |params: Value| -> ParamError {
        GetBlockEvents::from_params(Params::new(Some(params)).unwrap()).unwrap_err()
    };
    assert_eq!(refused(json!({})).field, "height");
    assert_eq!(refused(json!({"height": 1, "limit": 0})).field, "limit");
    assert_eq!(refused(json!({"height": 1, "limit": 10_001})).field, "limit");
    assert_eq!(refused(json!({"height": 1, "kind": 65_536})).field, "kind");
    assert_eq!(refused(json!({"height": 1, "prefix": "0"})).field, "prefix");
    assert_eq!(refused(json!({"height": 1, "program": "nobody"})).field, "program");
    assert_eq!(refused(json!({"height": 1, "market": 1})).field, "market");
}
