use serde_json::json;

use super::*;

fn read<R: Request>(params: Value) -> Result<R, String> {
    let params = Params::new(Some(params)).unwrap();
    R::from_params(params).map_err(|error| error.to_string())
}

#[test]
fn a_market_goes_by_number_or_name() {
    let check = |market: Value, expected: MarketName| {
        let request = GetOrderBook { market: expected, depth: 5 };
        let params = json!({ "market": market, "depth": 5 });
        assert_eq!(read::<GetOrderBook>(params.clone()), Ok(request.clone()));
        assert_eq!(serde_json::to_value(&request).unwrap(), params);
    };
    check(json!(1), MarketName::Number(1));
    check(json!("ETH-PERP"), MarketName::Name("ETH-PERP".to_owned()));

    let refused = |market: Value| read::<GetOrderBook>(json!({ "market": market })).unwrap_err();
    assert!(refused(json!(65_536)).contains("found 65536, expected a market's number"));
    assert!(refused(json!(-1)).contains("found -1"));
    assert!(refused(json!("a name longer than any")).contains("a name longer"));
    assert!(refused(json!([])).contains("an array of 0"));
    assert!(read::<GetOrderBook>(json!({})).unwrap_err().contains("found nothing"));
}

#[test]
fn an_account_goes_by_number_or_owner_and_not_by_both() {
    let address = hex::encode([7; 32]).parse::<Address>().unwrap();
    let hex = hex::encode([7; 32]);
    let check = |params: Value, expected| {
        assert_eq!(read::<GetMarginAccount>(params), Ok(GetMarginAccount(expected)));
    };
    check(json!({ "account": 3 }), AccountName::Number { account: 3 });
    check(json!({ "address": hex }), AccountName::Owner { address, sub: 0 });
    check(json!({ "address": hex, "sub": 2 }), AccountName::Owner { address, sub: 2 });

    let refused = |params| read::<GetMarginAccount>(params).unwrap_err();
    assert!(refused(json!({})).contains("found neither"));
    assert!(refused(json!({ "account": 3, "address": hex })).contains("account and address"));
    assert!(refused(json!({ "account": 3, "sub": 0 })).contains("account and sub"));
    assert!(refused(json!({ "account": 3, "owner": 0 })).contains("an unknown parameter"));
    assert!(refused(json!({ "address": hex, "sub": 256 })).contains("0 to 255"));
}

#[test]
fn open_orders_are_asked_for_as_they_are_read() {
    let request = GetOpenOrders {
        account: AccountName::Number { account: 3 },
        market: Some(MarketName::Number(0)),
    };
    let params = serde_json::to_value(&request).unwrap();
    assert_eq!(params, json!({ "account": 3, "market": 0 }));
    assert_eq!(read::<GetOpenOrders>(params), Ok(request));
}

#[test]
fn a_history_has_a_limit() {
    let read = |limit: Value| read::<GetTrades>(json!({ "market": 0, "limit": limit }));
    assert_eq!(read(Value::Null).unwrap().limit, limits::HISTORY_ITEMS_DEFAULT);
    assert_eq!(read(json!(1)).unwrap().limit, 1);
    assert!(read(json!(0)).unwrap_err().contains("1 to 1000"));
    assert!(read(json!(1001)).unwrap_err().contains("1000"));
}
